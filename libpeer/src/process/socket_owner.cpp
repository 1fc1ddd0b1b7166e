// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/socket_owner.hpp"

#include "process/descriptor.hpp"
#include "process/proc_stat.hpp"
#include "process/socket_inode.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace peer::internal::process {

namespace {

bool has_any(const std::vector<bool>& flags) {
  return std::find(flags.begin(), flags.end(), true) != flags.end();
}

// -- processes --------------------------------------------------------------------------------------------------------

using process_table = std::map<pid_t, process_facts>;

/// The descendants of `ancestor`; `nullopt` if descriptors or memory are short.
std::optional<std::vector<pid_t>> find_descendants(pid_t ancestor) {
  auto all = process_table{};
  auto complete = for_each_number("/proc", [&all](pid_t id) {
    auto facts = facts_of(id);
    if (facts)
      all.emplace(id, std::move(*facts));
    return facts || !is_shortage(errno);
  });
  if (!complete)
    return std::nullopt;
  auto belongs = [&all, ancestor](pid_t id) {
    // A number may have been reused while /proc was read: the chain of parents could be a cycle.
    for (auto steps = std::size_t{0}; steps <= all.size(); ++steps) {
      auto found = all.find(id);
      if (id == ancestor || (found != all.end() && found->second.session == ancestor))
        return true;
      if (found == all.end())
        return false;
      id = found->second.parent;
    }
    return false;
  };
  auto result = std::vector<pid_t>{};
  for (auto& [id, facts] : all)
    if (id != ancestor && belongs(id))
      result.push_back(id);
  return result;
}

/// Adds the sockets among a process's descriptors. Returns false if descriptors or memory are short.
bool find_sockets(pid_t process, std::set<socket_inode>& result) {
  constexpr auto prefix = std::string_view{"socket:["};
  auto directory = "/proc/" + std::to_string(process) + "/fd";
  return for_each_number(directory, [&](int number) {
    auto failed = std::error_code{};
    auto target = std::filesystem::read_symlink(directory + "/" + std::to_string(number), failed).string();
    if (target.starts_with(prefix))
      result.insert(std::strtoull(target.c_str() + prefix.size(), nullptr, 10));
    return true;
  });
}

/// Returns for each of these sockets whether `process` holds it or, if it holds none, one of its descendants does;
/// `nullopt` if descriptors or memory are short.
std::optional<std::vector<bool>> find_held(pid_t process, const std::vector<socket_inode>& sockets) {
  auto result = std::vector<bool>(sockets.size(), false);
  auto held = std::set<socket_inode>{};
  auto find = [&] {
    std::transform(sockets.begin(), sockets.end(), result.begin(),
                   [&held](socket_inode x) { return x != 0 && held.contains(x); });
    return has_any(result);
  };
  if (!find_sockets(process, held))
    return std::nullopt;
  if (find())
    return result;
  auto descendants = find_descendants(process);
  if (!descendants)
    return std::nullopt;
  for (auto member : *descendants)
    if (!find_sockets(member, held))
      return std::nullopt;
  find();
  return result;
}

} // namespace

std::optional<std::vector<bool>> held_by(pid_t process, std::span<const int> sockets) {
  auto inodes = inodes_of_other_ends(sockets);
  if (!inodes)
    return std::nullopt;
  if (std::all_of(inodes->begin(), inodes->end(), [](socket_inode x) { return x == 0; }))
    return std::vector<bool>(sockets.size(), false);
  auto result = find_held(process, *inodes);
  if (result && !has_any(*result))
    result = find_held(process, *inodes); // a descriptor that was moved meanwhile is in its place now
  return result;
}

} // namespace peer::internal::process
