// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Channels over pipes and sockets of this process, with a loop that the tests run step by step.

#define CAF_SUITE peer.connection.stream_channel

#include "connection/channel.hpp"
#include "peer/convert.hpp"
#include "peer/error.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/frame_recorder.hpp"
#include "tests/support/note.hpp"
#include "tests/support/process_facts.hpp"
#include "tests/support/process_guard.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <boost/asio/io_context.hpp>

#include <array>
#include <csignal>
#include <ctime>
#include <optional>

#include <sys/socket.h>
#include <unistd.h>

using namespace std::literals;

using peer::byte_buffer;
using peer::const_byte_span;
using peer::errc;
using peer::term;
using peer::internal::connection::channel_ptr;
using peer::internal::process::descriptor;
using peer::internal::wire::damage;
using peer::internal::wire::framing_ptr;
using peer::internal::wire::make_packet_framing;
using peer::internal::wire::make_stdio_framing;
using peer::test::error_text;
using peer::test::make_frame;
using peer::test::note;
using peer::test::stream_item;

namespace {

/// Remembers what a channel tells.
class recorder : public peer::internal::connection::channel::listener {
public:
  void on_frame(const_byte_span payload) override {
    CAF_CHECK(!closed);
    seen.on_frame(payload);
    if (then)
      then();
  }

  void on_text(const_byte_span text) override {
    CAF_CHECK(!closed);
    seen.on_text(text);
  }

  void on_closed(caf::error why) override {
    CAF_CHECK(!closed); // once
    closed = std::move(why);
  }

  void on_written() override { ++writes; }

  peer::test::frame_recorder seen;
  std::optional<caf::error> closed;
  std::size_t writes = 0;
  std::function<void()> then; ///< called for each frame
};

/// The descriptors of one side.
struct side {
  peer::internal::process::descriptor input;
  peer::internal::process::descriptor output;
};

/// Two sides that are connected by two pipes.
std::pair<side, side> connect() {
  auto there = unbox(peer::internal::process::make_pipe("there"));
  auto back = unbox(peer::internal::process::make_pipe("back"));
  return {side{std::move(back.read), std::move(there.write)}, side{std::move(there.read), std::move(back.write)}};
}

struct fixture {
  fixture() {
    alarm(60); // a hang ends the program
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &mask_before); // as the loop's thread does
    io.emplace();
    std::tie(ours, theirs) = connect();
  }

  ~fixture() {
    channel.reset();
    io.reset();
    ours = {};
    theirs = {};
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    auto none = timespec{};
    sigtimedwait(&pipe, nullptr, &none); // the one that is pending, if there is one
    pthread_sigmask(SIG_SETMASK, &mask_before, nullptr);
    CAF_CHECK_EQUAL(guard.complaints(), std::vector<std::string>{});
    alarm(0);
  }

  void open(framing_ptr framing = peer::internal::wire::make_packet_framing()) {
    channel = peer::internal::connection::make_stream_channel(*io, std::move(ours.input), std::move(ours.output),
                                                              std::move(framing), events);
  }

  /// Runs all handlers that are ready.
  void poll() {
    io->restart();
    while (io->poll() > 0)
      io->restart();
  }

