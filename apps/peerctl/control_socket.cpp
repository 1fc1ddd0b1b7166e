// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "control_socket.hpp"

#include "framed_term.hpp"

#include "peer/peer.hpp"

#include "caf/all.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace peerctl {

namespace {

using namespace std::chrono_literals;

/// How many requests are carried out at the same time; more are turned away.
constexpr auto max_requests = 32;

/// How many clients there are at the same time; more are turned away, whatever they want.
constexpr auto max_connections = std::size_t{128};

/// How long another tree that starts may have the directory.
constexpr auto lock_patience = 2s;
constexpr auto lock_interval = 20ms;

/// How long to wait when a client cannot be taken, for lack of descriptors, say.
constexpr auto accept_pause = 100ms;

/// How long a client may take to say what it wants, and to read the answer.
constexpr auto client_timeout = 5s;

caf::error socket_error(const std::string& path, const std::string& why) {
  return caf::make_error(peer::errc::system_failure, "the socket " + path + " " + why);
}

caf::error system_error(const std::string& path, const std::string& what) {
  return socket_error(path, what + ": " + std::strerror(errno));
}

caf::expected<sockaddr_un> address_of(const std::string& path) {
  auto result = sockaddr_un{};
  result.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(result.sun_path))
    return socket_error(path, "needs a path of 1 to " + std::to_string(sizeof(result.sun_path) - 1) + " bytes");
  std::memcpy(result.sun_path, path.data(), path.size());
  return result;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

peer::internal::process::descriptor make_socket() {
  return peer::internal::process::descriptor{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
}

/// Whether the other end is a process of this user.
bool is_own(const peer::internal::process::descriptor& connected) {
  auto whom = ucred{};
  auto size = socklen_t{sizeof(whom)};
  return getsockopt(connected.get(), SOL_SOCKET, SO_PEERCRED, &whom, &size) == 0 && whom.uid == geteuid();
}

/// Locks a directory, and waits a little for another process that has locked it.
bool lock(const peer::internal::process::descriptor& directory) {
  auto until = std::chrono::steady_clock::now() + lock_patience;
  while (flock(directory.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK || std::chrono::steady_clock::now() >= until)
      return false;
    std::this_thread::sleep_for(lock_interval);
  }
  return true;
}

/// Makes way for a socket: removes one that nobody listens at.
caf::error make_way(const std::string& path, const sockaddr_un& address) {
  struct stat there = {};
  if (lstat(path.c_str(), &there) != 0)
    return {};
  if (!S_ISSOCK(there.st_mode))
    return socket_error(path, "cannot be made: there is another file of that name");
  auto probe = make_socket();
  if (connect(probe.get(), generic(address), sizeof(address)) == 0)
    return socket_error(path, "is in use: peerctl is already running there");
  if (errno != ECONNREFUSED)
    return system_error(path, "is there already, and does not tell whose it is");
  if (unlink(path.c_str()) != 0)
    return system_error(path, "is one that was left behind, and cannot be removed");
  return {};
}

control_answer too_many() {
  return {.status = not_started, .text = "too many requests are being carried out"};
}

/// Waits until something can be read. Returns false if `stop` comes first.
bool wait_for_input(int fd, int stop) {
  for (;;) {
    pollfd ready[] = {{fd, POLLIN, 0}, {stop, POLLIN, 0}};
    if (poll(ready, 2, -1) < 0 && errno == EINTR)
      continue;
    return ready[1].revents == 0;
  }
}

} // namespace

control_socket::control_socket(std::string path, peer::internal::process::descriptor socket)
    : path_(std::move(path)), socket_(std::move(socket)), stop_(eventfd(0, EFD_CLOEXEC)) {
  lstat(path_.c_str(), &identity_);
}

caf::expected<std::unique_ptr<control_socket>> control_socket::open(const std::string& path) {
  auto address = address_of(path);
  if (!address)
    return std::move(address.error());
  auto directory = std::filesystem::path{path}.parent_path();
  auto locked = peer::internal::process::descriptor{
      ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  // Two that find the same old socket at the same time would remove each other's new one.
  if (!locked || !lock(locked))
    return system_error(path, "cannot be made: its directory cannot be locked");
  if (auto err = make_way(path, *address))
    return err;
  auto result = make_socket();
  // The file that `bind` makes has the mode of the socket, from its first moment on.
  if (!result || fchmod(result.get(), S_IRUSR | S_IWUSR) != 0
      || bind(result.get(), generic(*address), sizeof(*address)) != 0 || listen(result.get(), SOMAXCONN) != 0)
    return system_error(path, "cannot be made");
  return std::unique_ptr<control_socket>{new control_socket{path, std::move(result)}};
}

control_socket::~control_socket() {
  struct stat now = {};
  if (lstat(path_.c_str(), &now) == 0 && now.st_ino == identity_.st_ino && now.st_dev == identity_.st_dev)
    unlink(path_.c_str());
  eventfd_write(stop_.get(), 1);
  if (thread_.joinable())
    thread_.join();
  for (auto& each : connections_) {
    shutdown(each.socket.get(), SHUT_RD); // who has not said yet what it wants
    each.thread.join();
  }
}

void control_socket::serve(handler carry_out) {
  carry_out_ = std::move(carry_out);
  thread_ = std::thread{[this] { accept_all(); }};
}

void control_socket::accept_all() {
  while (wait_for_input(socket_.get(), stop_.get()))
    accept_one();
}

void control_socket::accept_one() {
  auto client = peer::internal::process::descriptor{accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  connections_.remove_if([](auto& x) {
    if (x.over)
      x.thread.join();
    return x.over.load();
  });
  if (!client) {
    auto stop = pollfd{stop_.get(), POLLIN, 0};
    poll(&stop, 1, static_cast<int>(accept_pause / 1ms));
    return;
  }
  if (!is_own(client))
    return;
  if (connections_.size() >= max_connections) {
    static_cast<void>(send_framed(client.get(), too_many(), 0s));
    return;
  }
  auto& added = connections_.emplace_back();
  added.socket = std::move(client);
  try {
    added.thread = std::thread{[this, &added] {
      answer_one(added);
      shutdown(added.socket.get(), SHUT_RDWR);
      added.over = true;
    }};
  } catch (const std::system_error&) { // no more threads
    connections_.pop_back();
  }
}

void control_socket::answer_one(connection& client) {
  auto request = receive_framed<control_request>(client.socket.get(), client_timeout);
  auto answer =
      request ? answer_to(*request) : control_answer{.status = usage, .text = peer::describe(request.error())};
  static_cast<void>(send_framed(client.socket.get(), answer, client_timeout)); // it may have gone
}

control_answer control_socket::answer_to(const control_request& what) {
  if (what.command == "status" || (what.command == "stop" && what.path.empty()))
    return carry_out_(what); // to see what goes on, and to end it
  auto answer = ++requests_ <= max_requests ? carry_out_(what) : too_many();
  --requests_;
  return answer;
}

caf::expected<control_answer> ask_socket(const std::string& path, const control_request& what) {
  auto address = address_of(path);
  if (!address)
    return std::move(address.error());
  auto server = make_socket();
  if (!server || connect(server.get(), generic(*address), sizeof(*address)) != 0)
    return system_error(path, "cannot be reached");
  if (!is_own(server))
    return socket_error(path, "belongs to another user");
  auto unsent = send_framed(server.get(), what, client_timeout);
  auto answer = receive_framed<control_answer>(server.get(), unsent ? patience{0s} : std::nullopt);
  if (!answer && unsent)
    return unsent;
  return answer; // who is turned away is told so before it has asked
}

std::string default_socket() {
  auto directory = std::getenv("XDG_RUNTIME_DIR");
  auto place = directory != nullptr && *directory != '\0' ? std::string{directory} : std::string{"/tmp"};
  return place + "/peerctl-" + std::to_string(geteuid()) + ".sock";
}

} // namespace peerctl
