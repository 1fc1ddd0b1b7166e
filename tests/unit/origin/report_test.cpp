// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// What errors say, and what can be read from them.

#define CAF_SUITE peer.origin.report

#include "peer/convert.hpp"
#include "peer/failure.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <string>

using namespace std::literals;

using peer::atom;
using peer::delivery;
using peer::describe;
using peer::errc;
using peer::erl::exception;
using peer::erl::list;
using peer::erl::tuple;

namespace {

caf::error raised(exception details) {
  return caf::make_error(errc::exception, "the call of m:f in peer 'a'"s, std::move(details));
}

exception refused(const char* reason, peer::term info) {
  auto place = tuple{atom{"m"}, atom{"f"}, list{1, 2}, list{std::move(info)}};
  return {peer::exception_class::error_, atom{reason}, list{std::move(place)}};
}

caf::error ended() {
  auto details = peer::failure{};
  details.who = "peer 'a'";
  details.at = peer::phase::running;
  details.status = peer::exit_status{.how = peer::exit_status::kind::exited, .value = 3};
  return caf::make_error(errc::exit_status, std::move(details));
}

} // namespace

CAF_TEST(of a long reason the start is shown) {
  auto integer = peer::erl::big_integer{false, std::string(1000, '\1')};
  CAF_CHECK_EQUAL(describe(raised({peer::exception_class::error_, tuple{atom{"badarith"}, integer}, list{}})),
                  "the call of m:f in peer 'a' ended with error: {badarith,#Integer<1000 bytes>}");
  auto text = describe(raised({peer::exception_class::exit_, std::string(1'000'000, 'x'), list{}}));
  CAF_CHECK(text.starts_with("the call of m:f in peer 'a' ended with exit: <<\"xxxxx"));
  CAF_CHECK(text.ends_with("xxx…"));
  CAF_CHECK_LESS(text.size(), 5000u);
}

CAF_TEST(a text of the peer changes no terminal and forges no line) {
  auto details = *peer::failure_of(ended());
  details.cause = "it said \x1B[2Jhello\nforged";
  details.survivors = {{7, "sleep \x1B]0;x"}};
  details.last_words = {"one\rtwo", "\u202Ethree", "four\nchild 'a' was restarted"};
  CAF_CHECK_EQUAL(describe(caf::make_error(errc::exit_status, details)),
                  "peer 'a' ended while running: it said \\x1B[2Jhello\\x0Aforged; the process exited with status 3; "
                  "left behind: 7 "
                  "(sleep \\x1B]0;x); its last words:\n  one\\x0Dtwo\n  \\x{202E}three\n  four\\x0Achild 'a' was "
                  "restarted");
  auto hint = tuple{atom{"expected"}, "(\x1B[1m)\nforged"};
  CAF_CHECK_EQUAL(describe(raised(refused("badarg", hint))),
                  "the call of m:f in peer 'a' ended with error: badarg in m:f/2; expected (\\x1B[1m)\\x0Aforged");
  CAF_CHECK_EQUAL(describe(peer::fail(errc::bad_term, "a\x1B")), "a\\x1B");
}

CAF_TEST(a request to an actor that has exited was not delivered) {
  auto gone = peer::from_request(caf::make_error(caf::sec::request_receiver_down));
  CAF_CHECK_EQUAL(gone, errc::noproc);
  CAF_CHECK(peer::delivery_of(gone) == delivery::not_delivered);
  CAF_CHECK(peer::delivery_of(caf::make_error(caf::sec::request_receiver_down)) == delivery::not_delivered);
}

CAF_TEST(a request to an actor that is killed may have been delivered) {
  auto killed = peer::with_delivery(peer::fail(errc::noproc, "it was killed"), delivery::unanswered);
  CAF_CHECK_EQUAL(killed, errc::noproc);
  CAF_CHECK(peer::delivery_of(killed) == delivery::unanswered);
  CAF_CHECK_EQUAL(describe(killed), "it was killed");
}

CAF_TEST(a child that could not be started has the details of its peer) {
  auto failed = peer::with_details_of(ended(), errc::failed_to_start_child, "child 'b' could not be started");
  CAF_CHECK_EQUAL(failed, errc::failed_to_start_child);
  CAF_REQUIRE(peer::failure_of(failed) != nullptr);
  CAF_CHECK_EQUAL(peer::failure_of(failed)->who, "peer 'a'");
  CAF_CHECK_EQUAL(describe(failed), "child 'b' could not be started");
  CAF_CHECK_EQUAL(to_string(peer::to_reason(failed)), "{failed_to_start_child,<<\"child 'b' could not be started\">>}");
  auto outer = peer::with_details_of(failed, errc::failed_to_start_child, "child 'c' could not be started");
  CAF_REQUIRE(peer::failure_of(outer) != nullptr);
  auto threw = peer::with_details_of(raised(refused("badarg", 1)), errc::failed_to_start_child, "child 'd'");
  CAF_CHECK(peer::failure_of(threw) == nullptr);
  CAF_CHECK(peer::exception_of(threw) != nullptr);
  CAF_CHECK_EQUAL(describe(threw), "child 'd'");
}

CAF_TEST(an exception is described with its place and what would be right) {
  auto wrong = peer::tagged("expected", "m:f(integer()) -> ok");
  CAF_CHECK_EQUAL(describe(raised(refused("badarg", wrong))),
                  "the call of m:f in peer 'a' ended with error: badarg in m:f/2; expected m:f(integer()) -> ok");
  auto others = peer::tagged("functions", list{"m:f() -> ok", "m:f(atom()) -> ok"});
  CAF_CHECK_EQUAL(
      describe(raised(refused("undef", others))),
      "the call of m:f in peer 'a' ended with error: undef in m:f/2; there is m:f() -> ok; there is m:f(atom()) -> ok");
  CAF_CHECK_EQUAL(describe(caf::make_error(errc::exception, exception{peer::exception_class::exit_, 7, list{}})),
                  "the called function ended with exit: 7");
}

CAF_TEST(a stacktrace of any shape is described) {
  for (auto text : {"[]", "[a]", "{a}", "[{a,b}]", "[{m,f,x,y}]", "[{m,f,1,[{functions,x}]}]",
                    "[{m,f,1,[{functions,[x]},{expected,1}]}]"}) {
    auto details = exception{peer::exception_class::error_, 1, *peer::parse_term(text)};
    CAF_CHECK(describe(raised(details)).starts_with("the call of m:f in peer 'a' ended with error: 1"));
  }
}

CAF_TEST(an error that a function has returned comes back with its code) {
  auto reason = *peer::to_term(caf::make_error(caf::sec::unexpected_message, "why"s));
  auto failed = raised({peer::exception_class::error_, reason, list{}});
  CAF_CHECK_EQUAL(peer::returned_error_of(failed), caf::sec::unexpected_message);
  CAF_CHECK_EQUAL(peer::from_term<caf::error>(peer::exception_of(failed)->reason), caf::sec::unexpected_message);
  CAF_CHECK(!peer::returned_error_of(raised(refused("badarg", 1))));
  CAF_CHECK(!peer::returned_error_of(ended()));
}