  /// Writes bytes from the other side.
  void print(std::string_view bytes) {
    CAF_REQUIRE_EQUAL(write(theirs.output.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }

  /// What has arrived at the other side, without waiting.
  std::string arrived() {
    auto result = std::string{};
    auto buffer = std::array<char, 4096>{};
    peer::internal::process::set_nonblocking(theirs.input.get());
    for (;;) {
      auto got = read(theirs.input.get(), buffer.data(), buffer.size());
      if (got <= 0)
        return result;
      result.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }

  /// Whether the other side sees the end of its input.
  bool ended_there() {
    auto c = char{};
    return read(theirs.input.get(), &c, 1) == 0;
  }

  void send(std::string_view text) { CAF_CHECK_EQUAL(channel->send(note{text}.message), caf::error{}); }

  /// Sends messages until the pipe is full and some wait. Returns the frames.
  std::string fill() {
    auto all = std::string{};
    auto framing = peer::internal::wire::make_packet_framing();
    for (auto i = 0; channel->queued() == 0 || i < 5000; ++i) {
      auto text = std::to_string(i) + std::string(100, '.');
      send(text);
      all += make_frame(*framing, note{text}.payload());
      poll();
    }
    return all;
  }

  peer::test::process_guard guard;
  sigset_t mask_before;
  std::optional<boost::asio::io_context> io;
  side ours;
  side theirs;
  recorder events;
  peer::internal::connection::channel_ptr channel;
};

/// What a framing makes of `text`.
std::string frame_of(std::string_view text, framing_ptr framing = peer::internal::wire::make_packet_framing()) {
  return make_frame(*framing, note{text}.payload());
}

std::string stdio_frame_of(std::string_view text) {
  return frame_of(text, peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::resync));
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(stream_channel_tests, fixture)

// -- messages ---------------------------------------------------------------------------------------------------------

CAF_TEST(messages go both ways between two channels) {
  for (auto stdio : {true, false}) {
    auto make_framing = [stdio] {
      return stdio ? peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::reject)
                   : peer::internal::wire::make_packet_framing();
    };
    auto [left, right] = connect();
    recorder left_events, right_events;
    auto first = peer::internal::connection::make_stream_channel(*io, std::move(left.input), std::move(left.output),
                                                                 make_framing(), left_events);
    auto second = peer::internal::connection::make_stream_channel(*io, std::move(right.input), std::move(right.output),
                                                                  make_framing(), right_events);
    CAF_CHECK_EQUAL(first->send(note{"one"}.message), caf::error{});
    CAF_CHECK_EQUAL(first->send(note{"two"}.message), caf::error{});
    CAF_CHECK_EQUAL(second->send(note{"three"}.message), caf::error{});
    poll();
    CAF_CHECK_EQUAL(right_events.seen.frames(), (std::vector{note{"one"}.payload(), note{"two"}.payload()}));
    CAF_CHECK_EQUAL(left_events.seen.frames(), std::vector{note{"three"}.payload()});
    CAF_CHECK(!left_events.closed && !right_events.closed);
    CAF_CHECK_GREATER(second->written(), 0u);
    CAF_CHECK_EQUAL(first->received(), second->written());
    CAF_CHECK_EQUAL(second->received(), first->written());
    first.reset();
    poll();
    CAF_CHECK_EQUAL(right_events.closed, caf::error{});
  }
}

CAF_TEST(what is sent in one turn is one write) {
  int sockets[2];
  CAF_REQUIRE_EQUAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0); // keeps writes apart
  ours.output = peer::internal::process::descriptor{sockets[0]};
  theirs.input = peer::internal::process::descriptor{sockets[1]};
  open();
  peer::internal::process::set_nonblocking(sockets[1]);
  auto next_write = [&] {
    auto buffer = std::array<char, 4096>{};
    auto got = read(sockets[1], buffer.data(), buffer.size());
    return std::string{buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  };
  for (auto text : {"one", "two", "three"})
    send(text);
  CAF_CHECK_EQUAL(channel->queued(), (frame_of("one") + frame_of("two") + frame_of("three")).size());
  CAF_CHECK_EQUAL(next_write(), ""); // not before the turn ends
  poll();
  CAF_CHECK_EQUAL(events.writes, 1u);
  CAF_CHECK_EQUAL(channel->queued(), 0u);
  CAF_CHECK_EQUAL(next_write(), frame_of("one") + frame_of("two") + frame_of("three"));
  CAF_CHECK_EQUAL(next_write(), "");
  send("four");
  poll();
  CAF_CHECK_EQUAL(next_write(), frame_of("four"));
}

CAF_TEST(answers that are sent while frames arrive leave together) {
  open();
  events.then = [this] { send("answer"); };
  print(frame_of("one") + frame_of("two"));
  poll();
  CAF_CHECK_EQUAL(events.seen.frames().size(), 2u);
  CAF_CHECK_EQUAL(arrived(), frame_of("answer") + frame_of("answer"));
}

CAF_TEST(text between frames keeps its place) {
  open(peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::resync));
  auto stream = "a" + stdio_frame_of("one") + "b\n\xC3\xA9" + stdio_frame_of("two") + "c";
  for (auto byte : stream) {
    print({&byte, 1});
    poll();
  }
  theirs = {};
  poll();
  auto expected = std::vector<stream_item>{
      {false, "a"}, {true, note{"one"}.payload()}, {false, "b\n\xC3\xA9"}, {true, note{"two"}.payload()}, {false, "c"}};
  CAF_CHECK(events.seen.items == expected);
  CAF_CHECK_EQUAL(events.closed, caf::error{});
}

CAF_TEST(damaged frames are counted) {
  open(peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::resync));
  auto damaged = stdio_frame_of("one");
  damaged.back() ^= 0b100;
  print(damaged + stdio_frame_of("two"));
  poll();
  CAF_CHECK_EQUAL(channel->lost_frames(), 1u);
  CAF_CHECK_EQUAL(events.seen.frames(), std::vector{note{"two"}.payload()});
}

