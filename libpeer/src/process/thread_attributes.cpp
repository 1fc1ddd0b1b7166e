// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/thread_attributes.hpp"

#include <array>
#include <cstdint>
#include <cstring>

#include <sys/syscall.h>
#include <unistd.h>

namespace peer::internal::process {

namespace {

/// 8,192 CPUs, the most that Linux can be built for.
using cpu_set = std::array<unsigned long, 8192 / 8 / sizeof(unsigned long)>;

bool get_cpus(pid_t thread, cpu_set& result) {
  result = {};
  return syscall(SYS_sched_getaffinity, thread, sizeof(result), result.data()) > 0;
}

void take_cpus() {
  cpu_set wanted, mine;
  if (!get_cpus(getpid(), wanted) || !get_cpus(0, mine) || wanted == mine)
    return;
  cpu_set all;
  all.fill(~0UL);
  syscall(SYS_sched_setaffinity, 0, sizeof(all), all.data()); // the cpuset limits it, now and later
  if (!get_cpus(0, mine) || wanted != mine)
    syscall(SYS_sched_setaffinity, 0, sizeof(wanted), wanted.data());
}

/// The first version of the kernel's `sched_attr`.
struct scheduling {
  std::uint32_t size;
  std::uint32_t policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime;
  std::uint64_t deadline;
  std::uint64_t period;
};

void take_scheduling() {
  auto wanted = scheduling{};
  auto mine = scheduling{};
  if (syscall(SYS_sched_getattr, getpid(), &wanted, sizeof(wanted), 0) == 0
      && syscall(SYS_sched_getattr, 0, &mine, sizeof(mine), 0) == 0 && std::memcmp(&wanted, &mine, sizeof(mine)) != 0)
    syscall(SYS_sched_setattr, 0, &wanted, 0);
}

void take_io_priority() {
  constexpr auto process = 1; // IOPRIO_WHO_PROCESS
  auto wanted = syscall(SYS_ioprio_get, process, getpid());
  if (wanted >= 0 && wanted != syscall(SYS_ioprio_get, process, 0))
    syscall(SYS_ioprio_set, process, 0, wanted);
}

} // namespace

void take_program_attributes() {
  take_cpus();
  take_scheduling();
  take_io_priority();
}

} // namespace peer::internal::process
