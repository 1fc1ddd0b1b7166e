// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Who gets in over TCP, and who does not. Connectors are sockets of this program or of children that it started.

#define CAF_SUITE peer.connection.acceptor

#include "connection/acceptor.hpp"
#include "connection/listening.hpp"
#include "tests/support/frame_recorder.hpp"
#include "tests/support/tcp_client.hpp"
#include "tests/unit/process/subprocess_fixture.hpp"
#include "wire/framing.hpp"
#include "wire/message.hpp"

#include <array>
#include <deque>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

using namespace std::literals;
using namespace peer::test;

using peer::byte_buffer;
using peer::internal::connection::acceptor;
using peer::internal::connection::token_secret;
using peer::internal::process::descriptor;

namespace {

constexpr auto loopback = "127.0.0.1";

std::string frame_of(std::string_view payload) {
  return make_frame(*peer::internal::wire::make_packet_framing(), payload);
}

/// The frame in which a peer shows its secret.
std::string token_frame(const token_secret& secret) {
  auto payload = byte_buffer{};
  peer::internal::wire::write(payload, peer::internal::wire::token{secret});
  return frame_of(peer::detail::as_text(payload));
}

/// What `erl` says first.
std::string started_frame() {
  auto payload = byte_buffer{};
  peer::internal::wire::write(payload, peer::internal::wire::started{peer::atom{"nonode@nohost"}});
  return frame_of(peer::detail::as_text(payload));
}

/// A script for bash that connects, sends what `printf` makes of `text`, and prints what it gets.
peer::internal::process::spawn_options connector(std::uint16_t port, const std::string& text) {
  return {.program = "bash",
          .arguments = {"-c", "exec 5<>/dev/tcp/127.0.0.1/" + std::to_string(port) + "; printf '" + text
                                  + "' >&5; exec cat <&5"}};
}

struct fixture : subprocess_fixture {
  fixture() {
    secret = unbox(peer::internal::connection::make_token());
    how.secret = secret;
    wrong = secret;
    wrong.back() ^= std::byte{1};
  }

  ~fixture() {
    gate.reset();
    accepted.reset();
  }

  /// Listens; who listens is known before the process that connects.
  void listen(const std::string& address = loopback) {
    place = unbox(peer::internal::connection::listen_at(address, 0));
    port = place.port;
  }

  /// Starts to take connections.
  void open() {
    auto on_accepted = [this](peer::internal::process::descriptor socket, byte_buffer head,
                              peer::internal::connection::proof by) {
      CAF_CHECK(!accepted); // once
      accepted = std::move(socket);
      said = peer::detail::as_text(head);
      evidence = by;
    };
    gate = peer::internal::connection::acceptor::start(*io, std::move(place.socket), how, on_accepted);
  }

  void listen_and_open(const std::string& address = loopback) {
    listen(address);
    open();
  }

  /// Runs the loop until something has happened.
  void run_until(const std::function<bool()>& happened) {
    io->restart();
    while (!happened() && io->run_one() > 0) {
      // until then
    }
    CAF_CHECK(happened());
  }

  void poll() {
    io->restart();
    while (io->poll() > 0)
      io->restart();
  }

  void run_until_accepted() {
    run_until([this] { return accepted.has_value(); });
  }

  void run_until_refused(std::size_t count) {
    run_until([this, count] { return gate->refused() == count; });
    CAF_CHECK(!accepted);
  }

  peer::internal::process::descriptor join(std::string_view words = {}) {
    auto result = connect_to(loopback, port);
    CAF_REQUIRE(result);
    CAF_CHECK(say(result, words));
    return result;
  }

  /// The two ends are connected to each other.
  void check_connected(const peer::internal::process::descriptor& client) {
    CAF_REQUIRE(accepted);
    CAF_CHECK(say(*accepted, "hello\n"));
    CAF_CHECK_EQUAL(read_line(client.get()), "hello");
  }

  void check_nobody_listens() { CAF_CHECK(!connect_to(loopback, port)); }

