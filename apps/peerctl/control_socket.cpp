// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "control_socket.hpp"
#include "framed_term.hpp"
#include "peer/error.hpp"
#include "peer/peer.hpp"
#include "socket_path.hpp"

#include "caf/all.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <future>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace peerctl {

namespace {

namespace asio = boost::asio;

using namespace std::chrono_literals;
using protocol = asio::local::stream_protocol;
using error_code = boost::system::error_code;

/// Requests that are carried out at the same time; more are refused.
constexpr auto max_requests = 32;

/// Clients at the same time; more are refused, whatever they request.
constexpr auto max_clients = std::size_t{128};

/// How long another starting tree may lock the directory.
constexpr auto lock_patience = 2s;
constexpr auto lock_interval = 20ms;

/// How long to wait when a client cannot be accepted, for example for lack of descriptors.
constexpr auto accept_pause = 100ms;

/// Time for a client to send its request, and to read the answer.
constexpr auto client_timeout = 5s;

/// Asio's sockets are not close-on-exec.
template <class Socket>
void close_on_exec(Socket& x) {
  fcntl(x.native_handle(), F_SETFD, FD_CLOEXEC);
}

/// Locks a directory, and waits a little for another process that has locked it.
bool lock(const descriptor& directory) {
  auto until = std::chrono::steady_clock::now() + lock_patience;
  while (flock(directory.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK || std::chrono::steady_clock::now() >= until)
      return false;
    std::this_thread::sleep_for(lock_interval);
  }
  return true;
}

caf::error in_use(const std::string& path) {
  return socket_error(path, "is in use: peerctl is already running there");
}

/// Removes a socket that no process listens at.
caf::error make_way(const std::string& path, const protocol::endpoint& where) {
  struct stat there = {};
  if (lstat(path.c_str(), &there) != 0)
    return {};
  if (!S_ISSOCK(there.st_mode))
    return socket_error(path, "cannot be made: there is another file of that name");
  auto io = asio::io_context{};
  auto ec = error_code{};
  auto probe = protocol::socket{io};
  probe.connect(where, ec);
  if (!ec)
    return in_use(path);
  if (ec != asio::error::connection_refused)
    return system_error(path, "exists, and its owner cannot be determined", ec.value());
  if (unlink(path.c_str()) != 0)
    return system_error(path, "was left behind, and cannot be removed");
  return {};
}

/// Requests to see the state of the tree and to end it, which end by themselves: they are always carried out.
bool always_admitted(const control_request& what) {
  return what.command == "status" || (what.command == "stop" && what.path.empty());
}

control_answer too_many() {
  return {.status = not_started, .text = "too many requests are being carried out"};
}

} // namespace

// -- one client -------------------------------------------------------------------------------------------------------

/// Receives a request, has it carried out and sends the answer.
class control_socket::client : public std::enable_shared_from_this<client> {
public:
  client(control_socket& owner, protocol::socket connected)
      : owner_(owner),
        connection_(std::make_shared<framed_socket>(std::move(connected), answer_limit, request_limit)) {}

  void receive() {
    connection_->receive<control_request>(client_timeout, [self = shared_from_this()](auto request) {
      if (!request)
        self->send({.status = usage, .text = peer::describe(request.error())});
      else if (!always_admitted(*request) && self->owner_.requests_ >= max_requests)
        self->send(too_many());
      else
        self->carry_out(std::move(*request));
    });
  }

  void send(const control_answer& answer) {
    connection_->send(answer, client_timeout,
                      [self = shared_from_this()](const caf::error& failed) { // it may have gone
                        if (failed == peer::errc::overload)
                          self->send({.status = not_started, .text = peer::describe(failed)});
                        else
                          self->owner_.clients_.erase(self);
                      });
  }

  /// Stops waiting for a request.
  void stop_receiving() { connection_->stop_receiving(); }

private:
  void carry_out(control_request what) {
    auto work = asio::make_work_guard(owner_.io_); // keeps the thread of the socket until there is an answer
    counts_ = !always_admitted(what);
    try {
      worker_ = std::thread{[self = shared_from_this(), work = std::move(work), what = std::move(what)] {
        auto answer = self->owner_.carry_out_(what);
        asio::post(work.get_executor(), [self, answer = std::move(answer)] { self->finish(answer); });
      }};
      owner_.requests_ += counts_ ? 1 : 0;
    } catch (const std::system_error&) { // no more threads
      send(too_many());
    }
  }

  void finish(const control_answer& answer) {
    worker_.join();
    owner_.requests_ -= counts_ ? 1 : 0;
    send(answer);
  }

  control_socket& owner_;
  std::shared_ptr<framed_socket> connection_;
  std::thread worker_;  ///< carries out the request
  bool counts_ = false; ///< as one of `max_requests`
};

