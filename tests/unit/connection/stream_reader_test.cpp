// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.connection.stream_reader

#include "connection/stream_reader.hpp"
#include "tests/support/process_guard.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdlib>
#include <optional>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace std::literals;

using peer::const_byte_span;
using peer::detail::as_text;
using peer::internal::connection::stream_reader;
using peer::internal::process::descriptor;

namespace {

struct fixture {
  fixture() {
    alarm(60); // a hang ends the program
    io.emplace();
    ends = unbox(peer::internal::process::make_pipe("a test"));
  }

  ~fixture() {
    reader.reset();
    io.reset();
    ends = {};
    CAF_CHECK_EQUAL(guard.complaints(), std::vector<std::string>{});
    alarm(0);
  }

  void start(peer::internal::process::descriptor input) {
    reader = peer::internal::connection::stream_reader::make(
        *io, std::move(input),
        [this](const_byte_span bytes) {
          text += peer::detail::as_text(bytes);
          if (on_data)
            on_data();
        },
        [this](std::error_code why) {
          reasons.push_back(why);
          if (on_end)
            on_end();
        });
  }

  void start() { start(std::move(ends.read)); }

  void print(std::string_view what) {
    CAF_REQUIRE_EQUAL(write(ends.write.get(), what.data(), what.size()), static_cast<ssize_t>(what.size()));
  }

  /// Runs all handlers that are ready.
  void poll() {
    io->restart();
    while (io->poll() > 0)
      io->restart();
  }

  /// What was read since the last call.
  std::string taken() { return std::exchange(text, {}); }

  peer::test::process_guard guard;
  std::optional<boost::asio::io_context> io;
  peer::internal::process::pipe_ends ends;
  std::unique_ptr<peer::internal::connection::stream_reader> reader;
  std::string text;
  std::vector<std::error_code> reasons;
  std::function<void()> on_data;
  std::function<void()> on_end;
};

const auto at_end = std::vector<std::error_code>{std::error_code{}};

} // namespace

CAF_TEST_FIXTURE_SCOPE(stream_reader_tests, fixture)

CAF_TEST(bytes are passed on as they come and then the end) {
  start();
  poll();
  CAF_CHECK_EQUAL(taken(), "");
  print("one");
  poll();
  CAF_CHECK_EQUAL(taken(), "one");
  print("two");
  print("three");
  poll();
  CAF_CHECK_EQUAL(taken(), "twothree");
  CAF_CHECK(reasons.empty());
  print("four");
  ends.write.reset();
  poll();
  CAF_CHECK_EQUAL(taken(), "four");
  CAF_CHECK_EQUAL(reasons, at_end);
}

CAF_TEST(a full pipe is emptied) {
  auto all = std::string{};
  peer::internal::process::set_nonblocking(ends.write.get());
  while (write(ends.write.get(), "0123456789abcdef", 16) == 16)
    all += "0123456789abcdef";
  start();
  poll();
  CAF_CHECK(taken() == all);
}

CAF_TEST(an error ends the stream) {
  int sockets[2];
  CAF_REQUIRE_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
  CAF_CHECK_EQUAL(write(sockets[0], "unread", 6), 6);
  close(sockets[1]); // with bytes that nobody read: that resets the connection
  start(peer::internal::process::descriptor{sockets[0]});
  poll();
  CAF_CHECK_EQUAL(reasons, std::vector{std::make_error_code(std::errc::connection_reset)});
}

CAF_TEST(files and the null device are read to their end) {
  auto name = "/tmp/libpeer-XXXXXX"s;
  auto file = peer::internal::process::descriptor{mkostemp(name.data(), O_CLOEXEC)};
  CAF_CHECK_EQUAL(unlink(name.c_str()), 0);
  auto content = std::string(3'000'000, 'x');
  CAF_CHECK_EQUAL(write(file.get(), content.data(), content.size()), 3'000'000);
  lseek(file.get(), 0, SEEK_SET);
  start(std::move(file));
  poll();
  CAF_CHECK(taken() == content);
  CAF_CHECK_EQUAL(reasons, at_end);
  reasons.clear();
  start(unbox(peer::internal::process::open_null()));
  poll();
  CAF_CHECK_EQUAL(taken(), "");
  CAF_CHECK_EQUAL(reasons, at_end);
}

