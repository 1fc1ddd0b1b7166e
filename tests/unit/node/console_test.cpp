// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// A node's side of the I/O protocol, over a socket pair whose other end the test reads.

#define CAF_SUITE peer.node.console

#include "node/console_client.hpp"
#include "peer/convert.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <boost/asio/io_context.hpp>

#include <string>
#include <vector>

#include <unistd.h>

using namespace std::literals;

using peer::atom;
using peer::term;

namespace {

struct nobody : peer::internal::connection::channel::listener {
  void on_frame(peer::const_byte_span) override {}
  void on_text(peer::const_byte_span) override {}
  void on_closed(caf::error) override {}
};

/// Collects the requests that arrive at the origin.
struct origin : peer::internal::wire::framing::sink {
  void on_frame(peer::const_byte_span payload) override {
    auto message = peer::load_term<term>(payload.subspan(1));
    CAF_REQUIRE(message);
    auto& elements = *message->get_if<peer::erl::tuple>();
    CAF_REQUIRE_EQUAL(elements[0], term{atom{"io_request"}});
    asked.push_back(elements);
  }

  void on_text(peer::const_byte_span) override {}

  std::vector<peer::erl::tuple> asked;
};

constexpr auto queue_limit = std::size_t{1} << 20;

/// @tparam Libpeer whether the origin is a libpeer program
template <bool Libpeer>
struct basic_fixture {
  basic_fixture() {
    auto link = peer::internal::process::make_socket_pair("the test");
    CAF_REQUIRE(link);
    far_end = std::move(link->second);
    peer::internal::process::set_nonblocking(far_end.get());
    channel = peer::internal::connection::make_stream_channel(io, std::move(link->first), {},
                                                              peer::internal::wire::make_packet_framing(), events);
    auto pipe = peer::internal::process::make_pipe("the test");
    CAF_REQUIRE(pipe);
    out = std::move(pipe->write);
    console.emplace(*channel, peer::pid{atom{"nonode@nohost"}, 1, 0, 0}, queue_limit, Libpeer);
    console->forward(io, std::move(pipe->read));
  }

