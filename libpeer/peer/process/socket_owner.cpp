// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/process/socket_owner.hpp"

#include "peer/process/descriptor.hpp"
#include "peer/process/socket_inode.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

namespace peer {

namespace {

// -- processes --------------------------------------------------------------------------------------------------------

struct process_facts {
  pid_t parent = 0;
  pid_t session = 0;
};

/// The number that a file name is, if it is one.
std::optional<pid_t> to_number(const std::string& text) {
  auto result = pid_t{0};
  auto end = text.data() + text.size();
  if (auto [at, failed] = std::from_chars(text.data(), end, result); failed != std::errc{} || at != end)
    return std::nullopt;
  return result;
}

/// Calls `f` for each entry of a directory until it returns false; not at all if it cannot be read. Returns false if
/// `f` did, or if descriptors or memory are short.
template <class F>
bool for_each_entry(const std::filesystem::path& directory, F f) {
  auto failed = std::error_code{};
  auto i = std::filesystem::directory_iterator{directory, failed};
  for (; !failed && i != std::filesystem::directory_iterator{}; i.increment(failed))
    if (!f(i->path()))
      return false;
  return !is_shortage(failed.value());
}

/// Reads "PID (NAME) STATE PARENT GROUP SESSION …", where the name may have anything in it.
std::optional<process_facts> parse_facts(const std::string& line) {
  auto name_end = line.rfind(')');
  if (name_end == std::string::npos)
    return std::nullopt;
  auto fields = std::istringstream{line.substr(name_end + 1)};
  auto result = process_facts{};
  auto state = char{};
  auto group = pid_t{0};
  fields >> state >> result.parent >> group >> result.session;
  if (!fields)
    return std::nullopt;
  return result;
}

using process_table = std::map<pid_t, process_facts>;

/// Adds a process unless it has ended. Returns false if descriptors or memory are short.
bool add_process(pid_t id, const std::filesystem::path& directory, process_table& all) {
  auto in = std::ifstream{directory / "stat"};
  if (!in.is_open())
    return !is_shortage(errno);
  auto line = std::string{};
  std::getline(in, line);
  if (auto facts = parse_facts(line))
    all.emplace(id, *facts);
  return true;
}

/// The descendants of `ancestor`; nothing if descriptors or memory are short.
std::optional<std::vector<pid_t>> descendants_of(pid_t ancestor) {
  auto all = process_table{};
  auto complete = for_each_entry("/proc", [&all](const std::filesystem::path& entry) {
    auto id = to_number(entry.filename());
    return !id || add_process(*id, entry, all);
  });
  if (!complete)
    return std::nullopt;
  auto belongs = [&all, ancestor](pid_t id) {
    // While /proc was read a number may have got a new owner: the chain of parents could be a circle.
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
  return for_each_entry("/proc/" + std::to_string(process) + "/fd", [&](const std::filesystem::path& entry) {
    auto failed = std::error_code{};
    auto target = std::filesystem::read_symlink(entry, failed).string();
    if (target.starts_with(prefix))
      result.insert(std::strtoull(target.c_str() + prefix.size(), nullptr, 10));
    return true;
  });
}

} // namespace

std::optional<std::vector<bool>> held_by(pid_t process, std::span<const int> sockets) {
  auto inodes = inodes_of_other_ends(sockets);
  if (!inodes)
    return std::nullopt;
  auto result = std::vector<bool>(sockets.size(), false);
  if (std::all_of(inodes->begin(), inodes->end(), [](socket_inode x) { return x == 0; }))
    return result;
  auto held = std::set<socket_inode>{};
  auto find = [&] {
    std::transform(inodes->begin(), inodes->end(), result.begin(),
                   [&held](socket_inode x) { return x != 0 && held.contains(x); });
    return std::find(result.begin(), result.end(), true) != result.end();
  };
  if (!find_sockets(process, held))
    return std::nullopt;
  if (find())
    return result;
  auto descendants = descendants_of(process);
  if (!descendants)
    return std::nullopt;
  for (auto member : *descendants)
    if (!find_sockets(member, held))
      return std::nullopt;
  find();
  return result;
}

} // namespace peer
