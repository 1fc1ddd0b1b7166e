// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// @file
/// Every number that is a default, with its unit and where it comes from.

namespace peer::defaults {

using namespace std::chrono_literals;

/// How long `start` waits for the peer's boot (OTP: WAIT_BOOT_TIMEOUT).
inline constexpr std::chrono::milliseconds wait_boot = 15s;

/// The time limit of a boot without a waiting caller: `wait_boot` is a receiver or none (OTP: 60 s for the connection
/// over TCP, no limit otherwise).
inline constexpr std::chrono::milliseconds boot_limit = 60s;

/// How long a call waits for its answer (OTP: peer:call/4).
inline constexpr std::chrono::milliseconds call_timeout = 5s;

/// `shutdown = halt`: how long the peer may take to end after its connection was closed (OTP: 5 s for the distribution
/// connection to vanish). Then SIGTERM.
inline constexpr std::chrono::milliseconds halt_timeout = 5s;

/// `shutdown` of programs other than `erl`: how long a peer that was asked to stop may take. The last part of it is for
/// SIGTERM. And how long a node that stops waits for its functions: `peer.stop-timeout`.
inline constexpr std::chrono::milliseconds stop_timeout = 5s;

/// The least time that `shutdown` may name (OTP: MIN_SHUTDOWN_TIMEOUT) and the greatest (OTP: a timer's limit, 2^32 - 1
/// ms).
inline constexpr std::chrono::milliseconds min_shutdown = 1s;
inline constexpr std::chrono::milliseconds max_shutdown = 4294967295ms;

/// How long a peer may take to follow SIGTERM before SIGKILL.
inline constexpr std::chrono::milliseconds term_timeout = 1s;

/// After the connection has ended: how long the process may take to end by itself, so that its exit status is its own.
/// `erl` halts within 3 ms (measured). Then SIGKILL: without a connection the process can no longer be reached.
inline constexpr std::chrono::milliseconds exit_grace = 500ms;

/// After SIGKILL: how long the kernel may take to end a process. Only one that is stuck in a driver takes longer; it is
/// given up and reported.
inline constexpr std::chrono::milliseconds kill_timeout = 2s;

/// After a peer that hangs was sent SIGABRT: how long it may take to write its core. Then SIGKILL.
inline constexpr std::chrono::milliseconds core_time = 1s;

/// After the end of a process: how long descendants that have left its process group may take to end before they are
/// reported. Most end with their stdin.
inline constexpr std::chrono::milliseconds survivor_grace = 100ms;

/// The most descendants of a process that are reported or killed: each takes one of the origin's descriptors as long as
/// the process lives. `max_visited` bounds the processes examined to find them.
inline constexpr std::size_t max_descendants = 256;
inline constexpr std::size_t max_visited = 4096;

/// Bytes of the command line of a descendant that reports carry.
inline constexpr std::size_t command_bytes = 256;

/// How long the event loop polls before it sleeps. See docs/design.md for the measurement.
inline constexpr std::chrono::microseconds spin = 50us;

/// How long a function of a node holds up other calls before another thread goes on with them. See docs/design.md for
/// the measurement.
inline constexpr std::chrono::microseconds takeover = 100us;

/// How many functions of a node may run at the same time; later calls wait until one has returned.
inline constexpr std::size_t max_workers = 512;

/// How long a node that ends may take to flush its output and messages. Bounds the wait for an origin that does not
/// read.
inline constexpr std::chrono::milliseconds flush_timeout = 1s;

/// How long a node tries to connect to each address of its origin (OTP: CONNECT_TIMEOUT).
inline constexpr std::chrono::milliseconds connect_timeout = 10s;

/// How long a node's channel actor and `peer_supervision` wait for each other (OTP: PEER_SUP_CHANNEL_CONNECT_TIMEOUT).
inline constexpr std::chrono::milliseconds supervision_connect_timeout = 30s;

/// Bytes of a node's console output that may wait for the origin before printing blocks.
inline constexpr std::size_t console_window = std::size_t{256} << 10;

/// Lines of stderr that a `failure` carries, and the bytes that they may take together.
inline constexpr std::size_t stderr_lines = 20;
inline constexpr std::size_t stderr_bytes = 8192;

/// Bytes of messages that may wait for a peer that does not read.
inline constexpr std::size_t queue_limit = std::size_t{64} << 20;

/// Bytes of memory that a process keeps from large messages for the next ones, all peers together.
inline constexpr std::size_t kept_memory = std::size_t{32} << 20;

/// Bytes of casts and messages that threads may give to a handle before one of them waits until the control actor has
/// taken them.
inline constexpr std::size_t cast_window = std::size_t{1} << 20;

/// Calls into one peer that may wait for their answers.
inline constexpr std::size_t max_calls = std::size_t{1} << 18;

/// Calls and casts that may wait in a node, or in the actor of a `functions`, until a thread is free to run them.
inline constexpr std::size_t max_waiting_jobs = std::size_t{1} << 18;

/// I/O requests of a peer that may wait for their answers; more are a violation of the protocol. Every process of a
/// peer that prints or reads has one.
inline constexpr std::size_t max_io_requests = std::size_t{1} << 18;

/// Bytes of these requests, in the external term format. While more wait, other requests of the peer are answered
/// `{error, overload}`. A single request may be as large as a frame.
inline constexpr std::size_t max_io_bytes = std::size_t{64} << 20;

/// What is counted, besides its bytes, for each text that waits for a sink.
inline constexpr std::size_t output_overhead = 128;

/// How many restarts a supervisor makes within a period before it gives up, and that period (OTP: supervisor,
/// sup_flags()).
inline constexpr std::uint32_t restart_intensity = 1;
inline constexpr std::chrono::seconds restart_period = 5s;

/// How long a worker that is an actor may take to stop before it is killed (OTP: supervisor, child_spec()).
inline constexpr std::chrono::milliseconds child_shutdown = 5s;

/// The times of `restart_backoff`.
inline constexpr std::chrono::milliseconds backoff_initial = 100ms;
inline constexpr std::chrono::milliseconds backoff_maximum = 30s;
inline constexpr std::chrono::milliseconds backoff_reset = 60s;

/// How long a child that has started may take to become ready, and how often it is asked.
inline constexpr std::chrono::milliseconds ready_timeout = 15s;
inline constexpr std::chrono::milliseconds probe_interval = 100ms;

/// Calls that may wait for one child that is down.
inline constexpr std::size_t max_waiting_calls = 1000;

/// How long the result of a function waits for what it printed to be accepted by standard output.
inline constexpr std::chrono::milliseconds print_patience = 100ms;

/// Bytes of output that may wait for a slow sink, per peer, before reading from the peer's pipes pauses.
inline constexpr std::size_t output_high_water = std::size_t{1} << 20;

/// Bytes of output that may wait for a slow sink, per peer, before more is dropped. Only output that comes in the
/// connection itself gets here, since reading that cannot pause without delaying calls.
inline constexpr std::size_t output_limit = std::size_t{16} << 20;

} // namespace peer::defaults
