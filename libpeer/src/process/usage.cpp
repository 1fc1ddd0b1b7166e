// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/process.hpp"
#include "process/proc_stat.hpp"

#include <chrono>
#include <sstream>
#include <string>

#include <time.h>
#include <unistd.h>

namespace peer {

namespace {

caf::timespan from_ticks(std::int64_t ticks) {
  static const auto per_second = sysconf(_SC_CLK_TCK);
  return std::chrono::seconds{ticks / per_second}
       + std::chrono::nanoseconds{std::nano::den / per_second} * (ticks % per_second);
}

/// Time since boot, by the clock that /proc uses.
caf::timespan uptime() {
  auto now = timespec{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

} // namespace

std::optional<process_usage> usage_of(std::int64_t process_id) {
  if (!internal::process::has_own_proc())
    return std::nullopt;
  constexpr auto more_than_it_has = 4096;
  auto line = internal::process::read_proc_file("/proc/" + std::to_string(process_id) + "/stat", more_than_it_has);
  auto name_end = line.rfind(')'); // the name may contain any characters
  if (name_end == std::string::npos)
    return std::nullopt;
  // state, parent, 9 fields, user time, system time, 6 fields, start, size, resident pages
  auto fields = std::istringstream{line.substr(name_end + 1)};
  auto parent = pid_t{0};
  auto user = std::int64_t{0};
  auto system = std::int64_t{0};
  auto start = std::int64_t{0};
  auto pages = std::int64_t{0};
  auto skipped = std::string{};
  auto skip = [&](int count) {
    while (count-- > 0)
      fields >> skipped;
  };
  skip(1);
  fields >> parent;
  skip(9);
  fields >> user >> system;
  skip(6);
  fields >> start;
  skip(1);
  fields >> pages;
  if (!fields || parent != getpid())
    return std::nullopt;
  return process_usage{from_ticks(user), from_ticks(system), pages * (sysconf(_SC_PAGESIZE) / 1024),
                       uptime() - from_ticks(start)};
}

} // namespace peer
