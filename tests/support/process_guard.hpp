// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

namespace peer::test {

/// Proves that a test leaves nothing behind: no child, not even a zombie, no descriptor, and no descendant, whatever
/// session, group or parent it may have by now.
///
/// One process may stay: `epmd`, Erlang's port mapper, which named Erlang nodes start for their whole host.
///
/// Descendants are known by a variable in their environment, which is unique to the guard and which every process
/// started during its life inherits. One guard at a time.
class process_guard {
public:
  process_guard();

  process_guard(const process_guard&) = delete;
  process_guard& operator=(const process_guard&) = delete;

  ~process_guard();

  /// Descendants of this process that are alive.
  std::vector<pid_t> descendants() const;

  /// What was left behind, one sentence each. Descendants that have been told to go may take `patience` for it: those
  /// that are no children of ours (a shell's, a port program of `erl`'s) cannot be waited for otherwise. What is left
  /// after that is killed.
  std::vector<std::string> complaints(std::chrono::milliseconds patience = std::chrono::seconds{1}) const;

private:
  std::string marker_; ///< "NAME=value"
  std::map<int, std::string> descriptors_;
};

/// Waits until the process has ended, whether it is a child or not. Returns false if it has not within that time.
bool wait_for_end(pid_t process, std::chrono::milliseconds patience);

/// This process's children, zombies included, each with the state letter and the name that /proc tells.
std::map<pid_t, std::string> children();

/// The same of any process.
std::map<pid_t, std::string> children(pid_t whose);

/// Whether no process of that group lives. Zombies, which their parents have to reap, do not count.
bool group_is_gone(pid_t leader);

} // namespace peer::test
