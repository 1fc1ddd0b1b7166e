// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/socket_inode.hpp"

#include "process/descriptor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace peer::internal::process {

namespace {

// -- connections ------------------------------------------------------------------------------------------------------

/// An IPv6 address, or an IPv4 address mapped to one, and a port.
struct endpoint {
  std::array<std::uint8_t, 16> address{};
  std::uint16_t port = 0;

  friend auto operator<=>(const endpoint&, const endpoint&) = default;
};

/// A connection from one side's view: the local and the remote end.
using connection = std::pair<endpoint, endpoint>;

constexpr auto mapped_prefix = std::array<std::uint8_t, 12>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool is_mapped(const endpoint& x) {
  return std::equal(mapped_prefix.begin(), mapped_prefix.end(), x.address.begin());
}

/// @param address an `in_addr` or an `in6_addr`.
template <class Address>
endpoint make_endpoint(const Address& address, std::uint16_t port) {
  auto result = endpoint{};
  result.port = port;
  if (sizeof(address) != result.address.size())
    std::copy(mapped_prefix.begin(), mapped_prefix.end(), result.address.begin());
  std::memcpy(result.address.data() + result.address.size() - sizeof(address), &address, sizeof(address));
  return result;
}

/// One end of the connection of `socket`. @param ask `getsockname` or `getpeername`.
template <class Ask>
std::optional<endpoint> end_of(int socket, Ask ask) {
  auto storage = sockaddr_storage{};
  auto size = static_cast<socklen_t>(sizeof(storage));
  if (ask(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0)
    return std::nullopt;
  if (storage.ss_family == AF_INET) {
    auto& in = reinterpret_cast<const sockaddr_in&>(storage);
    return make_endpoint(in.sin_addr, ntohs(in.sin_port));
  }
  if (storage.ss_family == AF_INET6) {
    auto& in = reinterpret_cast<const sockaddr_in6&>(storage);
    return make_endpoint(in.sin6_addr, ntohs(in.sin6_port));
  }
  return std::nullopt;
}

/// The connection of `socket` from the other end's view.
std::optional<connection> other_side_of(int socket) {
  auto ours = end_of(socket, getsockname);
  auto theirs = end_of(socket, getpeername);
  if (!ours || !theirs)
    return std::nullopt;
  return connection{*theirs, *ours};
}

// -- single sockets ---------------------------------------------------------------------------------------------------

/// Queries the kernel's table of sockets (sock_diag(7)).
class socket_query {
public:
  socket_query() : netlink_(socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)) {}

  bool is_open() const noexcept { return static_cast<bool>(netlink_); }

  /// The socket at the first end of that connection; 0 if there is none.
  socket_inode find(const connection& x) {
    auto request = make_request(x);
    if (send(netlink_.get(), &request, sizeof(request), 0) != sizeof(request))
      return 0;
    // The answer is available when `send` returns.
    alignas(nlmsghdr) std::array<std::byte, 4096> buffer;
    auto got = recv(netlink_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    auto header = nlmsghdr{};
    auto answer = inet_diag_msg{};
    if (got < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(answer))))
      return 0;
    std::memcpy(&header, buffer.data(), sizeof(header));
    std::memcpy(&answer, buffer.data() + NLMSG_HDRLEN, sizeof(answer));
    if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY)
      return 0;
    // Without such a connection the kernel returns a socket that listens at that port.
    return answer.id.idiag_dport == htons(x.second.port) ? answer.idiag_inode : 0;
  }

private:
  struct request_message {
    nlmsghdr header;
    inet_diag_req_v2 body;
  };

  static request_message make_request(const connection& x) {
    auto result = request_message{};
    result.header.nlmsg_len = sizeof(result);
    result.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    result.header.nlmsg_flags = NLM_F_REQUEST;
    result.body.sdiag_family = is_mapped(x.first) ? AF_INET : AF_INET6;
    result.body.sdiag_protocol = IPPROTO_TCP;
    result.body.idiag_states = ~0u;
    auto& id = result.body.id;
    fill(x.first, id.idiag_src, id.idiag_sport);
    fill(x.second, id.idiag_dst, id.idiag_dport);
    id.idiag_cookie[0] = id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    return result;
  }

  static void fill(const endpoint& from, __be32 (&address)[4], __be16& port) {
    auto skipped = is_mapped(from) ? mapped_prefix.size() : 0;
    std::memcpy(address, from.address.data() + skipped, from.address.size() - skipped);
    port = htons(from.port);
  }

  descriptor netlink_;
};

