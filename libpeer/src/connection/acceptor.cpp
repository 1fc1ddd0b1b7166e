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

/// How long to wait when the system is out of descriptors and no connector can be turned away to get one.
constexpr auto descriptor_shortage = std::chrono::milliseconds{100};

// -- what a connector has said ----------------------------------------------------------------------------------------

enum class impression { none, proven, refuted, doubtful };

struct judgement {
  impression what = impression::none;
  std::string reason; ///< why it is turned away, unless the socket is the peer's if it is doubtful
};

/// Judges the first bytes of a connection.
judgement judge(const_byte_span said, const acceptor::settings& how) {
  if (said.size() < frame_header)
    return {};
  auto size = std::size_t{wire::load_u32(said.data())};
  if (size > how.max_first_frame)
    return {impression::doubtful, "its first message was longer than " + std::to_string(how.max_first_frame)
                                      + " bytes and its socket is not the peer's"};
  if (said.size() - frame_header < size)
    return {};
  auto token = wire::parse_token(said.subspan(frame_header, size));
  if (!token)
    return {impression::doubtful, "its first message was no token and its socket is not the peer's"};
  if (how.secret && equal_in_constant_time(*how.secret, token->secret))
    return {impression::proven, {}};
  return {impression::refuted, how.secret ? "wrong token" : "it sent a token where none was expected"};
}

