// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/timespan.hpp"

#include <cstdint>
#include <string>

namespace peer {

/// How a process ended and what it used, as `waitid` told (POSIX, "waitid"; Linux gives the usage).
struct exit_status {
  enum class kind : std::uint8_t {
    /// Somebody else reaped the process (a host that ignores SIGCHLD, or waits for any child): nothing can be told.
    unknown,
    exited,   ///< `value` is the exit code.
    signaled, ///< `value` is the signal's number.
  };

  kind how = kind::unknown;
  int value = 0;
  bool core_dumped = false;
  caf::timespan user_time{0};
  caf::timespan system_time{0};
  std::int64_t max_rss = 0; ///< KiB

  friend bool operator==(const exit_status&, const exit_status&) = default;
};

/// The number that a shell and OTP give it: the exit code, or 128 + signal; -1 if it is unknown.
int shell_status(const exit_status& status) noexcept;

/// "exited with status 1", "killed by signal 9 (SIGKILL)", "killed by signal 6 (SIGABRT), core dumped".
std::string to_string(const exit_status& status);

template <class Inspector>
bool inspect(Inspector& f, exit_status& x) {
  auto get_how = [&x] { return static_cast<std::uint8_t>(x.how); };
  auto set_how = [&x](std::uint8_t value) {
    x.how = static_cast<exit_status::kind>(value);
    return value <= static_cast<std::uint8_t>(exit_status::kind::signaled);
  };
  return f.object(x)
      .pretty_name("exit_status")
      .fields(f.field("how", get_how, set_how), f.field("value", x.value), f.field("core_dumped", x.core_dumped),
              f.field("user_time", x.user_time), f.field("system_time", x.system_time), f.field("max_rss", x.max_rss));
}

} // namespace peer
