// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/process.hpp"

#include <vector>

#include <sys/resource.h>

/// @file
/// Limits and CPUs of a process in the forms that the kernel takes.

namespace peer::internal::process {

/// A limit that a process sets for itself (setrlimit(2)).
struct kernel_limit {
  const char* name; ///< in `resource_limits`
  int resource;     ///< `RLIMIT_…`
  rlimit64 value;
};

/// Those of the limits that need no cgroup.
std::vector<kernel_limit> kernel_limits(const resource_limits& limits);

/// A set of CPUs, one bit for each.
using cpu_mask = std::vector<unsigned long>;

/// @param cpus numbers, none of them negative
cpu_mask to_cpu_mask(const std::vector<int>& cpus);

/// The numbers of the CPUs that this program's first thread may use (sched_setaffinity(2)), in their order.
std::vector<int> usable_cpus();

} // namespace peer::internal::process