// -- the socket -------------------------------------------------------------------------------------------------------

control_socket::control_socket(std::string path) : path_(std::move(path)) {
  // nop
}

caf::expected<std::unique_ptr<control_socket>> control_socket::open(const std::string& path) {
  auto result = std::unique_ptr<control_socket>{new control_socket{path}};
  if (auto err = result->claim())
    return err;
  if (auto err = result->bind())
    return err;
  return result;
}

/// The claim is a socket with an abstract name (unix(7)), which ends with the process. It stands for the path by the
/// directory's inode, however that was written.
caf::error control_socket::claim() {
  struct stat directory = {};
  auto path = std::filesystem::path{path_};
  if (stat(path.has_parent_path() ? path.parent_path().c_str() : ".", &directory) != 0)
    return system_error(path_, "cannot be made");
  auto name = "peerctl/" + std::to_string(directory.st_dev) + "/" + std::to_string(directory.st_ino) + "/"
            + path.filename().string();
  auto where = sockaddr_un{.sun_family = AF_UNIX, .sun_path = {}};
  auto length = std::min(name.size(), sizeof(where.sun_path) - 1);
  std::copy_n(name.begin(), length, where.sun_path + 1); // behind a NUL
  auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
  auto address = reinterpret_cast<const sockaddr*>(&where);
  claim_ = descriptor{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!claim_)
    return system_error(path_, "cannot be made");
  if (::bind(claim_.get(), address, size) == 0) {
    listen(claim_.get(), SOMAXCONN); // lets others see whose it is
    return {};
  }
  auto probe = descriptor{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  auto is_other_user = connect(probe.get(), address, size) == 0 && !is_own(probe.get());
  return is_other_user ? caf::error{} : in_use(path_);
}

caf::error control_socket::bind() {
  auto where = endpoint_of(path_);
  if (!where)
    return std::move(where.error());
  auto directory = std::filesystem::path{path_}.parent_path();
  auto locked = descriptor{::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  // Two that find the same old socket at the same time would remove each other's new one.
  if (!locked || !lock(locked))
    return system_error(path_, "cannot be made: its directory cannot be locked");
  if (auto err = make_way(path_, *where))
    return err;
  auto ec = error_code{};
  acceptor_.open(where->protocol(), ec);
  if (!ec) {
    close_on_exec(acceptor_);
    // The file that `bind` makes has the mode of the socket, from its first moment on.
    if (fchmod(acceptor_.native_handle(), S_IRUSR | S_IWUSR) != 0)
      return system_error(path_, "cannot be made");
    acceptor_.bind(*where, ec);
  }
  if (!ec) {
    lstat(path_.c_str(), &identity_);
    acceptor_.listen(asio::socket_base::max_listen_connections, ec);
  }
  return ec ? system_error(path_, "cannot be made", ec.value()) : caf::error{};
}

control_socket::~control_socket() {
  if (is_in_place())
    unlink(path_.c_str());
  asio::post(io_, [this] { close(); });
  if (thread_.joinable())
    thread_.join();
}

void control_socket::serve(handler carry_out) {
  carry_out_ = std::move(carry_out);
  accept();
  thread_ = std::thread{[this] { io_.run(); }}; // returns when the socket is closed and no client is left
}

bool control_socket::is_in_place() const {
  struct stat now = {};
  return lstat(path_.c_str(), &now) == 0 && now.st_ino == identity_.st_ino && now.st_dev == identity_.st_dev;
}

caf::error control_socket::renew() {
  auto done = std::promise<caf::error>{};
  asio::post(io_, [this, &done] {
    acceptor_.close();
    auto failed = bind();
    if (!failed)
      accept();
    done.set_value(std::move(failed));
  });
  return done.get_future().get();
}

void control_socket::accept() {
  acceptor_.async_accept([this](const error_code& ec, protocol::socket connected) {
    if (ec == asio::error::operation_aborted)
      return; // closed, or made again
    if (ec) {
      pause_.expires_after(accept_pause);
      pause_.async_wait([this](const error_code& cancelled) {
        if (!cancelled)
          accept();
      });
      return;
    }
    add(std::move(connected));
    accept();
  });
}

void control_socket::add(protocol::socket connected) {
  close_on_exec(connected);
  if (!is_own(connected.native_handle()))
    return;
  auto added = std::make_shared<client>(*this, std::move(connected));
  if (clients_.size() >= max_clients)
    return added->send(too_many());
  clients_.insert(added);
  added->receive();
}

void control_socket::close() {
  acceptor_.close();
  pause_.cancel();
  for (auto& each : clients_)
    each->stop_receiving();
}

} // namespace peerctl
