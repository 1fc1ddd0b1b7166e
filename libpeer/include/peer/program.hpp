// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

/// @file
/// For programs that exist for their peers, such as `peerctl`: what `main` calls first, before it makes a thread. A
/// program that has processes of its own, or signal handlers, decides about them itself.

namespace peer {

/// Gives signals their default action and unblocks all of them. A program inherits ignored and blocked signals from
/// the one that starts it: with SIGCHLD ignored the exit statuses of peers get lost. SIGHUP, SIGINT, SIGQUIT,
/// SIGTERM and the signals of job control stay ignored if they are: nohup(1) and shells do that on purpose.
void reset_signals();

/// Reaps processes that this program adopts: as process 1, or as a subreaper (PR_SET_CHILD_SUBREAPER, prctl(2)), it
/// becomes the parent of descendants whose own parent ends. No effect in other programs.
///
/// Blocks SIGCHLD in the calling thread and its future threads, and starts a thread. Every child that libpeer did not
/// start counts as adopted, so call it only in a program that starts no other processes.
void reap_orphans();

} // namespace peer
