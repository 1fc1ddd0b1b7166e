// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/cgroup_limits.hpp"

#include "peer/error.hpp"
#include "process/descriptor.hpp"
#include "process/proc_stat.hpp"

#include "caf/error.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <sstream>

#include <fcntl.h>
#include <unistd.h>

namespace peer::internal::process {

namespace {

constexpr auto enough_for_all_controllers = std::size_t{4} << 10;

/// Whether the file of a cgroup lists the controller.
bool lists(const std::string& file, const std::string& controller) {
  auto in = std::istringstream{read_proc_file(file, enough_for_all_controllers)};
  for (std::string word; in >> word;)
    if (word == controller)
      return true;
  return false;
}

/// Writes to a file of a cgroup. Returns the error as a text; empty on success.
std::string put(const std::string& file, const std::string& text) {
  auto target = descriptor{open(file.c_str(), O_WRONLY | O_CLOEXEC)};
  if (target && write(target.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()))
    return {};
  return text_of(system_failure("cannot write '" + text + "' to '" + file + "'", errno));
}

/// Enables the controller for cgroups in that directory. Returns why it cannot be; empty on success.
std::string enable(const std::string& directory, const std::string& controller) {
  auto enabled = directory + "/cgroup.subtree_control";
  if (lists(enabled, controller))
    return {};
  auto what = "the controller '" + controller + "' is not enabled in '" + directory + "'";
  if (!lists(directory + "/cgroup.controllers", controller))
    return what + " and not available there";
  if (!read_proc_file(directory + "/cgroup.procs", 1).empty())
    return what + ", which has processes of its own";
  auto failed = put(enabled, "+" + controller);
  return failed.empty() ? failed : what + ": " + failed;
}

/// Sets a limit. Returns why it is off; empty on success.
std::string limit_one(const std::string& path, const std::string& controller, std::uint64_t most) {
  if (path.empty())
    return "there is no cgroup (option 'cgroup')";
  auto why = enable(std::filesystem::path{path}.parent_path(), controller);
  return why.empty() ? put(path + "/" + controller + ".max", std::to_string(most)) : why;
}

} // namespace

std::vector<std::string> limit_cgroup(const std::string& path, const resource_limits& limits) {
  auto result = std::vector<std::string>{};
  auto limit = [&](const std::string& name, const std::string& controller, const std::optional<std::uint64_t>& most) {
    if (auto why = most ? limit_one(path, controller, *most) : ""; !why.empty())
      result.push_back(name + ": " + why);
  };
  limit("memory", "memory", limits.memory);
  limit("processes", "pids", limits.processes);
  return result;
}

} // namespace peer::internal::process
