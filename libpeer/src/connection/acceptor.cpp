// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "connection/acceptor.hpp"

#include "process/close_on_fork.hpp"
#include "process/socket_owner.hpp"
#include "wire/message.hpp"
#include "wire/numbers.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <cerrno>
#include <list>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace peer::internal::connection {

namespace {

using clock = std::chrono::steady_clock;
using stream = boost::asio::posix::stream_descriptor;

constexpr std::size_t frame_header = 4;

/// Connections taken before other descriptors get their turn.
constexpr int max_accepts_per_turn = 64;

/// How long to wait when descriptors are exhausted and no connector can be refused to free one.
constexpr auto descriptor_shortage = std::chrono::milliseconds{100};

// -- what a connector has sent ----------------------------------------------------------------------------------------

enum class impression { none, proven, refuted, doubtful };

struct judgement {
  impression what = impression::none;
  std::string reason; ///< why it is refused; if `doubtful`, only if the socket is not the peer's
};

/// Judges the first bytes of a connection.
judgement judge(const_byte_span received, const acceptor::settings& how) {
  if (received.size() < frame_header)
    return {};
  auto size = std::size_t{wire::load_u32(received.data())};
  if (size > how.max_first_frame)
    return {impression::doubtful, "its first message was longer than " + std::to_string(how.max_first_frame)
                                      + " bytes and its socket is not the peer's"};
  if (received.size() - frame_header < size)
    return {};
  auto token = wire::parse_token(received.subspan(frame_header, size));
  if (!token)
    return {impression::doubtful, "its first message was not a token and its socket is not the peer's"};
  if (how.secret && equal_in_constant_time(*how.secret, token->secret))
    return {impression::proven, {}};
  return {impression::refuted, how.secret ? "wrong token" : "unexpected token"};
}

/// The next connection of a listening socket; invalid, with errno, if there is none.
process::descriptor accept_from(int listener) {
  process::fork_pause pause;
  auto result = process::descriptor{accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  pause.close_on_fork(result.get());
  return result;
}

/// A connection that is not known to be the peer's.
struct connector {
  explicit connector(boost::asio::io_context& io) : socket(io), since(clock::now()) {}

  stream socket;
  clock::time_point since;
  byte_buffer received;
  judgement opinion;
  bool looked_up = false; ///< Its socket is known not to be the peer's.
  bool peers = false;     ///< Its socket is known to be the peer's, or was when it connected.
};

using connector_ptr = std::shared_ptr<connector>;

// -- the acceptor -----------------------------------------------------------------------------------------------------

class acceptor_impl final : public acceptor {
public:
  acceptor_impl(boost::asio::io_context& io, process::descriptor listener, settings how, accepted_handler on_accepted)
      : io_(io), how_(std::move(how)), on_accepted_(std::move(on_accepted)), listener_(io), timer_(io), pause_(io) {
    listener_.assign(listener.get()); // may throw: then `listener` still owns it
    listener.release();
    wait_for_connectors();
  }

  ~acceptor_impl() override { close(); }

  void process_ended() override {
    auto alive = alive_;
    process_ended_ = true;
    for (auto& conn : std::vector(waiting_.begin(), waiting_.end()))
      if (*alive)
        listen_to(conn); // what it has sent may not have been read
    for (auto i = std::size_t{0}; *alive && i < how_.max_waiting; ++i) {
      if (auto fd = accept_from(listener_.native_handle()))
        add(std::move(fd));
      else if (errno == EAGAIN || process::is_shortage(errno))
        break;
    }
    if (!*alive)
      return;
    if (auto known = find_peer(clock::time_point::max()))
      return accept(known);
    close();
  }

  void close() override {
    *alive_ = false;
    listener_.close();
    timer_.cancel();
    pause_.cancel();
    waiting_.clear();
  }

  std::size_t refused() const noexcept override { return refused_; }

  const std::string& last_reason() const noexcept override { return last_reason_; }

private:
  // -- taking connections ---

  void wait_for_connectors() {
    listener_.async_wait(stream::wait_read, [this, alive = alive_](const boost::system::error_code& code) {
      if (!code && *alive && take_connectors())
        wait_for_connectors();
    });
  }

  /// Returns whether to wait for more; after false this object may be gone.
  bool take_connectors() {
    auto alive = alive_;
    for (auto i = 0; i < max_accepts_per_turn; ++i) {
      if (waiting_.size() >= how_.max_waiting && !oldest_can_go())
        return *alive && pause(how_.look_interval);
      auto fd = accept_from(listener_.native_handle());
      if (!fd) {
        auto code = errno;
        if (code == EAGAIN)
          break;
        if (process::is_shortage(code))
          return relieve_shortage();
        continue; // that connection has ended already
      }
      add(std::move(fd));
      if (!*alive)
        return false;
    }
    schedule();
    return true;
  }

  /// Called when descriptors are exhausted. Returns whether to go on at once.
  bool relieve_shortage() {
    auto pending = pollfd{listener_.native_handle(), POLLIN, 0};
    if (poll(&pending, 1, 0) == 0) { // without descriptors accept4 fails even if no connection is pending
      schedule();
      return true;
    }
    if (waiting_.empty())
      return pause(descriptor_shortage);
    auto alive = alive_;
    auto can_go = oldest_can_go();
    if (!*alive)
      return false;
    if (!can_go)
      return pause(descriptor_shortage);
    if (!waiting_.empty())
      refuse(waiting_.front(), "the origin has run out of descriptors");
    schedule();
    return true;
  }

  /// Takes no connections for a while. Returns false.
  bool pause(std::chrono::milliseconds time) {
    schedule();
    pause_.expires_after(time);
    pause_.async_wait([this, alive = alive_](const boost::system::error_code& code) {
      if (!code && *alive)
        wait_for_connectors();
    });
    return false;
  }

  /// May destroy this object, as may all functions that judge.
  void add(process::descriptor fd) {
    auto yes = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)); // a message is worth a packet
    auto conn = std::make_shared<connector>(io_);
    auto failed = boost::system::error_code{};
    conn->socket.assign(fd.get(), failed);
    if (failed)
      return refuse(conn, "the origin could not watch it: " + failed.message());
    fd.release();
    if (waiting_.size() >= how_.max_waiting)
      refuse(waiting_.front(), "more than " + std::to_string(how_.max_waiting) + " connectors were waiting");
    waiting_.push_back(conn);
    if (last_look_ + how_.look_interval <= clock::now())
      look_up(); // while it can be seen: a process that ends takes its sockets with it
    listen_to(conn);
  }