// -- tables -----------------------------------------------------------------------------------------------------------

/// Reads "0100007F:1F90" or its IPv6 form: words of 32 bits in the host's byte order, then the port.
std::optional<endpoint> parse_endpoint(std::string_view text) {
  constexpr auto word_digits = std::size_t{8};
  auto number = [](std::string_view digits, auto& value) {
    auto end = digits.data() + digits.size();
    return std::from_chars(digits.data(), end, value, 16).ptr == end;
  };
  auto colon = text.find(':');
  auto words = std::array<std::uint32_t, 4>{};
  auto count = colon / word_digits;
  auto port = std::uint16_t{0};
  if (colon == std::string_view::npos || (count != 1 && count != 4) || !number(text.substr(colon + 1), port))
    return std::nullopt;
  for (auto i = std::size_t{0}; i < count; ++i)
    if (!number(text.substr(i * word_digits, word_digits), words[i]))
      return std::nullopt;
  return count == 1 ? make_endpoint(words[0], port) : make_endpoint(words, port);
}

/// Removes the next word from `line` and returns it.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  auto result = line.substr(0, line.find(' '));
  line.remove_prefix(result.size());
  return result;
}

using socket_table = std::map<connection, socket_inode>;

/// Searches one of the system's tables of TCP sockets for the keys of `wanted`:
///
///     sl  local_address rem_address   st tx_queue:rx_queue tr:tm->when retrnsmt   uid  timeout inode …
///
/// Returns false if descriptors or memory are short. A missing table counts as empty.
bool read_table(const char* path, socket_table& wanted) {
  auto in = std::ifstream{path};
  if (!in.is_open())
    return !is_shortage(errno);
  auto text = std::string{};
  std::getline(in, text); // the heading
  while (std::getline(in, text)) {
    auto line = std::string_view{text};
    take_word(line);
    auto local = parse_endpoint(take_word(line));
    auto remote = parse_endpoint(take_word(line));
    auto found = local && remote ? wanted.find({*local, *remote}) : wanted.end();
    if (found == wanted.end())
      continue;
    for (auto skipped = 0; skipped < 6; ++skipped)
      take_word(line);
    auto number = take_word(line);
    std::from_chars(number.data(), number.data() + number.size(), found->second);
  }
  return true;
}

} // namespace

std::optional<std::vector<socket_inode>> inodes_of_other_ends(std::span<const int> sockets, bool ask) {
  auto result = std::vector<socket_inode>(sockets.size(), 0);
  auto other_sides = std::vector<std::optional<connection>>{};
  for (auto socket : sockets)
    other_sides.push_back(other_side_of(socket));
  auto first = std::find_if(other_sides.begin(), other_sides.end(), [](auto& x) { return x.has_value(); });
  if (first == other_sides.end())
    return result;
  auto query = socket_query{};
  if (!query.is_open() && is_shortage(errno))
    return std::nullopt;
  // Our own end exists. If the kernel does not find it, it was built without sock_diag.
  auto answers = ask && query.find({(*first)->second, (*first)->first}) != 0;
  auto table = socket_table{};
  for (auto& x : other_sides)
    if (x)
      table.emplace(*x, answers ? query.find(*x) : 0);
  if (!answers && (!read_table("/proc/net/tcp", table) || !read_table("/proc/net/tcp6", table)))
    return std::nullopt;
  for (auto i = std::size_t{0}; i < sockets.size(); ++i)
    if (other_sides[i])
      result[i] = table[*other_sides[i]];
  return result;
}

} // namespace peer::internal::process
