// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/process/socket_owner.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace peer {

namespace {

// -- sockets ----------------------------------------------------------------------------------------------------------

/// An IPv6 address, or an IPv4 address mapped to one, and a port.
struct endpoint {
  std::array<std::uint8_t, 16> address{};
  std::uint16_t port = 0;

  friend auto operator<=>(const endpoint&, const endpoint&) = default;
};

/// A connection as one side sees it: its own end and the other one.
using connection = std::pair<endpoint, endpoint>;

using inode = std::uint64_t;

constexpr auto mapped_prefix = std::array<std::uint8_t, 12>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

std::optional<endpoint> to_endpoint(const sockaddr_storage& storage) {
  auto result = endpoint{};
  if (storage.ss_family == AF_INET) {
    auto& in = reinterpret_cast<const sockaddr_in&>(storage);
    std::copy(mapped_prefix.begin(), mapped_prefix.end(), result.address.begin());
    std::memcpy(result.address.data() + mapped_prefix.size(), &in.sin_addr, sizeof(in.sin_addr));
    result.port = ntohs(in.sin_port);
  } else if (storage.ss_family == AF_INET6) {
    auto& in = reinterpret_cast<const sockaddr_in6&>(storage);
    std::memcpy(result.address.data(), &in.sin6_addr, result.address.size());
    result.port = ntohs(in.sin6_port);
  } else {
    return std::nullopt;
  }
  return result;
}

/// How the process at the other end sees the connection of `socket`.
std::optional<connection> other_side_of(int socket) {
  auto ask = [socket](auto what) -> std::optional<endpoint> {
    auto storage = sockaddr_storage{};
    auto size = static_cast<socklen_t>(sizeof(storage));
    if (what(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0)
      return std::nullopt;
    return to_endpoint(storage);
  };
  auto ours = ask(getsockname);
  auto theirs = ask(getpeername);
  if (!ours || !theirs)
    return std::nullopt;
  return connection{*theirs, *ours};
}

/// Reads "0100007F:1F90" or its IPv6 form: words of 32 bits in the host's byte order, then the port.
std::optional<endpoint> parse_endpoint(std::string_view text) {
  constexpr auto word_digits = std::size_t{8};
  auto number = [](std::string_view digits, auto& value) {
    auto end = digits.data() + digits.size();
    return std::from_chars(digits.data(), end, value, 16).ptr == end;
  };
  auto result = endpoint{};
  auto colon = text.find(':');
  auto words = colon / word_digits;
  if (colon == std::string_view::npos || (words != 1 && words != 4) || !number(text.substr(colon + 1), result.port))
    return std::nullopt;
  auto offset = result.address.size() - words * sizeof(std::uint32_t);
  if (words == 1)
    std::copy(mapped_prefix.begin(), mapped_prefix.end(), result.address.begin());
  for (auto i = std::size_t{0}; i < words; ++i) {
    auto word = std::uint32_t{0};
    if (!number(text.substr(i * word_digits, word_digits), word))
      return std::nullopt;
    std::memcpy(result.address.data() + offset + i * sizeof(word), &word, sizeof(word));
  }
  return result;
}

/// Looks through one of the system's tables of TCP sockets:
///
///     sl  local_address rem_address   st tx_queue:rx_queue tr:tm->when retrnsmt   uid  timeout inode …
void find_inodes(const char* table, const std::set<connection>& wanted, std::map<connection, inode>& result) {
  auto in = std::ifstream{table};
  auto line = std::string{};
  std::getline(in, line); // the heading
  while (std::getline(in, line)) {
    auto fields = std::istringstream{line};
    std::string slot, local, remote, state, queues, timer, retransmits, user, timeout;
    auto number = inode{0};
    fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> number;
    auto from = parse_endpoint(local);
    auto to = parse_endpoint(remote);
    if (fields && from && to && number != 0) // 0: no process has it any more
      if (auto key = connection{*from, *to}; wanted.contains(key))
        result.emplace(key, number);
  }
}

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

/// Calls `f` for each entry of a directory; not at all if it cannot be read.
template <class F>
void for_each_entry(const std::filesystem::path& directory, F f) {
  auto failed = std::error_code{};
  auto i = std::filesystem::directory_iterator{directory, failed};
  for (; !failed && i != std::filesystem::directory_iterator{}; i.increment(failed))
    f(i->path());
}

/// Reads "PID (NAME) STATE PARENT GROUP SESSION …", where the name may have anything in it.
std::optional<process_facts> facts_of(const std::filesystem::path& directory) {
  auto in = std::ifstream{directory / "stat"};
  auto line = std::string{};
  std::getline(in, line);
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

/// `ancestor` and its descendants.
std::vector<pid_t> family_of(pid_t ancestor) {
  auto all = std::map<pid_t, process_facts>{};
  for_each_entry("/proc", [&all](const std::filesystem::path& entry) {
    if (auto id = to_number(entry.filename()))
      if (auto facts = facts_of(entry))
        all.emplace(*id, *facts);
  });
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
    if (belongs(id))
      result.push_back(id);
  return result;
}

/// Adds the sockets among a process's descriptors.
void find_sockets(pid_t process, std::set<inode>& result) {
  constexpr auto prefix = std::string_view{"socket:["};
  for_each_entry("/proc/" + std::to_string(process) + "/fd", [&](const std::filesystem::path& entry) {
    auto failed = std::error_code{};
    auto target = std::filesystem::read_symlink(entry, failed).string();
    if (target.starts_with(prefix))
      result.insert(std::strtoull(target.c_str() + prefix.size(), nullptr, 10));
  });
}

} // namespace

std::vector<bool> held_by(pid_t process, std::span<const int> sockets) {
  auto result = std::vector<bool>(sockets.size(), false);
  auto other_sides = std::vector<std::optional<connection>>{};
  auto wanted = std::set<connection>{};
  for (auto socket : sockets) {
    other_sides.push_back(other_side_of(socket));
    if (other_sides.back())
      wanted.insert(*other_sides.back());
  }
  auto inodes = std::map<connection, inode>{};
  find_inodes("/proc/net/tcp", wanted, inodes);
  find_inodes("/proc/net/tcp6", wanted, inodes);
  if (inodes.empty())
    return result;
  auto held = std::set<inode>{};
  for (auto member : family_of(process))
    find_sockets(member, held);
  for (auto i = std::size_t{0}; i < sockets.size(); ++i)
    if (other_sides[i])
      if (auto found = inodes.find(*other_sides[i]); found != inodes.end())
        result[i] = held.contains(found->second);
  return result;
}

} // namespace peer