  peer::internal::connection::acceptor::settings how;
  token_secret secret;
  token_secret wrong;
  peer::internal::connection::listening_socket place;
  std::uint16_t port = 0;
  std::unique_ptr<peer::internal::connection::acceptor> gate;
  std::optional<peer::internal::process::descriptor> accepted;
  std::string said; ///< the head
  std::optional<peer::internal::connection::proof> evidence;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(acceptor_tests, fixture)

// -- the right one ----------------------------------------------------------------------------------------------------

CAF_TEST(the right token gets in and nobody listens any more) {
  listen_and_open();
  auto client = join(token_frame(secret));
  run_until_accepted();
  CAF_CHECK_EQUAL(said, "");
  CAF_CHECK(evidence == peer::internal::connection::proof::token);
  check_connected(client);
  check_nobody_listens();
  CAF_CHECK_EQUAL(gate->refused(), 0u);
  CAF_CHECK_EQUAL(gate->last_reason(), "");
}

CAF_TEST(the accepted socket is private and fast) {
  listen_and_open();
  auto client = join(token_frame(secret));
  run_until_accepted();
  auto nodelay = 0;
  auto size = static_cast<socklen_t>(sizeof(nodelay));
  CAF_CHECK((fcntl(accepted->get(), F_GETFD) & FD_CLOEXEC) != 0);
  CAF_CHECK((fcntl(accepted->get(), F_GETFL) & O_NONBLOCK) != 0);
  CAF_CHECK_EQUAL(getsockopt(accepted->get(), IPPROTO_TCP, TCP_NODELAY, &nodelay, &size), 0);
  CAF_CHECK_NOT_EQUAL(nodelay, 0);
}

CAF_TEST(a token in pieces gets in) {
  listen_and_open();
  auto client = join();
  auto frame = token_frame(secret);
  for (auto& byte : frame) {
    CAF_CHECK(!accepted);
    CAF_CHECK(say(client, {&byte, 1}));
    if (&byte != &frame.back())
      poll();
  }
  run_until_accepted();
  check_connected(client);
}

CAF_TEST(bytes after the token are handed on) {
  listen_and_open();
  auto more = started_frame() + "and the beginning of a frame";
  auto client = join(token_frame(secret) + more);
  run_until_accepted();
  // What does not fit into the first read is still in the socket.
  CAF_CHECK_EQUAL(said, more);
  check_connected(client);
}

CAF_TEST(what follows the token and is long stays in the socket) {
  listen_and_open();
  auto more = std::string(5000, 'x');
  auto client = join(token_frame(secret) + more);
  run_until_accepted();
  client.reset();
  CAF_CHECK_EQUAL(said.size() + read_to_end(accepted->get()).size(), more.size());
}

CAF_TEST(IPv6 is taken as well) {
  if (!has_ipv6()) {
    CAF_MESSAGE("skipped: this host has no IPv6");
    return;
  }
  listen_and_open("::1");
  auto client = connect_to("::1", port);
  CAF_REQUIRE(client);
  CAF_CHECK(say(client, token_frame(secret)));
  run_until_accepted();
  check_connected(client);
}

// -- others -----------------------------------------------------------------------------------------------------------

CAF_TEST(an acceptor to which nobody connects can be closed) {
  listen_and_open();
  poll();
  gate->close();
  check_nobody_listens();
  gate->close();
  poll();
  CAF_CHECK(!accepted);
}

CAF_TEST(connectors are gone when the acceptor is) {
  listen_and_open();
  auto client = join("\0\0"sv);
  poll();
  gate.reset();
  CAF_CHECK(was_closed(client));
  poll();
  CAF_CHECK(!accepted);
}

CAF_TEST(a wrong token is turned away and the right one still gets in) {
  listen_and_open();
  auto liar = join(token_frame(wrong));
  run_until_refused(1);
  CAF_CHECK(was_closed(liar));
  CAF_CHECK_EQUAL(gate->last_reason(), "wrong token");
  auto client = join(token_frame(secret));
  run_until_accepted();
  check_connected(client);
}

CAF_TEST(a token of another length is wrong) {
  listen_and_open();
  auto payload = byte_buffer{};
  peer::internal::wire::write(payload, peer::internal::wire::token{peer::const_byte_span{secret}.first(31)});
  auto liar = join(frame_of(peer::detail::as_text(payload)));
  run_until_refused(1);
  CAF_CHECK_EQUAL(gate->last_reason(), "wrong token");
}

CAF_TEST(no token is right if none was given) {
  how.secret.reset();
  listen_and_open();
  auto liar = join(token_frame(token_secret{}));
  run_until_refused(1);
  CAF_CHECK_EQUAL(gate->last_reason(), "unexpected token");
}

CAF_TEST(the right token is good once) {
  listen_and_open();
  auto first = join(token_frame(secret));
  auto second = join(token_frame(secret));
  run_until_accepted();
  check_connected(first);
  CAF_CHECK(was_closed(second));
  poll();
  check_nobody_listens();
}

CAF_TEST(those who wait are turned away when the right one has come) {
  listen_and_open();
  auto silent = join();
  auto slow = join("\0\0\0"sv);
  poll();
  auto client = join(token_frame(secret));
  run_until_accepted();
  CAF_CHECK(was_closed(silent));
  CAF_CHECK(was_closed(slow));
  check_connected(client);
}

CAF_TEST(garbage is turned away) {
  listen_and_open();
  auto count = std::size_t{0};
  for (auto garbage : {started_frame(), frame_of("garbage"), frame_of(""), frame_of(std::string(1024, '\x83')),
                       std::string{"GET / HTTP/1.1\r\n\r\n"}}) {
    auto stranger = join(garbage);
    run_until_refused(++count);
    CAF_CHECK(was_closed(stranger));
    CAF_CHECK_NOT_EQUAL(gate->last_reason().find("its socket is not the peer's"), std::string::npos);
  }
}

CAF_TEST(a frame of 4 GiB is turned away as soon as it is announced) {
  listen_and_open();
  auto stranger = join("\xFF\xFF\xFF\xFF"sv);
  run_until_refused(1);
  CAF_CHECK(was_closed(stranger));
  CAF_CHECK_EQUAL(gate->last_reason(), "its first message was longer than 1024 bytes and its socket is not the peer's");
}

CAF_TEST(one that says nothing is turned away in the end) {
  how.silence = 1ms;
  how.patience = 20ms;
  listen_and_open();
  auto begin = std::chrono::steady_clock::now();
  auto silent = join();
  auto slow = join(token_frame(secret).substr(0, 10));
  run_until_refused(2);
  CAF_CHECK(std::chrono::steady_clock::now() - begin >= how.patience);
  CAF_CHECK(was_closed(silent));
  CAF_CHECK(was_closed(slow));
  CAF_CHECK_EQUAL(gate->last_reason(), "it did not identify itself in time and its socket is not the peer's");
  auto client = join(token_frame(secret));
  run_until_accepted();
}

CAF_TEST(one that says the wrong thing after it was looked up is turned away) {
  how.silence = 0ms;
  how.look_interval = 0ms;
  listen_and_open();
  auto slow = join("\0"sv);
  auto other = join(frame_of("garbage")); // turned away when all have been looked up
  run_until_refused(1);
  CAF_CHECK(say(slow, "\0\0\1x"sv));
  run_until_refused(2);
  CAF_CHECK(was_closed(slow));
}

CAF_TEST(one that closes is forgotten) {
  listen_and_open();
  join("\0"sv).reset();
  run_until_refused(1);
  CAF_CHECK_NOT_EQUAL(gate->last_reason().find("it closed the connection before it had identified itself"),
                      std::string::npos);
  auto client = join(token_frame(secret));
  run_until_accepted();
}

CAF_TEST(the oldest makes room for more) {
  how.max_waiting = 3;
  listen_and_open();
  auto waiting = std::deque<peer::internal::process::descriptor>{};
  for (auto i = 0; i < 3; ++i)
    waiting.push_back(join());
  poll();
  CAF_CHECK_EQUAL(gate->refused(), 0u);
  for (auto i = std::size_t{1}; i <= 5; ++i) {
    waiting.push_back(join());
    run_until_refused(i);
    CAF_CHECK_EQUAL(gate->last_reason(), "more than 3 connectors were waiting");
    CAF_CHECK(was_closed(waiting.front()));
    waiting.pop_front();
  }
  CAF_CHECK(say(waiting.front(), token_frame(secret))); // the others still wait
  run_until_accepted();
}

CAF_TEST(after a thousand wrong ones the right one gets in) {
  listen_and_open();
  auto others = std::deque<peer::internal::process::descriptor>{};
  const auto lies = std::array{std::string{}, "\0\0"s, token_frame(wrong), started_frame(), "\xFF\xFF\xFF\xFF"s};
  for (auto i = std::size_t{0}; i < 1000; ++i) {
    others.push_back(join(lies[i % lies.size()]));
    if (others.size() > 150)
      others.pop_front();
    if (i % 50 == 0)
      poll();
  }
  auto right = join(token_frame(secret));
  run_until_accepted();
  check_connected(right);
  CAF_CHECK_GREATER(gate->refused(), 1000 - how.max_waiting);
  for (auto& other : others)
    CAF_CHECK(was_closed(other));
}

CAF_TEST(without descriptors the oldest makes room in the end) {
  how.patience = 500ms; // the second one cannot be looked up; the first one must not be refused before the shortage
  listen_and_open();
  auto first = join();
  poll();
  auto second = join();
  auto right = join(token_frame(secret));
  {
    no_descriptors shortage;
    run_until([this] { return accepted.has_value(); });
  }
  CAF_CHECK_EQUAL(gate->last_reason(), "the origin has run out of descriptors");
  CAF_CHECK(was_closed(first));
  CAF_CHECK(was_closed(second));
  check_connected(right);
}

// -- the end of the process -------------------------------------------------------------------------------------------

CAF_TEST(a token that waits when the process ends gets in) {
  listen_and_open();
  auto stranger = join(frame_of("garbage"));
  auto client = join(token_frame(secret) + "more");
  gate->process_ended(); // nothing has been taken yet
  CAF_REQUIRE(accepted);
  CAF_CHECK_EQUAL(said, "more");
  CAF_CHECK(evidence == peer::internal::connection::proof::token);
  check_connected(client);
  CAF_CHECK(was_closed(stranger));
  check_nobody_listens();
}

CAF_TEST(a token that arrived after its connection was taken gets in when the process ends) {
  listen_and_open();
  auto client = join();
  poll();
  CAF_CHECK(say(client, token_frame(secret)));
  gate->process_ended();
  CAF_CHECK(evidence == peer::internal::connection::proof::token);
  check_connected(client);
}

CAF_TEST(without a token nobody gets in when the process has ended) {
  how.process = getpid(); // the number was given to another process: this one, which holds the client's socket
  listen_and_open();
  auto client = join(started_frame());
  gate->process_ended();
  CAF_CHECK(!accepted);
  CAF_CHECK(was_closed(client));
  check_nobody_listens();
  poll();
}

// -- the owner of the socket ------------------------------------------------------------------------------------------

CAF_TEST(the socket of the child gets in when it has said something) {
  listen();
  auto child = start(connector(port, "\\0\\0\\0\\1xyz"));
  how.process = child->id();
  how.silence = 1h;
  open();
  run_until_accepted();
  CAF_CHECK_EQUAL(said, "\0\0\0\1xyz"sv);
  CAF_CHECK(evidence == peer::internal::connection::proof::owner);
  CAF_CHECK(say(*accepted, "hello"));
  accepted.reset();
  CAF_CHECK_EQUAL(rest_of_output(), "hello");
  CAF_CHECK_EQUAL(gate->refused(), 0u);
}

CAF_TEST(the socket of the child gets in when it says nothing) {
  listen();
  auto child = start(connector(port, ""));
  how.process = child->id();
  open();
  run_until_accepted();
  CAF_CHECK_EQUAL(said, "");
  accepted.reset();
  wait_for(*io, *child);
}

CAF_TEST(the socket of the child gets in when it closes without a word) {
  listen();
  auto order = unbox(peer::internal::process::make_pipe("an order to end"));
  auto options = connector(port, "");
  options.arguments[1] = "exec 5<>/dev/tcp/127.0.0.1/" + std::to_string(port) + "; read line";
  auto child = start(std::move(options), order.read.get());
  how.process = child->id();
  how.silence = 1h;
  auto connected = pollfd{place.socket.get(), POLLIN, 0};
  CAF_CHECK_EQUAL(::poll(&connected, 1, -1), 1);
  open();
  poll(); // it is seen
  order.write.reset();
  run_until([this] { return accepted || gate->refused() > 0; });
  CAF_CHECK_EQUAL(gate->refused(), 0u);
  CAF_CHECK_EQUAL(said, "");
  wait_for(*io, *child);
}

CAF_TEST(the beginning of a huge frame of the child is handed on) {
  listen();
  auto child = start(connector(port, "\\377\\377\\377\\377"));
  how.process = child->id();
  how.silence = 1h;
  open();
  run_until_accepted();
  CAF_CHECK_EQUAL(said, "\xFF\xFF\xFF\xFF"); // whoever reads it says what is wrong
  accepted.reset();
  wait_for(*io, *child);
}

CAF_TEST(the child is not turned away when nobody can be looked up) {
  listen();
  auto child = start(connector(port, "\\0\\0\\0\\1x"));
  how.process = child->id();
  how.silence = 1ms;
  how.look_interval = 1ms;
  auto connected = pollfd{place.socket.get(), POLLIN, 0};
  CAF_CHECK_EQUAL(::poll(&connected, 1, -1), 1);
  {
    no_descriptors shortage;
    shortage.give_back(1); // for the connection
    open();
    auto rounds = 0; // the connection, and looks that see nothing
    run_until([&rounds] { return ++rounds > 5; });
    CAF_CHECK(!accepted);
    CAF_CHECK_EQUAL(gate->refused(), 0u);
  }
  run_until([this] { return accepted || gate->refused() > 0; });
  CAF_CHECK_EQUAL(said, "\0\0\0\1x"sv);
  accepted.reset();
  wait_for(*io, *child);
}

CAF_TEST(the socket of another process does not get in) {
  listen();
  auto peer = start({.program = "sleep", .arguments = {"1000"}});
  how.process = peer->id();
  how.silence = 1ms;
  how.patience = 20ms;
  open();
  auto silent = start(connector(port, ""));
  run_until_refused(1);
  CAF_CHECK_EQUAL(gate->last_reason(), "it did not identify itself in time and its socket is not the peer's");
  CAF_CHECK_EQUAL(shell_status(wait_for(*io, *silent)), 0); // its cat has come to the end
  gate.reset();
  how.patience = 1h; // for the pause between its connecting and its talking
  listen_and_open();
  auto talker = start(connector(port, "\\0\\0\\0\\1x"));
  run_until_refused(1);
  CAF_CHECK_EQUAL(gate->last_reason(), "its first message was not a token and its socket is not the peer's");
}

CAF_TEST(the oldest is not forgotten if it is the child) {
  how.silence = 1h;
  how.max_waiting = 3;
  listen();
  auto child = start(connector(port, ""));
  how.process = child->id();
  auto connected = pollfd{place.socket.get(), POLLIN, 0};
  CAF_CHECK_EQUAL(::poll(&connected, 1, -1), 1);
  open();
  auto others = std::vector<peer::internal::process::descriptor>{};
  for (auto i = 0; i < 3; ++i)
    others.push_back(join());
  run_until_accepted();
  accepted.reset();
  wait_for(*io, *child);
}

CAF_TEST(the child may have a wrong token only if it says nothing before) {
  listen();
  auto digits = std::string{};
  for (auto byte : token_frame(wrong)) {
    char text[5];
    snprintf(text, sizeof(text), "\\%03o", static_cast<unsigned char>(byte));
    digits += text;
  }
  auto child = start(connector(port, digits));
  how.process = child->id();
  how.silence = 1h;
  open();
  run_until_refused(1);
  CAF_CHECK_EQUAL(gate->last_reason(), "wrong token");
  wait_for(*io, *child);
}

CAF_TEST(the handler may destroy the acceptor) {
  listen();
  auto client = join(token_frame(secret));
  gate = peer::internal::connection::acceptor::start(
      *io, std::move(place.socket), how,
      [this](peer::internal::process::descriptor, byte_buffer, peer::internal::connection::proof) {
        gate.reset();
        said = "accepted";
      });
  run_until([this] { return !said.empty(); });
  CAF_CHECK_EQUAL(said, "accepted");
  CAF_CHECK(was_closed(client));
  poll();
}

CAF_TEST_FIXTURE_SCOPE_END()
