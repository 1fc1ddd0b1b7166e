// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "support/delegated_cgroup.hpp"

#include "caf/all.hpp"
#include "caf/test/unit_test.hpp"

#include <fstream>
#include <iostream>
#include <sstream>

#include <sys/stat.h>
#include <unistd.h>

namespace peer::test {

delegated_cgroup::delegated_cgroup() {
  auto mounts = std::ifstream{"/proc/self/mounts"};
  auto line = std::string{};
  while (path_.empty() && std::getline(mounts, line)) {
    auto device = std::string{}, place = std::string{}, type = std::string{};
    std::istringstream{line} >> device >> place >> type;
    place += "/libpeer-test-" + std::to_string(getpid());
    if (type == "cgroup2" && mkdir(place.c_str(), 0755) == 0)
      path_ = place;
  }
  if (path_.empty())
    std::cout << "not run: there is no cgroup v2 directory that this program may write to\n";
}

delegated_cgroup::~delegated_cgroup() {
  if (!path_.empty())
    CAF_CHECK_EQUAL(rmdir(path_.c_str()), 0); // succeeds only if nothing was left in there
}

} // namespace peer::test