// -- pausing ----------------------------------------------------------------------------------------------------------

CAF_TEST(nothing is read between pause and resume) {
  start();
  reader->pause();
  print("one");
  ends.write.reset();
  poll();
  CAF_CHECK_EQUAL(taken(), "");
  reader->resume();
  poll();
  CAF_CHECK_EQUAL(taken(), "one");
  CAF_CHECK_EQUAL(reasons, at_end);
}

CAF_TEST(a handler may pause and each piece is passed on once) {
  on_data = [this] { reader->pause(); };
  start();
  print("one");
  poll();
  CAF_CHECK_EQUAL(taken(), "one");
  print("two");
  poll();
  CAF_CHECK_EQUAL(taken(), "");
  reader->resume();
  reader->resume();
  poll();
  CAF_CHECK_EQUAL(taken(), "two");
  print("three");
  reader->resume();
  reader->pause();
  poll();
  CAF_CHECK_EQUAL(taken(), "");
  reader->resume();
  poll();
  CAF_CHECK_EQUAL(taken(), "three");
}

CAF_TEST(a paused reader does not miss what came while it slept) {
  start();
  poll();
  reader->pause();
  print("one");
  poll(); // the wake-up that is used up
  reader->resume();
  poll();
  CAF_CHECK_EQUAL(taken(), "one");
}

// -- draining ---------------------------------------------------------------------------------------------------------

CAF_TEST(drain reads at once what is there and the end) {
  start();
  reader->pause();
  reader->drain();
  CAF_CHECK_EQUAL(taken(), "");
  print("one");
  reader->drain();
  CAF_CHECK_EQUAL(taken(), "one");
  CAF_CHECK(reasons.empty());
  print("two");
  ends.write.reset();
  reader->drain();
  CAF_CHECK_EQUAL(taken(), "two");
  CAF_CHECK_EQUAL(reasons, at_end);
  reader->drain();
  reader->resume();
  poll();
  CAF_CHECK_EQUAL(reasons, at_end);
}

CAF_TEST(drain reads all of a large pipe) {
  CAF_REQUIRE_GREATER(fcntl(ends.write.get(), F_SETPIPE_SZ, 1 << 20), 0);
  auto content = std::string(1 << 20, 'x');
  print(content);
  ends.write.reset();
  start();
  reader->drain();
  CAF_CHECK(taken() == content);
  CAF_CHECK_EQUAL(reasons, at_end);
}

CAF_TEST(drain returns although the writer never pauses) {
  on_data = [this] { print("more"); };
  start();
  print("one");
  reader->drain();
  CAF_CHECK_EQUAL(text.substr(0, 3), "one");
}

CAF_TEST(a writer that never pauses leaves other handlers their turn) {
  on_data = [this] { print("more"); };
  start();
  print("one");
  for (auto i = 0; i < 3; ++i)
    CAF_CHECK_EQUAL(io->run_one(), 1u); // each returns
}

// -- destruction ------------------------------------------------------------------------------------------------------

CAF_TEST(handlers may destroy the reader) {
  on_data = [this] { reader.reset(); };
  start();
  print("one");
  ends.write.reset();
  poll();
  CAF_CHECK_EQUAL(taken(), "one");
  CAF_CHECK(reasons.empty());
  ends = unbox(peer::internal::process::make_pipe("a test"));
  on_data = nullptr;
  on_end = [this] { reader.reset(); };
  start();
  print("two");
  ends.write.reset();
  poll();
  CAF_CHECK_EQUAL(taken(), "two");
  CAF_CHECK_EQUAL(reasons, at_end);
}

