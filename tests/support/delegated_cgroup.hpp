// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <string>

namespace peer::test {

/// A cgroup for a test in the first hierarchy of version 2 that can be written to, removed at the end of the scope,
/// which fails the test if something is left in it. Without such a hierarchy it says that the test was not run, and is
/// false.
class delegated_cgroup {
public:
  delegated_cgroup();

  delegated_cgroup(const delegated_cgroup&) = delete;
  delegated_cgroup& operator=(const delegated_cgroup&) = delete;

  ~delegated_cgroup();

  explicit operator bool() const noexcept { return !path_.empty(); }

  const std::string& path() const noexcept { return path_; }

private:
  std::string path_;
};

} // namespace peer::test
