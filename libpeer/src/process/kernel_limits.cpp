// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/kernel_limits.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <utility>

#include <sys/syscall.h>
#include <unistd.h>

namespace peer::internal::process {

namespace {

constexpr auto bits_per_word = sizeof(unsigned long) * CHAR_BIT;

/// The soft limit of descriptors before `raise_descriptor_limit`; 0 if that was not called.
std::atomic<rlim64_t> soft_limit_before = 0;

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
  else if (auto before = soft_limit_before.load(); before != 0)
    if (auto now = rlimit64{}; getrlimit64(RLIMIT_NOFILE, &now) == 0)
      result.push_back({"open_files", RLIMIT_NOFILE, {std::min(before, now.rlim_max), now.rlim_max}});
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

namespace peer {

void raise_descriptor_limit() noexcept {
  auto limit = rlimit64{};
  if (getrlimit64(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max)
    return;
  auto before = std::exchange(limit.rlim_cur, limit.rlim_max);
  if (setrlimit64(RLIMIT_NOFILE, &limit) == 0)
    internal::process::soft_limit_before = before;
}

} // namespace peer
