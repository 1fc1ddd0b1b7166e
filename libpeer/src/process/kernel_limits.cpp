// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/kernel_limits.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>

#include <sys/syscall.h>
#include <unistd.h>

namespace peer::internal::process {

namespace {

constexpr auto bits_per_word = sizeof(unsigned long) * CHAR_BIT;

} // namespace

std::vector<kernel_limit> kernel_limits(const resource_limits& limits) {
  auto result = std::vector<kernel_limit>{};
  if (auto& bytes = limits.address_space)
    result.push_back({"address_space", RLIMIT_AS, {*bytes, *bytes}});
  if (limits.cpu_time) {
    auto seconds = static_cast<rlim64_t>(limits.cpu_time->count());
    result.push_back({"cpu_time", RLIMIT_CPU, {seconds, seconds + 1}}); // first SIGXCPU, then SIGKILL
  }
  if (auto& count = limits.open_files)
    result.push_back({"open_files", RLIMIT_NOFILE, {*count, *count}});
  return result;
}

cpu_mask to_cpu_mask(const std::vector<int>& cpus) {
  auto result = cpu_mask{};
  for (auto each : cpus) {
    auto cpu = static_cast<std::size_t>(each);
    result.resize(std::max(result.size(), cpu / bits_per_word + 1));
    result[cpu / bits_per_word] |= 1UL << (cpu % bits_per_word);
  }
  return result;
}

std::vector<int> usable_cpus() {
  auto mask = cpu_mask(16);
  auto get = [&] { return syscall(SYS_sched_getaffinity, getpid(), mask.size() * sizeof(mask[0]), mask.data()); };
  while (get() < 0 && errno == EINVAL) // the kernel has more CPUs
    mask.resize(2 * mask.size());
  auto result = std::vector<int>{};
  for (auto cpu = std::size_t{0}; cpu < mask.size() * bits_per_word; ++cpu)
    if ((mask[cpu / bits_per_word] >> (cpu % bits_per_word) & 1) != 0)
      result.push_back(static_cast<int>(cpu));
  return result;
}

} // namespace peer::internal::process
