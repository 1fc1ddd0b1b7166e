// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Channels over a socket that serves both directions, with SIGPIPE as deadly as it is in most programs.

#define CAF_SUITE peer.connection.socket_channel

#include "connection/channel.hpp"
#include "connection/listening.hpp"
#include "connection/stream_reader.hpp"
#include "peer/error.hpp"
#include "tests/support/frame_recorder.hpp"
#include "tests/support/note.hpp"
#include "tests/support/process_facts.hpp"
#include "tests/support/process_guard.hpp"
#include "tests/support/tcp_client.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <boost/asio/io_context.hpp>

#include <array>
#include <filesystem>
#include <optional>
#include <thread>

#include <sys/socket.h>
#include <unistd.h>

using namespace std::literals;

using peer::byte_buffer;
using peer::const_byte_span;
using peer::errc;
using peer::detail::as_byte_span;
using peer::internal::process::descriptor;
using peer::internal::wire::make_packet_framing;
using peer::test::make_frame;
using peer::test::note;

namespace {

std::string frame_of(std::string_view text) {
  return make_frame(*peer::internal::wire::make_packet_framing(), note{text}.payload());
}

/// Remembers what a channel tells.
class recorder : public peer::internal::connection::channel::listener {
public:
  void on_readable() override {
    if (before)
      before();
  }

  void on_frame(const_byte_span payload) override {
    CAF_CHECK(!closed);
    seen.on_frame(payload);
  }

  void on_text(const_byte_span text) override { seen.on_text(text); }

  void on_closed(caf::error why) override {
    CAF_CHECK(!closed); // once
    closed = std::move(why);
  }

  peer::test::frame_recorder seen;
  std::optional<caf::error> closed;
  std::function<void()> before; ///< called before bytes are passed on
};

struct fixture {
  fixture() {
    alarm(60); // a hang ends the program
    io.emplace();
    auto ends = unbox(peer::internal::process::make_socket_pair("a test"));
    ours = std::move(ends.first);
    theirs = std::move(ends.second);
  }

  ~fixture() {
    channel.reset();
    io.reset();
    ours.reset();
    theirs.reset();
    CAF_CHECK_EQUAL(guard.complaints(), std::vector<std::string>{});
    alarm(0);
  }

  /// Makes the channel without a connection.
  void make() {
    channel = peer::internal::connection::make_stream_channel(*io, peer::internal::wire::make_packet_framing(), events);
  }

  void attach(std::string_view head = {}) { channel->attach(std::move(ours), {}, peer::detail::as_byte_span(head)); }

  void open() {
    make();
    attach();
  }

