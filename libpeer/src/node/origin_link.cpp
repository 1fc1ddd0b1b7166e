// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "node/origin_link.hpp"

#include "connection/address.hpp"
#include "connection/handover.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace peer::internal::node {

namespace {

// -- descriptors ------------------------------------------------------------------------------------------------------

/// Duplicates one of the standard descriptors to an unused number.
caf::expected<process::descriptor> move_away(int fd, std::string_view what) {
  auto result = process::descriptor{fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)};
  if (!result)
    return process::system_failure("cannot take over " + std::string{what}, errno);
  return result;
}

/// Hides the connection from readers of standard input.
caf::error empty_stdin() {
  auto null = process::open_null();
  if (!null)
    return std::move(null.error());
  if (dup2(null->get(), STDIN_FILENO) < 0)
    return process::system_failure("cannot replace standard input", errno);
  return {};
}

/// Redirects standard output to a pipe and returns its other end.
caf::expected<process::descriptor> capture_stdout() {
  std::fflush(stdout);
  auto pipe = process::make_pipe("standard output");
  if (!pipe)
    return std::move(pipe.error());
  if (dup2(pipe->write.get(), STDOUT_FILENO) < 0)
    return process::system_failure("cannot replace standard output", errno);
  return std::move(pipe->read);
}

// -- inherited --------------------------------------------------------------------------------------------------------

/// Takes the descriptor from the environment variable, so that children of this process inherit neither.
caf::expected<process::descriptor> take_inherited(const std::string& value) {
  unsetenv(connection::handover::descriptor_variable);
  auto complaint = [&value](const std::string& why) {
    return fail(errc::invalid_option,
                std::string{connection::handover::descriptor_variable} + " is '" + value + "', which is not a " + why);
  };
  auto number = -1;
  auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (failed != std::errc{} || end != value.data() + value.size() || number <= STDERR_FILENO)
    return complaint("descriptor number above 2");
  auto type = 0;
  auto size = socklen_t{sizeof(type)};
  if (getsockopt(number, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM)
    return complaint("stream socket: " + std::generic_category().message(errno));
  fcntl(number, F_SETFD, FD_CLOEXEC);
  return process::descriptor{number};
}

// -- TCP --------------------------------------------------------------------------------------------------------------

/// Reads the secret's line from standard input, byte by byte, so that nothing that follows is lost.
caf::expected<connection::token_secret> read_token() {
  auto line = std::string{};
  for (auto c = char{0}; line.size() < 4 * connection::handover::token_size;) {
    auto count = read(STDIN_FILENO, &c, 1);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return process::system_failure("cannot read the origin's token from standard input", errno);
    if (count == 0 || c == '\n')
      break;
    line += c;
  }
  return connection::parse_token_line(line);
}

/// Tries the addresses in order. Returns the last error if all fail.
caf::expected<process::descriptor> connect_to_any(const node_options::address& origin) {
  auto result = caf::expected<process::descriptor>{caf::error{}};
  for (auto& host : origin.hosts) {
    result = connection::connect_to("the origin", host, origin.port, defaults::connect_timeout);
    if (result)
      break;
  }
  return result;
}

} // namespace

// -- handed_over ------------------------------------------------------------------------------------------------------

caf::expected<handed_over> handed_over::take(const node_options& options) {
  auto result = handed_over{};
  result.options_ = options;
  auto variable = std::getenv(connection::handover::descriptor_variable);
  if (variable != nullptr) {
    auto socket = take_inherited(variable);
    if (!socket)
      return std::move(socket.error());
    result.link_.input = std::move(*socket);
    result.link_.framing = wire::make_packet_framing();
    result.link_.libpeer = true;
    result.options_.tcp.reset();
    return result;
  }
  if (!options.peer)
    return fail(errc::invalid_option, "no origin has started this program: it has neither the argument '-user peer' "
                                      "nor a connection to inherit");
  if (options.detached)
    setsid(); // fails if it already leads a session
  if (options.tcp) {
    result.link_.framing = wire::make_packet_framing();
    if (options.token_on_stdin) {
      auto secret = read_token();
      if (!secret)
        return std::move(secret.error());
      result.link_.secret = *secret;
    }
  } else {
    auto input = move_away(STDIN_FILENO, "standard input");
    if (!input)
      return std::move(input.error());
    auto output = move_away(STDOUT_FILENO, "standard output");
    if (!output)
      return std::move(output.error());
    result.link_.input = std::move(*input);
    result.link_.output = std::move(*output);
    result.link_.framing = wire::make_stdio_framing(wire::damage::reject);
  }
  if (auto err = empty_stdin())
    return err;
  result.link_.libpeer = options.libpeer || result.link_.secret;
  if (result.link_.secret) // a libpeer origin, which reads standard output itself
    return result;
  auto printed = capture_stdout();
  if (!printed)
    return std::move(printed.error());
  result.link_.printed = std::move(*printed);
  return result;
}

caf::expected<origin_link> handed_over::connect() && {
  if (options_.tcp) {
    auto socket = connect_to_any(*options_.tcp);
    if (!socket)
      return std::move(socket.error());
    link_.input = std::move(*socket);
  }
  return std::move(link_);
}

void discard_stdout() {
  if (auto null = process::open_null())
    dup2(null->get(), STDOUT_FILENO);
}

} // namespace peer::internal::node