  /// Whether the oldest connector may be refused to make room: it is not the peer, or that could not be determined in
  /// time. Looks up its owner unless that was just done, which may refuse other connectors. Accepts the peer, which may
  /// destroy this object.
  bool oldest_can_go() {
    auto now = clock::now();
    if (!waiting_.front()->looked_up && last_look_ + how_.look_interval <= now)
      look_up();
    if (auto known = find_peer(clock::time_point::max())) {
      accept(known);
      return false;
    }
    return waiting_.empty() || waiting_.front()->looked_up || waiting_.front()->since + how_.patience <= now;
  }

  // -- listening to a connector ---

  /// Reads the first frame and no more: the rest stays in the socket.
  void listen_to(connector_ptr conn) {
    auto buffer = byte_buffer(frame_header + how_.max_first_frame);
    while (conn->opinion.what == impression::none) {
      auto got = ::read(conn->socket.native_handle(), buffer.data(), buffer.size() - conn->received.size());
      if (got > 0) {
        detail::append(conn->received, const_byte_span{buffer}.first(static_cast<std::size_t>(got)));
        conn->opinion = judge(conn->received, how_);
      } else if (got < 0 && errno == EAGAIN) {
        return wait_for_more(conn);
      } else if (got == 0 || errno != EINTR) {
        if (conn->peers)
          return accept(conn); // its end is the peer's
        auto doubt = conn->looked_up ? "" : ", and may have been the peer";
        return refuse(conn, std::string{"it closed the connection before it had identified itself"} + doubt);
      }
    }
    if (conn->opinion.what == impression::proven)
      return accept(conn);
    if (conn->opinion.what == impression::refuted)
      return refuse(conn, conn->opinion.reason);
    if (conn->peers)
      return accept(conn);
    if (conn->looked_up)
      return refuse(conn, conn->opinion.reason);
    schedule(); // to look up its owner
  }

  void wait_for_more(const connector_ptr& conn) {
    auto weak = std::weak_ptr{conn}; // closing the socket does not cancel a handler that is ready to run
    conn->socket.async_wait(stream::wait_read, [this, weak, alive = alive_](const boost::system::error_code& code) {
      if (auto ptr = weak.lock(); ptr && !code && *alive)
        listen_to(ptr);
    });
  }

  // -- judging ---