  void print(std::string_view text) {
    CAF_REQUIRE_EQUAL(write(out.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    console->catch_up();
  }

  /// What the origin is asked for, printed, since the last time.
  std::vector<std::string> requests() {
    auto result = std::vector<std::string>{};
    char bytes[65536];
    for (auto more = true; more;) {
      io.poll();
      io.restart();
      auto count = read(far_end.get(), bytes, sizeof(bytes));
      more = count > 0;
      if (more)
        CAF_REQUIRE(!framing->consume(std::as_bytes(std::span{bytes, static_cast<std::size_t>(count)}), received));
    }
    for (; seen < received.asked.size(); ++seen)
      result.push_back(to_string(received.asked[seen][3]));
    return result;
  }

  /// Answers the request of that number, counted from 0.
  void answer(std::size_t number, const term& reply) {
    auto& request = received.asked.at(number);
    auto from = peer::byte_buffer{};
    auto reply_as = peer::byte_buffer{};
    auto encoded = peer::byte_buffer{};
    CAF_REQUIRE(!save_term(from, request[1]));
    CAF_REQUIRE(!save_term(reply_as, request[2]));
    CAF_REQUIRE(!save_term(encoded, reply));
    console->on_reply(peer::internal::wire::io_reply{from, reply_as, encoded});
  }

  using strings = std::vector<std::string>;

  boost::asio::io_context io;
  nobody events;
  peer::internal::process::descriptor far_end;
  peer::internal::process::descriptor out;
  peer::internal::connection::channel_ptr channel;
  std::optional<peer::internal::node::console_client> console;
  peer::internal::wire::framing_ptr framing = peer::internal::wire::make_packet_framing();
  origin received;
  std::size_t seen = 0;
  term ok = atom{"ok"};
};

using fixture = basic_fixture<true>;
using erlang_fixture = basic_fixture<false>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(console_tests, fixture)

CAF_TEST(answers find who asked in any order) {
  auto answers = strings{};
  auto note = [&](term x) { answers.push_back(to_string(x)); };
  CAF_CHECK(!console->request(atom{"getopts"}, note));
  CAF_CHECK(!console->request(atom{"other"}, note));
  CAF_CHECK_EQUAL(requests(), (strings{"getopts", "other"}));
  answer(1, 1);
  answer(0, 2);
  answer(0, 3); // nobody asks any more
  CAF_CHECK_EQUAL(answers, (strings{"1", "2"}));
}

CAF_TEST(text is sent as characters and a split one as a whole) {
  print("caf\xC3");
  CAF_CHECK_EQUAL(requests(), (strings{"{put_chars,unicode,<<\"caf\">>}"}));
  print("\xA9\n");
  CAF_CHECK_EQUAL(requests(), (strings{"{put_chars,unicode,<<\"\xC3\xA9\\n\"/utf8>>}"}));
}

CAF_TEST(other bytes are sent as such to a libpeer program) {
  print("\xFF-\xC3\xA9\n");
  print("text");
  CAF_CHECK_EQUAL(requests(), (strings{"{put_bytes,<<255,45,195,169,10>>}", "{put_chars,unicode,<<\"text\">>}"}));
}

CAF_TEST(a program that prints faster than the origin accepts has to wait) {
  auto chunk = std::string(16384, 'x');
  auto printed = std::size_t{0};
  while (console->backlog() <= peer::defaults::console_window) {
    print(chunk);
    printed += chunk.size();
  }
  auto waiting = requests().size();
  print(chunk);
  CAF_CHECK_EQUAL(console->backlog(), printed);
  CAF_CHECK_EQUAL(requests().size(), 0u);
  for (auto i = 0u; i < waiting; ++i)
    answer(i, ok);
  CAF_CHECK_EQUAL(requests().size(), 1u);
  CAF_CHECK_EQUAL(console->backlog(), chunk.size());
}

CAF_TEST(no more requests of the program wait for their answers than may) {
  auto answered = std::size_t{0};
  auto ask = [&] { return console->request(atom{"getopts"}, [&](const term&) { ++answered; }); };
  for (auto i = std::size_t{0}; i < peer::defaults::max_io_requests; ++i) {
    CAF_REQUIRE(!ask());
    if (i % 1000 == 0)
      requests();
  }
  CAF_CHECK_EQUAL(ask(), peer::errc::overload);
  requests();
  answer(0, ok);
  CAF_CHECK_EQUAL(answered, 1u);
  CAF_CHECK(!ask());
  CAF_CHECK_EQUAL(ask(), peer::errc::overload);
}

CAF_TEST(requests of the program do not pile up before an origin that does not read) {
  auto sent = std::size_t{0};
  auto big = std::string(1000, 'x');
  while (sent < 2 * queue_limit && !console->request(term{big}, [](const term&) {}))
    sent += big.size();
  CAF_CHECK_LESS(sent, 2 * queue_limit); // some of it is in the socket
  CAF_CHECK_EQUAL(console->request(term{big}, [](const term&) {}), peer::errc::overload);
  requests();
  CAF_CHECK(!console->request(term{big}, [](const term&) {}));
}

CAF_TEST(the end does not wait for the rest of a character) {
  print("\xC3");
  CAF_CHECK_EQUAL(requests(), strings{});
  console->finish();
  CAF_CHECK_EQUAL(requests(), (strings{"{put_bytes,<<195>>}"}));
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST_FIXTURE_SCOPE(erlang_tests, erlang_fixture)

CAF_TEST(other bytes are sent as Latin 1 to an Erlang origin) {
  print("\xFF\xFE-\xC3\xA9\n");
  print("next");
  CAF_CHECK_EQUAL(requests(),
                  (strings{"{put_chars,latin1,<<255,254>>}", "{put_chars,unicode,<<\"-\xC3\xA9\\n\"/utf8>>}",
                           "{put_chars,unicode,<<\"next\">>}"}));
}

CAF_TEST_FIXTURE_SCOPE_END()