CAF_TEST(a message over the limit is refused and the next one is not ) {
  open(peer::internal::wire::make_packet_framing(64));
  auto failed = channel->send(note{std::string(100, 'x')}.message);
  CAF_CHECK_EQUAL(failed, errc::protocol_violation);
  send("two");
  poll();
  CAF_CHECK_EQUAL(arrived(), frame_of("two"));
  CAF_CHECK(!events.closed);
}

CAF_TEST(drain passes on what is there without the loop) {
  open();
  print(frame_of("one"));
  channel->drain();
  CAF_CHECK_EQUAL(events.seen.frames(), std::vector{note{"one"}.payload()});
  theirs = {};
  channel->drain();
  CAF_CHECK_EQUAL(events.closed, caf::error{});
  channel->drain();
  poll();
}

// -- the end ----------------------------------------------------------------------------------------------------------

CAF_TEST(the end between two frames is told without an error) {
  open();
  print(frame_of("one"));
  theirs = {};
  poll();
  CAF_CHECK_EQUAL(events.seen.frames().size(), 1u);
  CAF_CHECK_EQUAL(events.closed, caf::error{});
  send("late"); // nobody gets it, and it is no error
  CAF_CHECK_EQUAL(channel->queued(), 0u);
  poll();
}

CAF_TEST(the end inside of a frame is an error) {
  open();
  print(frame_of("one") + frame_of("two").substr(0, 7));
  theirs = {};
  poll();
  CAF_CHECK_EQUAL(events.seen.frames().size(), 1u);
  CAF_CHECK_EQUAL(events.closed, errc::protocol_violation);
}

CAF_TEST(bytes that are no frame are an error that ends both directions) {
  open();
  print(frame_of("one") + "\x7F\xFF\xFF\xFFgarbage" + frame_of("two"));
  poll();
  CAF_CHECK_EQUAL(events.seen.frames(), std::vector{note{"one"}.payload()});
  CAF_REQUIRE(events.closed);
  CAF_CHECK_EQUAL(*events.closed, errc::protocol_violation);
  CAF_CHECK_NOT_EQUAL(error_text(*events.closed).find("2147483647 bytes exceeds the limit"), std::string::npos);
  CAF_CHECK(ended_there());
  print(frame_of("three")); // read and dropped, so that the other side need not wait
  theirs = {};
  poll();
  CAF_CHECK_EQUAL(events.seen.frames().size(), 1u);
}