  void accept(const connector_ptr& conn) {
    auto head = std::move(conn->received);
    auto token_size = std::size_t{0};
    auto how = conn->opinion.what == impression::proven ? proof::token : proof::owner;
    if (how == proof::token)
      token_size = frame_header + wire::load_u32(head.data());
    head.erase(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(token_size));
    auto socket = process::descriptor{conn->socket.release()};
    auto on_accepted = std::move(on_accepted_); // it may destroy this object
    close();
    on_accepted(std::move(socket), std::move(head), how);
  }

  void refuse(connector_ptr conn, std::string why) {
    ++refused_;
    last_reason_ = std::move(why);
    waiting_.remove(conn);
  }

  /// Looks up the owners of the sockets that are not known, and refuses doubtful connectors that are not the peer. No
  /// effect if the process has ended or the lookup fails.
  void look_up() {
    if (process_ended_)
      return;
    last_look_ = clock::now();
    auto unknown = std::vector<connector_ptr>{};
    auto sockets = std::vector<int>{};
    for (auto& conn : waiting_)
      if (!conn->looked_up && !conn->peers) {
        unknown.push_back(conn);
        sockets.push_back(conn->socket.native_handle());
      }
    auto held = process::held_by(how_.process, sockets);
    if (!held)
      return;
    for (auto i = std::size_t{0}; i < unknown.size(); ++i) {
      auto& conn = unknown[i];
      conn->peers = (*held)[i];
      conn->looked_up = !conn->peers;
      if (conn->looked_up && conn->opinion.what == impression::doubtful)
        refuse(conn, conn->opinion.reason);
    }
  }

  /// A connector that is known to be the peer and has sent something, or nothing since `since`; null if there is none.
  connector_ptr find_peer(clock::time_point since) const {
    auto found = std::ranges::find_if(waiting_, [since](auto& conn) {
      return conn->peers && (conn->opinion.what == impression::doubtful || conn->since <= since);
    });
    return found == waiting_.end() ? nullptr : *found;
  }

  // -- time ---

  /// When a connector needs attention.
  clock::time_point due(const connector& conn) const {
    if (conn.looked_up)
      return conn.since + how_.patience;
    if (conn.peers)
      return conn.since + how_.silence;
    return last_look_ + how_.look_interval;
  }

  /// Sets the timer for the next connector that is due.
  void schedule() {
    auto next = clock::time_point::max();
    for (auto& conn : waiting_)
      next = std::min(next, due(*conn));
    if (next == timer_time_ && timer_runs_)
      return;
    timer_.cancel();
    timer_runs_ = next != clock::time_point::max();
    timer_time_ = next;
    if (!timer_runs_)
      return;
    timer_.expires_at(next);
    timer_.async_wait([this, alive = alive_](const boost::system::error_code& code) {
      if (!code && *alive)
        on_timer();
    });
  }

  void on_timer() {
    timer_runs_ = false;
    auto now = clock::now();
    auto is_due = [this, now](const connector_ptr& conn) {
      return !conn->looked_up && !conn->peers && due(*conn) <= now;
    };
    if (std::any_of(waiting_.begin(), waiting_.end(), is_due))
      look_up();
    if (auto known = find_peer(now - how_.silence))
      return accept(known);
    // Oldest first.
    while (!waiting_.empty() && waiting_.front()->looked_up && due(*waiting_.front()) <= now)
      refuse(waiting_.front(), "it did not identify itself in time and its socket is not the peer's");
    schedule();
  }

  // -- member variables ---

  boost::asio::io_context& io_;
  settings how_;
  accepted_handler on_accepted_;
  stream listener_;
  boost::asio::steady_timer timer_;  ///< for the connectors
  boost::asio::steady_timer pause_;  ///< without descriptors
  std::list<connector_ptr> waiting_; ///< the oldest first
  clock::time_point last_look_{};    ///< initially in the past
  clock::time_point timer_time_ = clock::time_point::max();
  bool timer_runs_ = false;
  bool process_ended_ = false;
  std::size_t refused_ = 0;
  std::string last_reason_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true); ///< false after `close`
};

} // namespace

acceptor::~acceptor() = default;

std::unique_ptr<acceptor> acceptor::start(boost::asio::io_context& io, process::descriptor listener, settings how,
                                          accepted_handler on_accepted) {
  return std::make_unique<acceptor_impl>(io, std::move(listener), std::move(how), std::move(on_accepted));
}

} // namespace peer::internal::connection