  /// Two ends of a TCP connection instead of the pair.
  void use_tcp() {
    auto place = unbox(peer::internal::connection::listen_at("", 0));
    theirs = peer::test::connect_to("127.0.0.1", place.port);
    CAF_REQUIRE(theirs);
    ours = peer::internal::process::descriptor{accept4(place.socket.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    CAF_REQUIRE(ours);
  }

  /// Runs all handlers that are ready.
  void poll() {
    io->restart();
    while (io->poll() > 0)
      io->restart();
  }

  void run_until_closed() {
    io->restart();
    while (!events.closed && io->run_one() > 0) {
      // until then
    }
    CAF_REQUIRE(events.closed);
  }

  void print(std::string_view bytes) { CAF_CHECK(peer::test::say(theirs, bytes)); }

  void send(std::string_view text) { CAF_CHECK_EQUAL(channel->send(note{text}.message), caf::error{}); }

  /// What has arrived at the other side, without waiting.
  std::string arrived() {
    auto result = std::string{};
    auto buffer = std::array<char, 4096>{};
    for (;;) {
      auto got = recv(theirs.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got <= 0)
        return result;
      result.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }

  /// Queues more than a socket takes. Returns the frames.
  std::string send_much() {
    auto all = std::string{};
    for (auto i = 0; i < 300; ++i) {
      auto text = std::to_string(i) + std::string(200, '.');
      for (auto k = 0; k < 20; ++k) {
        send(text);
        all += frame_of(text);
      }
    }
    return all;
  }

  static std::size_t count_descriptors() {
    auto all = std::filesystem::directory_iterator{"/proc/self/fd"};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  peer::test::process_guard guard;
  std::optional<boost::asio::io_context> io;
  peer::internal::process::descriptor ours;
  peer::internal::process::descriptor theirs;
  recorder events;
  peer::internal::connection::stream_channel_ptr channel;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(socket_channel_tests, fixture)

// -- one socket for both directions -----------------------------------------------------------------------------------

CAF_TEST(messages go both ways over one descriptor) {
  open(); // Asio's own descriptors come with the first one that it watches
  channel.reset();
  auto ends = unbox(peer::internal::process::make_socket_pair("a test"));
  ours = std::move(ends.first);
  theirs = std::move(ends.second);
  auto before = count_descriptors();
  open();
  CAF_CHECK_EQUAL(count_descriptors(), before);
  send("one");
  print(frame_of("two"));
  poll();
  CAF_CHECK_EQUAL(arrived(), frame_of("one"));
  CAF_CHECK_EQUAL(events.seen.frames(), std::vector{note{"two"}.payload()});
  CAF_CHECK(!events.closed);
}

CAF_TEST(close ends one direction) {
  open();
  send("one");
  channel->close();
  send("late");
  CAF_CHECK_EQUAL(peer::test::read_to_end(theirs.get()), frame_of("one"));
  print(frame_of("two"));
  poll();
  CAF_CHECK_EQUAL(events.seen.frames(), std::vector{note{"two"}.payload()});
  theirs.reset();
  poll();
  CAF_CHECK_EQUAL(events.closed, caf::error{});
}

CAF_TEST(what does not fit into the socket waits and arrives in order) {
  open();
  auto expected = send_much();
  poll();
  CAF_CHECK_GREATER(channel->queued(), 0u);
  print(frame_of("meanwhile"));
  auto received = std::string{};
  while (channel->queued() > 0) {
    received += arrived();
    poll();
  }
  received += arrived();
  CAF_CHECK(received == expected);
  CAF_CHECK_EQUAL(events.seen.frames(), std::vector{note{"meanwhile"}.payload()});
  send("more");
  poll();
  CAF_CHECK_EQUAL(arrived(), frame_of("more"));
}

CAF_TEST(bytes that are no frame let the other side see the end) {
  open();
  print("\xFF\xFF\xFF\xFF");
  poll();
  CAF_REQUIRE(events.closed);
  CAF_CHECK_EQUAL(*events.closed, errc::protocol_violation);
  CAF_CHECK_EQUAL(peer::test::read_to_end(theirs.get()), "");
}

CAF_TEST(a channel may go while it waits to write) {
  open();
  send_much();
  poll();
  theirs.reset(); // the waiting ends
  channel.reset();
  poll();
  CAF_CHECK(!events.closed);
}

// -- a connection that comes later ------------------------------------------------------------------------------------

CAF_TEST(what is sent before there is a connection waits for it) {
  make();
  send("one");
  send("two");
  poll();
  channel->drain();
  CAF_CHECK_EQUAL(channel->queued(), (frame_of("one") + frame_of("two")).size());
  CAF_CHECK(!channel->flush(0ms));
  attach();
  send("three");
  poll();
  CAF_CHECK_EQUAL(channel->queued(), 0u);
  CAF_CHECK_EQUAL(arrived(), frame_of("one") + frame_of("two") + frame_of("three"));
}

CAF_TEST(bytes that were read before come first) {
  make();
  auto whole = frame_of("one") + frame_of("two");
  print(whole.substr(20) + frame_of("three"));
  attach(whole.substr(0, 20));
  poll();
  auto expected = std::vector{note{"one"}.payload(), note{"two"}.payload(), note{"three"}.payload()};
  CAF_CHECK_EQUAL(events.seen.frames(), expected);
}

CAF_TEST(a channel that was closed before has only one direction) {
  make();
  send("one");
  channel->close();
  CAF_CHECK_EQUAL(channel->queued(), 0u);
  attach();
  send("two");
  CAF_CHECK_EQUAL(peer::test::read_to_end(theirs.get()), "");
  print(frame_of("three"));
  poll();
  CAF_CHECK_EQUAL(events.seen.frames(), std::vector{note{"three"}.payload()});
}

CAF_TEST(a channel without a connection may go) {
  make();
  send("one");
  channel.reset();
  poll();
  CAF_CHECK(!events.closed);
}

// -- the other side vanishes ------------------------------------------------------------------------------------------

CAF_TEST(that the other side is gone is an orderly end) {
  open();
  send("never read");
  poll();
  print(frame_of("last words"));
  theirs.reset(); // with unread bytes: what reads here gets ECONNRESET
  poll();
  CAF_CHECK_EQUAL(events.seen.frames(), std::vector{note{"last words"}.payload()});
  CAF_CHECK_EQUAL(events.closed, caf::error{});
}

CAF_TEST(a reset of a TCP connection is an orderly end) {
  use_tcp();
  open();
  auto at_once = linger{1, 0};
  setsockopt(theirs.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  theirs.reset();
  run_until_closed();
  CAF_CHECK_EQUAL(events.closed, caf::error{});
}

CAF_TEST(a reset inside of a frame is an error) {
  open();
  send("never read");
  poll();
  print(frame_of("one").substr(0, 7));
  theirs.reset();
  poll();
  CAF_REQUIRE(events.closed);
  CAF_CHECK_EQUAL(*events.closed, errc::protocol_violation);
}

CAF_TEST(writing to a side that is gone is an orderly end and no signal) {
  open();
  print(frame_of("last words"));
  theirs.reset();
  send("one");
  CAF_CHECK_EQUAL(io->run_one(), 1u); // the write, before anything is read
  CAF_CHECK_EQUAL(events.seen.frames(), std::vector{note{"last words"}.payload()});
  CAF_CHECK_EQUAL(events.closed, caf::error{});
  CAF_CHECK_EQUAL(channel->queued(), 0u);
  poll();
}

CAF_TEST(writing to a side that reads no more is an orderly end) {
  open();
  shutdown(theirs.get(), SHUT_RD);
  send("one");
  poll();
  CAF_CHECK_EQUAL(events.closed, caf::error{});
}

// -- flush ------------------------------------------------------------------------------------------------------------

CAF_TEST(flush writes without the loop) {
  open();
  send("one");
  CAF_CHECK(channel->flush(0ms));
  CAF_CHECK_EQUAL(arrived(), frame_of("one"));
  CAF_CHECK(channel->flush(0ms));
  poll();
  CAF_CHECK_EQUAL(arrived(), "");
}

CAF_TEST(flush waits for a side that reads) {
  open();
  auto expected = send_much();
  auto received = std::string{};
  auto reader = std::thread{[&] { received = peer::test::read_to_end(theirs.get()); }};
  CAF_CHECK(channel->flush(60s));
  CAF_CHECK_EQUAL(channel->queued(), 0u);
  channel->close();
  reader.join();
  CAF_CHECK(received == expected);
}

CAF_TEST(flush gives up a side that does not read) {
  open();
  send_much();
  CAF_CHECK(!channel->flush(5ms));
  CAF_CHECK_GREATER(channel->queued(), 0u);
  CAF_CHECK(!events.closed);
}

CAF_TEST(flush raises no signal when the other side is gone) {
  open();
  theirs.reset();
  send("one");
  CAF_CHECK(!channel->flush(60s));
  auto input = unbox(peer::internal::process::make_pipe("a test"));
  auto output = unbox(peer::internal::process::make_pipe("a test"));
  output.read.reset();
  channel = peer::internal::connection::make_stream_channel(*io, std::move(input.read), std::move(output.write),
                                                            peer::internal::wire::make_packet_framing(), events);
  send("one");
  CAF_CHECK(!channel->flush(60s));
}

// -- order with a second stream ---------------------------------------------------------------------------------------

CAF_TEST(what was printed before a frame was sent can be read before it) {
  auto pipe = unbox(peer::internal::process::make_pipe("a test"));
  auto order = std::vector<std::string>{};
  auto text = peer::internal::connection::stream_reader::make(
      *io, std::move(pipe.read), [&](const_byte_span bytes) { order.emplace_back(peer::detail::as_text(bytes)); },
      [](std::error_code) {});
  open();
  events.before = [&] {
    text->catch_up();
    order.emplace_back("frame");
  };
  for (auto i = 0; i < 3; ++i) {
    CAF_CHECK_EQUAL(write(pipe.write.get(), "text", 4), 4);
    print(frame_of("one"));
    channel->drain(); // whatever the loop would look at first
  }
  CAF_CHECK_EQUAL(order, (std::vector{"text"s, "frame"s, "text"s, "frame"s, "text"s, "frame"s}));
  CAF_CHECK_EQUAL(events.seen.frames(), (std::vector<std::string>(3, note{"one"}.payload()))); // not what the pipe had
}

CAF_TEST_FIXTURE_SCOPE_END()