CAF_TEST(writing to a side that does not read is an error) {
  open();
  theirs.input.reset();
  send("one");
  poll();
  CAF_REQUIRE(events.closed);
  CAF_CHECK_EQUAL(*events.closed, errc::system_failure);
  CAF_CHECK_EQUAL(error_text(*events.closed), "cannot write to the peer: Broken pipe");
  CAF_CHECK_EQUAL(channel->queued(), 0u);
}

CAF_TEST(what the other side wrote before it ended is passed on although writing fails) {
  open();
  print(frame_of("last words"));
  theirs = {};
  send("one");
  CAF_CHECK_EQUAL(io->run_one(), 1u); // the write, before anything is read
  CAF_CHECK_EQUAL(events.seen.frames(), std::vector{note{"last words"}.payload()});
  CAF_CHECK_EQUAL(events.closed, caf::error{});
  poll();
}

CAF_TEST(close ends the outgoing stream after what is queued) {
  open();
  send("one");
  channel->close();
  send("late");
  CAF_CHECK_EQUAL(channel->queued(), 0u);
  CAF_CHECK_EQUAL(arrived(), frame_of("one"));
  CAF_CHECK(ended_there());
  CAF_CHECK(!events.closed);
  print(frame_of("two"));
  poll();
  CAF_CHECK_EQUAL(events.seen.frames(), std::vector{note{"two"}.payload()});
  channel->close();
  theirs = {};
  poll();
  CAF_CHECK_EQUAL(events.closed, caf::error{});
}

CAF_TEST(a message handler may close the channel) {
  open();
  events.then = [this] {
    send("answer");
    channel->close();
  };
  print(frame_of("one") + frame_of("two"));
  poll();
  CAF_CHECK_EQUAL(events.seen.frames().size(), 2u);
  CAF_CHECK_EQUAL(arrived(), frame_of("answer"));
  CAF_CHECK(ended_there());
}

// -- a side that is slow ----------------------------------------------------------------------------------------------

CAF_TEST(what does not fit into the pipe waits and arrives in order) {
  open();
  auto expected = fill();
  auto queued = channel->queued();
  CAF_CHECK_GREATER(queued, 0u);
  auto received = arrived();
  poll();
  CAF_CHECK_LESS(channel->queued(), queued);
  while (channel->queued() > 0) {
    received += arrived();
    poll();
  }
  received += arrived();
  CAF_CHECK(received == expected);
  send("more");
  poll();
  CAF_CHECK_EQUAL(arrived(), frame_of("more"));
}

CAF_TEST(messages arrive while the outgoing direction is full) {
  open();
  fill();
  print(frame_of("one"));
  poll();
  CAF_CHECK_EQUAL(events.seen.frames(), std::vector{note{"one"}.payload()});
}

CAF_TEST(close does not wait for a full pipe) {
  open();
  auto expected = fill();
  channel->close();
  CAF_CHECK_EQUAL(channel->queued(), 0u);
  auto received = peer::test::read_to_end(theirs.input.get());
  CAF_CHECK_GREATER(received.size(), 0u);
  CAF_CHECK(expected.starts_with(received));
}

CAF_TEST(the other side may end while messages wait) {
  open();
  fill();
  theirs.input.reset();
  poll();
  CAF_REQUIRE(events.closed);
  CAF_CHECK_EQUAL(error_text(*events.closed), "cannot write to the peer: Broken pipe");
}

// -- destruction ------------------------------------------------------------------------------------------------------

CAF_TEST(a channel that is gone calls nobody) {
  open();
  print(frame_of("one"));
  send("two");
  channel.reset();
  poll();
  CAF_CHECK(events.seen.items.empty());
  CAF_CHECK(!events.closed);
  CAF_CHECK_EQUAL(arrived(), "");
}

CAF_TEST(a channel may go while it waits to write) {
  open();
  fill();
  theirs.input.reset(); // the waiting ends
  channel.reset();
  poll();
  CAF_CHECK(!events.closed);
}

CAF_TEST_FIXTURE_SCOPE_END()
