// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "ask_socket.hpp"
#include "framed_term.hpp"
#include "peer/peer.hpp"
#include "socket_path.hpp"

#include "caf/all.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <fstream>
#include <limits>
#include <memory>
#include <optional>

#include <fcntl.h>
#include <sys/socket.h>

namespace peerctl {

namespace {

namespace asio = boost::asio;

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using protocol = asio::local::stream_protocol;

/// How long the tree may take for what it does at once.
constexpr auto answer_patience = 5s;

/// How often the state of the tree's process is looked at.
constexpr auto look_interval = 250ms;

/// Whether a process is stopped by a signal or a debugger (proc(5)).
bool is_stopped(pid_t process) {
  auto file = std::ifstream{"/proc/" + std::to_string(process) + "/stat"};
  auto text = std::string{};
  std::getline(file, text);
  auto state = text.rfind(") ");
  return state != std::string::npos && state + 2 < text.size() && (text[state + 2] == 'T' || text[state + 2] == 't');
}

/// When the answer must be there; nothing for requests that may take any time.
std::optional<clock::time_point> deadline_of(const control_request& what) {
  auto now = clock::now();
  if (what.command == "status")
    return now + answer_patience;
  if (what.command != "call" || what.timeout == caf::infinite || what.wait == caf::infinite)
    return std::nullopt;
  return now + what.timeout + what.wait + answer_patience;
}

/// A connection to the tree. Does not wait for one that accepts no more clients.
caf::expected<protocol::socket> connect(asio::io_context& io, const std::string& path) {
  auto where = endpoint_of(path);
  if (!where)
    return std::move(where.error());
  auto ec = boost::system::error_code{};
  auto result = protocol::socket{io};
  result.open(where->protocol(), ec);
  if (ec)
    return system_error(path, "cannot be reached", ec.value());
  auto fd = result.native_handle();
  fcntl(fd, F_SETFL, O_NONBLOCK);
  if (::connect(fd, where->data(), static_cast<socklen_t>(where->size())) != 0)
    return errno == EAGAIN ? socket_error(path, "has too many clients") : system_error(path, "cannot be reached");
  if (!is_own(fd))
    return socket_error(path, "belongs to another user");
  return result;
}

/// Runs `io` until it has nothing to do. Fails if the process at the other end is stopped, or the time is over.
caf::error run(asio::io_context& io, std::optional<clock::time_point> deadline, pid_t server) {
  auto looks = 0; // that found it stopped: one may be over soon, as under a debugger
  for (;;) {
    io.run_for(look_interval);
    if (io.stopped())
      return {};
    looks = server > 0 && is_stopped(server) ? looks + 1 : 0;
    if (looks > 2)
      return peer::fail(peer::errc::system_failure,
                        "peerctl, process " + std::to_string(server) + ", is stopped: SIGCONT lets it go on");
    if (deadline && clock::now() > *deadline)
      return peer::fail(peer::errc::timeout, "peerctl, process " + std::to_string(server) + ", did not answer in time");
  }
}

} // namespace

caf::expected<control_answer> ask_socket(const std::string& path, const control_request& what) {
  auto io = asio::io_context{};
  auto server = connect(io, path);
  if (!server)
    return std::move(server.error());
  auto other = other_process(server->native_handle());
  auto process = other ? other->pid : pid_t{0};
  auto deadline = deadline_of(what);
  auto connection = std::make_shared<framed_socket>(std::move(*server), request_limit, answer_limit);
  auto unsent = caf::error{};
  connection->send(what, std::nullopt, [&unsent](caf::error failed) { unsent = std::move(failed); });
  if (auto failed = run(io, deadline, process))
    return failed;
  io.restart();
  auto answer = caf::expected<control_answer>{caf::error{}};
  connection->receive<control_answer>(unsent ? patience{0s} : std::nullopt,
                                      [&answer](auto received) { answer = std::move(received); });
  if (auto failed = run(io, deadline, process))
    return failed;
  if (!answer && unsent)
    return unsent;
  return answer; // a refusal arrives before the request was sent
}

} // namespace peerctl