CAF_TEST(a reader that is gone calls nobody) {
  start();
  poll();
  print("one");
  reader.reset();
  poll();
  CAF_CHECK_EQUAL(taken(), "");
  CAF_CHECK(reasons.empty());
}

CAF_TEST(a reader that is gone calls nobody although its handler was ready to run) {
  auto other = unbox(peer::internal::process::make_pipe("a test"));
  auto other_reader = std::unique_ptr<peer::internal::connection::stream_reader>{};
  auto calls = 0;
  on_data = [&] { // whichever comes first destroys both
    ++calls;
    reader.reset();
    other_reader.reset();
  };
  other_reader = peer::internal::connection::stream_reader::make(
      *io, std::move(other.read), [this](const_byte_span) { on_data(); }, [](std::error_code) {});
  start();
  print("one");
  CAF_CHECK_EQUAL(write(other.write.get(), "x", 1), 1);
  poll();
  CAF_CHECK_EQUAL(calls, 1);
}

// -- catching up ------------------------------------------------------------------------------------------------------

CAF_TEST(a reader catches up without the loop) {
  start();
  reader->catch_up();
  CAF_CHECK_EQUAL(taken(), "");
  print("one");
  reader->catch_up();
  CAF_CHECK_EQUAL(taken(), "one");
  poll();
  print("two");
  poll();
  CAF_CHECK_EQUAL(taken(), "two");
  print("three");
  reader->pause();
  reader->catch_up();
  CAF_CHECK_EQUAL(taken(), "");
  reader->resume();
  ends.write.reset();
  reader->catch_up();
  CAF_CHECK_EQUAL(taken(), "three");
  CAF_CHECK(reasons.empty()); // the end is left to the loop
  poll();
  CAF_CHECK_EQUAL(reasons, at_end);
  reader->catch_up();
}

CAF_TEST(a reader may catch up in the handler of another) {
  start();
  auto second = unbox(peer::internal::process::make_pipe("a test"));
  auto copy = std::string{};
  auto outer = peer::internal::connection::stream_reader::make(
      *io, std::move(second.read),
      [&](const_byte_span bytes) {
        reader->catch_up();
        copy += peer::detail::as_text(bytes); // still what was read
      },
      [](std::error_code) {});
  for (auto i = 0; i < 3; ++i) {
    print("inner");
    CAF_CHECK_EQUAL(write(second.write.get(), "outer", 5), 5);
    outer->drain();
    CAF_CHECK_EQUAL(std::exchange(copy, {}), "outer");
    CAF_CHECK_EQUAL(taken(), "inner");
  }
}

// -- sockets ----------------------------------------------------------------------------------------------------------

CAF_TEST(a reader tells when its socket takes bytes again) {
  auto sockets = unbox(peer::internal::process::make_socket_pair("a test"));
  auto number = sockets.first.get();
  start(std::move(sockets.first));
  CAF_CHECK_EQUAL(reader->native_handle(), number);
  auto sent = std::size_t{0};
  auto piece = std::string(4096, '.');
  for (auto got = ssize_t{0}; got >= 0; got = send(number, piece.data(), piece.size(), MSG_DONTWAIT))
    sent += static_cast<std::size_t>(got);
  auto told = 0;
  reader->wait_writable([&] { ++told; });
  poll();
  CAF_CHECK_EQUAL(told, 0);
  for (auto left = sent; left > 0;)
    left -= static_cast<std::size_t>(read(sockets.second.get(), piece.data(), piece.size()));
  poll();
  CAF_CHECK_EQUAL(told, 1);
  sockets.second.reset();
  poll();
  CAF_CHECK_EQUAL(reasons, at_end);
  CAF_CHECK_EQUAL(reader->native_handle(), -1);
  reader->wait_writable([&] { ++told; });
  poll();
  CAF_CHECK_EQUAL(told, 1);
}

CAF_TEST_FIXTURE_SCOPE_END()
