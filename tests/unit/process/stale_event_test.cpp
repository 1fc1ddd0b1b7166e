// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Asio may report an event of a descriptor that was closed to the one that was registered next. Nothing may be killed,
// closed or accepted because of that.

#define CAF_SUITE peer.process.stale_event

#include "connection/acceptor.hpp"
#include "connection/listening.hpp"
#include "connection/stream_reader.hpp"
#include "tests/unit/process/subprocess_fixture.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>

#include <sys/socket.h>

using namespace std::literals;
using namespace peer::test;

using peer::internal::process::descriptor;
using peer::internal::process::subprocess;

namespace {

using stream = boost::asio::posix::stream_descriptor;

/// Two descriptors that are readable at the same time. The handler of the first one closes the second one, whose event
/// waits in Asio's queue, and calls `next`. What that registers gets the event.
class stale_event {
public:
  stale_event(boost::asio::io_context& io, std::function<void()> next) : next_(std::move(next)) {
    for (auto& each : pairs_) {
      auto ends = std::array<int, 2>{};
      CAF_REQUIRE_EQUAL(pipe2(ends.data(), O_CLOEXEC), 0);
      each.input.emplace(io, ends[0]);
      each.output = descriptor{ends[1]};
    }
    await(pairs_[0], pairs_[1]);
    await(pairs_[1], pairs_[0]);
    for (auto& each : pairs_)
      CAF_REQUIRE_EQUAL(write(each.output.get(), "x", 1), 1);
  }

private:
  struct pipe {
    std::optional<stream> input;
    descriptor output;
  };

  void await(pipe& self, pipe& other) {
    self.input->async_wait(stream::wait_read, [this, &other](const boost::system::error_code& failed) {
      if (failed || !other.input)
        return;
      other.input.reset();
      next_();
    });
  }

  std::array<pipe, 2> pairs_;
  std::function<void()> next_;
};

struct fixture : subprocess_fixture {
  /// Runs all handlers that are ready, after `next` has registered something.
  void with_stale_event(std::function<void()> next) {
    auto called = false;
    auto event = stale_event{*io, [&] {
                               called = true;
                               next();
                             }};
    for (auto i = 0; i < 20; ++i)
      io->poll_one();
    CAF_REQUIRE(called);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(stale_event_tests, fixture)

CAF_TEST(the event goes to the next descriptor that waits) {
  auto fds = std::array<int, 2>{};
  CAF_REQUIRE_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), 0);
  auto victim = std::optional<stream>{};
  auto misled = false;
  with_stale_event([&] {
    victim.emplace(*io, fds[0]);
    victim->async_wait(stream::wait_read, [&](const boost::system::error_code& failed) { misled = !failed; });
  });
  CAF_CHECK(misled); // else the other tests of this suite show nothing
  victim.reset();
  close(fds[1]);
}

CAF_TEST(a process is not killed) {
  auto gate = make_lasting_pipe();
  auto options = shell("read line; exit 7");
  options.standard_input = gate.read.get();
  options.standard_output = STDOUT_FILENO;
  options.standard_error = STDERR_FILENO;
  auto process = subprocess_ptr{};
  auto ended = false;
  with_stale_event([&] {
    process = unbox(subprocess::spawn(*io, options));
    process->on_exit([&](const peer::exit_status&, const std::vector<peer::survivor>&) { ended = true; });
  });
  CAF_CHECK(!ended);
  CAF_REQUIRE_EQUAL(write(gate.write.get(), "\n", 1), 1);
  while (!ended)
    io->run_one();
  CAF_CHECK_EQUAL(to_string(*process->status()), "exited with status 7");
}

CAF_TEST(a stream is neither read nor ended) {
  auto fds = std::array<int, 2>{};
  CAF_REQUIRE_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), 0);
  auto other_end = descriptor{fds[1]};
  auto reader = std::unique_ptr<peer::internal::connection::stream_reader>{};
  auto read = std::string{};
  auto ended = false;
  with_stale_event([&] {
    reader = peer::internal::connection::stream_reader::make(
        *io, descriptor{fds[0]}, [&](peer::const_byte_span bytes) { read += peer::detail::as_text(bytes); },
        [&](std::error_code) { ended = true; });
  });
  CAF_CHECK(!ended);
  CAF_CHECK_EQUAL(read, "");
  CAF_REQUIRE_EQUAL(write(other_end.get(), "later", 5), 5);
  while (read.empty() && !ended)
    io->run_one();
  CAF_CHECK_EQUAL(read, "later");
}

CAF_TEST(nothing is accepted) {
  using peer::internal::connection::acceptor;
  auto place = unbox(peer::internal::connection::listen_at("127.0.0.1", 0));
  auto how = acceptor::settings{};
  how.secret = unbox(peer::internal::connection::make_token());
  auto gate = std::unique_ptr<acceptor>{};
  auto accepted = false;
  with_stale_event(
      [&] { gate = acceptor::start(*io, std::move(place.socket), how, [&](auto&&...) { accepted = true; }); });
  CAF_CHECK(!accepted);
  CAF_CHECK_EQUAL(gate->refused(), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()