/// The next connection of a listening socket; invalid, with errno, if there is none.
process::descriptor accept_from(int listener) {
  process::fork_pause pause;
  auto result = process::descriptor{accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  pause.close_on_fork(result.get());
  return result;
}

/// Somebody who has connected and is not known to be the peer.
struct connector {
  explicit connector(boost::asio::io_context& io) : socket(io), since(clock::now()) {}

  stream socket;
  clock::time_point since;
  byte_buffer said;
  judgement opinion;
  bool looked_up = false; ///< Its socket is known not to be the peer's.
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

  void close() override {
    *alive_ = false;
    listener_.close();
    timer_.cancel();
    pause_.cancel();
    waiting_.clear();
  }

  std::size_t turned_away() const noexcept override { return turned_away_; }

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

  /// The system gives no more descriptors. Returns whether to go on at once.
  bool relieve_shortage() {
    auto pending = pollfd{listener_.native_handle(), POLLIN, 0};
    if (poll(&pending, 1, 0) == 0) { // accept4 fails without descriptors even if there is nobody to be accepted
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
      turn_away(waiting_.front(), "the origin has run out of descriptors");
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

  /// May end this object, as all functions that judge.
  void add(process::descriptor fd) {
    auto yes = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)); // a message is worth a packet
    auto who = std::make_shared<connector>(io_);
    auto failed = boost::system::error_code{};
    who->socket.assign(fd.get(), failed);
    if (failed)
      return turn_away(who, "the origin could not watch it: " + failed.message());
    fd.release();
    if (waiting_.size() >= how_.max_waiting)
      turn_away(waiting_.front(), "more than " + std::to_string(how_.max_waiting) + " connectors were waiting");
    waiting_.push_back(who);
    listen_to(who);
  }

  /// Whether the oldest connector may be turned away for want of room: it is not the peer, or that could not be found
  /// out in time. Looks whose it is, unless that was done a moment ago; others may go by this, or this object may end.
  bool oldest_can_go() {
    auto alive = alive_;
    auto now = clock::now();
    if (!waiting_.front()->looked_up && last_look_ + how_.look_interval <= now)
      look_up();
    if (!*alive)
      return false;
    return waiting_.empty() || waiting_.front()->looked_up || waiting_.front()->since + how_.patience <= now;
  }

  // -- listening to a connector ---

  /// Reads what it says. No more than the first frame: the rest stays in the socket.
  void listen_to(connector_ptr who) {
    auto buffer = byte_buffer(frame_header + how_.max_first_frame);
    while (who->opinion.what == impression::none) {
      auto got = ::read(who->socket.native_handle(), buffer.data(), buffer.size() - who->said.size());
      if (got > 0) {
        detail::append(who->said, const_byte_span{buffer}.first(static_cast<std::size_t>(got)));
        who->opinion = judge(who->said, how_);
      } else if (got < 0 && errno == EAGAIN) {
        return wait_for_more(who);
      } else if (got == 0 || errno != EINTR) {
        return turn_away(who, "it closed the connection before it had said who it was");
      }
    }
    if (who->opinion.what == impression::proven)
      return accept(who);
    if (who->opinion.what == impression::refuted)
      return turn_away(who, who->opinion.reason);
    if (who->looked_up)
      return turn_away(who, who->opinion.reason);
    schedule(); // to look whose it is
  }

  void wait_for_more(const connector_ptr& who) {
    auto weak = std::weak_ptr{who}; // a handler that is ready to run is not cancelled by the end of its socket
    who->socket.async_wait(stream::wait_read, [this, weak, alive = alive_](const boost::system::error_code& code) {
      if (auto ptr = weak.lock(); ptr && !code && *alive)
        listen_to(ptr);
    });
  }

  // -- judging ---

  void accept(const connector_ptr& who) {
    auto head = std::move(who->said);
    auto token_size = std::size_t{0};
    auto how = who->opinion.what == impression::proven ? proof::token : proof::owner;
    if (how == proof::token)
      token_size = frame_header + wire::load_u32(head.data());
    head.erase(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(token_size));
    auto socket = process::descriptor{who->socket.release()};
    auto tell = std::move(on_accepted_); // it may destroy this object
    close();
    tell(std::move(socket), std::move(head), how);
  }

  void turn_away(connector_ptr who, std::string why) {
    ++turned_away_;
    last_reason_ = std::move(why);
    waiting_.remove(who);
  }

  /// Finds out who holds the sockets that have not been looked up, and accepts the peer or turns away those who said
  /// something that the peer need not say. Leaves everything as it is if it could not look.
  void look_up() {
    last_look_ = clock::now();
    auto whom = std::vector<connector_ptr>{};
    auto sockets = std::vector<int>{};
    for (auto& who : waiting_)
      if (!who->looked_up) {
        whom.push_back(who);
        sockets.push_back(who->socket.native_handle());
      }
    auto held = process::held_by(how_.process, sockets);
    if (!held)
      return;
    if (auto found = std::find(held->begin(), held->end(), true); found != held->end())
      return accept(whom[static_cast<std::size_t>(found - held->begin())]);
    for (auto& who : whom) {
      who->looked_up = true;
      if (who->opinion.what == impression::doubtful)
        turn_away(who, who->opinion.reason);
    }
  }

  // -- time ---

  /// When something has to be done about a connector.
  clock::time_point due(const connector& who) const {
    if (who.looked_up)
      return who.since + how_.patience;
    if (who.opinion.what == impression::doubtful)
      return last_look_ + how_.look_interval;
    return std::max(who.since + how_.silence, last_look_ + how_.look_interval);
  }

  /// Sets the timer for the next connector that is due.
  void schedule() {
    auto next = clock::time_point::max();
    for (auto& who : waiting_)
      next = std::min(next, due(*who));
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
    auto alive = alive_;
    auto now = clock::now();
    auto is_due = [this, now](const connector_ptr& who) { return !who->looked_up && due(*who) <= now; };
    if (std::any_of(waiting_.begin(), waiting_.end(), is_due))
      look_up();
    if (!*alive)
      return;
    // In the order of their age.
    while (!waiting_.empty() && waiting_.front()->looked_up && due(*waiting_.front()) <= now)
      turn_away(waiting_.front(), "it did not say who it was in time and its socket is not the peer's");
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
  clock::time_point last_look_{};    ///< before this program was started
  clock::time_point timer_time_ = clock::time_point::max();
  bool timer_runs_ = false;
  std::size_t turned_away_ = 0;
  std::string last_reason_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true); ///< false when it is over
};

} // namespace

acceptor::~acceptor() = default;

std::unique_ptr<acceptor> acceptor::start(boost::asio::io_context& io, process::descriptor listener, settings how,
                                          accepted_handler on_accepted) {
  return std::make_unique<acceptor_impl>(io, std::move(listener), std::move(how), std::move(on_accepted));
}

} // namespace peer::internal::connection
