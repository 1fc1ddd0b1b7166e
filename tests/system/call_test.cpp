// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Calls and casts into a real erl.

#define CAF_SUITE peer.system.call

#include "loop/event_loop.hpp"
#include "peer/group.hpp"
#include "peer/supervisor.hpp"
#include "support/random_term.hpp"
#include "support/system_fixture.hpp"

#include <future>
#include <limits>
#include <map>
#include <tuple>

using namespace peer::test;
using namespace std::chrono_literals;

using peer::atom;
using peer::term;

namespace {

struct point {
  int x = 0;
  int y = 0;

  friend bool operator==(const point&, const point&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, point& p) {
  return f.object(p).pretty_name("point").fields(f.field("x", p.x), f.field("y", p.y));
}

/// Whether there is a closure in `value`.
bool holds_opaque(const term& value) {
  auto any = [](const auto& elements) { return std::any_of(elements.begin(), elements.end(), holds_opaque); };
  if (auto list = value.get_if<peer::erl::list>())
    return any(*list) || (list->tail() && holds_opaque(*list->tail()));
  if (auto tuple = value.get_if<peer::erl::tuple>())
    return any(*tuple);
  if (auto map = value.get_if<peer::erl::map>())
    return std::any_of(map->begin(), map->end(),
                       [](auto& x) { return holds_opaque(x.first) || holds_opaque(x.second); });
  return value.is<peer::erl::opaque>();
}

/// Does something on the loop, as a callback of the program would.
template <class F>
auto on_loop(caf::actor_system& sys, F f) {
  auto result = std::promise<decltype(f())>{};
  (*peer::internal::loop::event_loop::of(sys))->post([&] { result.set_value(f()); });
  return result.get_future().get();
}

struct fixture : system_fixture {
  fixture() : worker(start(erl()).within(patience)) {}

  /// Sends `value` there and back as a `T`.
  template <class T>
  T echo(const T& value) {
    return value_of(worker.call<T>("erlang", "hd", std::vector<T>{value}));
  }

  /// Whether Erlang finds that C++ value equal (=:=) to the term that the text spells.
  template <class T>
  bool is(const T& value, std::string_view spelt) {
    auto read = value_of(worker.call<term>("erl_scan", "string", charlist(std::string{spelt} + ".")));
    auto tokens = match_tagged(read, "ok", 3);
    CAF_REQUIRE(tokens != nullptr);
    auto parsed = value_of(worker.call<term>("erl_parse", "parse_term", (*tokens)[1]));
    CAF_REQUIRE(match_tagged(parsed, "ok", 2) != nullptr);
    return value_of(worker.call<bool>("erlang", "=:=", value, (*parsed.get_if<peer::erl::tuple>())[1]));
  }

  /// The exception that a call ends with.
  template <class... Ts>
  peer::erl::exception exception_from(std::string_view module, std::string_view function, const Ts&... xs) {
    auto err = error_of(worker.call<term>(module, function, xs...));
    CAF_CHECK_EQUAL(err, peer::errc::exception);
    auto raised = peer::exception_of(err);
    CAF_REQUIRE(raised != nullptr);
    return *raised;
  }

  /// The request that evaluates parsed expressions.
  static peer::call_request evaluation(const term& expressions, caf::timespan timeout) {
    return {"erl_eval", "exprs", value_of(peer::encode_arguments(expressions, term{})), timeout};
  }

  peer::handle worker;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(call_tests, fixture)

// -- values -----------------------------------------------------------------------------------------------------------

CAF_TEST(C++ values are arguments and results) {
  CAF_CHECK_EQUAL(value_of(worker.call<int>("erlang", "+", 40, 2)), 42);
  CAF_CHECK_EQUAL(value_of(worker.call<double>("erlang", "/", 1, 4)), 0.25);
  CAF_CHECK_EQUAL(value_of(worker.call<bool>("erlang", "is_binary", "text")), true);
  CAF_CHECK_EQUAL(value_of(worker.call<std::string>("string", "uppercase",
                                                    "stra\xC3\x9F"
                                                    "e")),
                  "STRASSE");
  CAF_CHECK_EQUAL(value_of(worker.call<atom>("erlang", "node")), atom{"nonode@nohost"});
  CAF_CHECK_EQUAL(value_of(worker.call<std::vector<int>>("lists", "seq", 1, 4)), std::vector<int>({1, 2, 3, 4}));
  using numbers = std::map<std::string, int>;
  CAF_CHECK_EQUAL(value_of(worker.call<numbers>("maps", "put", "b", 2, numbers{{"a", 1}})),
                  (numbers{{"a", 1}, {"b", 2}}));
  CAF_CHECK(value_of(worker.call<point>("erlang", "setelement", 3, point{1, 2}, 5)) == (point{1, 5}));
  CAF_CHECK(worker.call<void>("erlang", "garbage_collect"));
}

CAF_TEST(Erlang sees C++ values as the mapping says) {
  CAF_CHECK(is(std::numeric_limits<std::uint64_t>::max(), "18446744073709551615"));
  CAF_CHECK(is(std::numeric_limits<std::int64_t>::min(), "-9223372036854775808"));
  CAF_CHECK(is(-2.5, "-2.5"));
  CAF_CHECK(is(true, "true"));
  CAF_CHECK(is(std::string{"text"}, "<<\"text\">>"));
  CAF_CHECK(is(atom{"an atom"}, "'an atom'"));
  CAF_CHECK(is(caf::ok_atom_v, "ok"));
  CAF_CHECK(is(peer::stream::standard_error, "standard_error"));
  CAF_CHECK(is(point{1, 2}, "{point, 1, 2}"));
  CAF_CHECK(is(std::vector<point>{{1, 2}, {3, 4}}, "[{point, 1, 2}, {point, 3, 4}]"));
  CAF_CHECK(is(std::map<int, bool>{{1, true}, {2, false}}, "#{1 => true, 2 => false}"));
  CAF_CHECK(is(std::tuple{1, std::string{"two"}, 3.0}, "{1, <<\"two\">>, 3.0}"));
  CAF_CHECK(is(caf::timespan{1500ms}, "{ns, 1500000000}"));
  CAF_CHECK(is(std::vector<std::byte>{std::byte{1}, std::byte{255}}, "<<1, 255>>"));
  CAF_CHECK(is(caf::make_message(std::int32_t{7}, std::string{"x"}),
               "{'$message', [{int32_t, 7}, {'std::string', <<\"x\">>}]}"));
}

CAF_TEST(terms of every kind come back unchanged) {
  auto kinds = "[0, -1, 255, 256, 2147483648, 123456789012345678901234567890, -5.0e-324, 1.5, atom, 'an atom', 'été',"
               " [], [1, 2], \"text\", [a | b], {}, {1, {2}}, #{}, #{a => 1, 1 => b, 1.0 => c}, <<>>, <<\"bytes\">>,"
               " <<1, 2:3>>, fun lists:map/2]"_term;
  CAF_CHECK_EQUAL(echo(kinds), kinds);
  auto own = evaluate(worker, "[self(), make_ref(), hd(erlang:ports()), fun(X) -> X + 1 end]");
  CAF_CHECK_EQUAL(echo(own), own);
}

CAF_TEST(what only the peer understands can be sent back to it) {
  auto addition = evaluate(worker, "fun(X, Y) -> X + Y end");
  CAF_CHECK(addition.is<peer::erl::opaque>());
  CAF_CHECK_EQUAL(value_of(worker.call<int>("erlang", "apply", addition, std::vector<int>{40, 2})), 42);
  auto process = value_of(worker.call<term>("erlang", "whereis", atom{"init"}));
  CAF_CHECK(process.is<peer::pid>());
  CAF_CHECK(value_of(worker.call<bool>("erlang", "is_process_alive", process)));
  auto reference = value_of(worker.call<term>("erlang", "make_ref"));
  CAF_CHECK_EQUAL(value_of(worker.call<term>("erlang", "max", reference, 1)), reference);
}

CAF_TEST(random terms come back unchanged) {
  auto seed = random_seed();
  auto draw = random_term_generator{seed};
  for (auto batch = 0; batch < 10; ++batch) {
    auto terms = std::vector<term>{};
    for (auto i = 0; i < 100; ++i)
      terms.push_back(draw());
    auto back = echo(terms);
    CAF_REQUIRE_EQUAL(back.size(), terms.size());
    for (std::size_t i = 0; i < terms.size(); ++i)
      if (!holds_opaque(terms[i]) && back[i] != terms[i])
        CAF_ERROR("seed " << seed << ": " << to_string(terms[i]) << " became " << to_string(back[i]));
    // Erlang encodes closures anew, with other tags for the same atoms.
    CAF_CHECK(echo(back) == back);
  }
}

CAF_TEST(a binary of 8 MiB comes back unchanged) {
  auto big = std::string(std::size_t{8} << 20, '\0');
  for (std::size_t i = 0; i < big.size(); ++i)
    big[i] = static_cast<char>(i * 31 + i / 65'536);
  auto expected = term{big};
  CAF_CHECK(echo(expected) == expected);
}

// -- failures ---------------------------------------------------------------------------------------------------------

CAF_TEST(throw and error and exit keep class and reason and stack trace) {
  auto reason = "{reason, [1, <<\"two\">>]}"_term;
  for (auto cls : {peer::exception_class::throw_, peer::exception_class::error_, peer::exception_class::exit_}) {
    auto raised = exception_from("erlang", to_string(cls), reason);
    CAF_CHECK_EQUAL(raised.cls, cls);
    CAF_CHECK_EQUAL(raised.reason, reason);
    CAF_CHECK(raised.stacktrace.is<peer::erl::list>());
    CAF_CHECK(!raised.stacktrace.is_nil());
  }
  auto err = error_of(worker.call<term>("erlang", "throw", atom{"oops"}));
  CAF_CHECK_EQUAL(peer::to_reason(err), "{throw, oops}"_term);
  check_contains(peer::describe(err), "throw: oops");
  check_alive(worker);
}

CAF_TEST(a function that does not exist is undef with its name in the stack trace) {
  auto raised = exception_from("no_such_module", "f", 1, atom{"two"});
  CAF_CHECK_EQUAL(raised.cls, peer::exception_class::error_);
  CAF_CHECK_EQUAL(raised.reason, "undef"_term);
  auto trace = raised.stacktrace.get_if<peer::erl::list>();
  CAF_REQUIRE(trace != nullptr && !trace->empty());
  CAF_CHECK_EQUAL((*trace)[0], "{no_such_module, f, [1, two], []}"_term);
  CAF_CHECK_EQUAL(exception_from("lists", "no_such_function").reason, "undef"_term);
}

CAF_TEST(an error tuple is a value) {
  CAF_CHECK_EQUAL(evaluate(worker, "{error, enoent}"), "{error, enoent}"_term);
}

CAF_TEST(a call whose process is killed ends with class exit and the reason) {
  auto reason_of_killed = [this](const std::string& reason) {
    auto err = error_of(try_evaluate(worker, "exit(self(), " + reason + "), receive after infinity -> x end"));
    auto raised = peer::exception_of(err);
    CAF_REQUIRE(raised != nullptr);
    CAF_CHECK_EQUAL(raised->cls, peer::exception_class::exit_);
    CAF_CHECK(raised->stacktrace.is_nil());
    return raised->reason;
  };
  CAF_CHECK_EQUAL(reason_of_killed("kill"), "killed"_term);
  CAF_CHECK_EQUAL(reason_of_killed("{two, parts}"), "{two, parts}"_term);
  check_alive(worker);
}

CAF_TEST(a result of another shape is a type mismatch) {
  auto err = error_of(worker.call<int>("erlang", "node"));
  CAF_CHECK_EQUAL(err, peer::errc::type_mismatch);
  check_contains(peer::describe(err), "nonode@nohost");
  check_alive(worker);
}

CAF_TEST(an argument that is no term fails before it is sent) {
  auto err = error_of(worker.call<term>("erlang", "abs", std::numeric_limits<double>::quiet_NaN()));
  CAF_CHECK_EQUAL(err, peer::errc::bad_term);
  check_alive(worker);
}

// -- concurrency ------------------------------------------------------------------------------------------------------

CAF_TEST(twenty calls run at the same time) {
  // None of them returns before all of them run.
  evaluate(worker, "Gate = spawn(fun() ->"
                   "  All = lists:map(fun(_) -> receive {ready, P} -> P end end, lists:seq(1, 20)),"
                   "  lists:foreach(fun(P) -> P ! go end, All)"
                   " end),"
                   "register(gate, Gate)");
  auto step = parse_expressions(worker, "gate ! {ready, self()}, receive go -> passed end");
  auto self = caf::scoped_actor{*sys};
  auto answered = 0;
  auto calls = std::vector<decltype(self->request(worker.actor(), caf::infinite, evaluation(step, patience)))>{};
  for (auto i = 0; i < 20; ++i)
    calls.push_back(self->request(worker.actor(), caf::infinite, evaluation(step, patience)));
  for (auto& call : calls)
    call.receive([&](const peer::encoded_term&) { ++answered; },
                 [](const caf::error& err) { CAF_ERROR(peer::describe(err)); });
  CAF_CHECK_EQUAL(answered, 20);
}

CAF_TEST(a slow call does not delay others) {
  auto self = caf::scoped_actor{*sys};
  auto slow =
      self->request(worker.actor(), caf::infinite,
                    evaluation(parse_expressions(worker, "register(slow, self()), receive go -> gone end"), patience));
  for (auto i = 0; i < 10; ++i)
    check_alive(worker);
  evaluate(worker, "(fun Wait() -> case whereis(slow) of undefined -> erlang:yield(), Wait(); P -> P ! go end end)()");
  slow.receive([](const peer::encoded_term& x) { CAF_CHECK_EQUAL(value_of(x.as<term>()), "{value, gone, []}"_term); },
               [](const caf::error& err) { CAF_ERROR(peer::describe(err)); });
}

CAF_TEST(an actor that must not block calls with messages) {
  auto sum = std::promise<caf::expected<int>>{};
  auto text = std::promise<caf::error>{};
  sys->spawn([&, control = worker.actor()](caf::event_based_actor* self) {
    auto add = peer::call_request{"erlang", "+", value_of(peer::encode_arguments(40, 2))};
    self->request(control, caf::infinite, std::move(add))
        .then([&](const peer::encoded_term& x) { sum.set_value(x.as<int>()); },
              [&](const caf::error& err) { sum.set_value(err); });
    auto fail = peer::call_request{"erlang", "throw", value_of(peer::encode_arguments(atom{"oops"}))};
    self->request(control, caf::infinite, std::move(fail))
        .then([&](const peer::encoded_term&) { text.set_value({}); },
              [&](const caf::error& err) { text.set_value(err); });
  });
  CAF_CHECK_EQUAL(value_of(sum.get_future().get()), 42);
  CAF_CHECK_EQUAL(peer::to_reason(text.get_future().get()), "{throw, oops}"_term);
}

CAF_TEST(a late answer is dropped) {
  auto slow = parse_expressions(worker, "register(slow, self()), receive go -> late end");
  auto err = error_of(worker.within(100ms).call<term>("erl_eval", "exprs", slow, term{}));
  CAF_CHECK_EQUAL(err, peer::errc::timeout);
  check_contains(peer::describe(err), "erl_eval:exprs");
  // The function goes on and returns now; its process ends when it has handed in the answer.
  evaluate(worker, "P = (fun Wait() -> case whereis(slow) of undefined -> erlang:yield(), Wait(); X -> X end end)(),"
                   "R = monitor(process, P), P ! go, receive {'DOWN', R, _, _, normal} -> ended end");
  check_alive(worker);
}

CAF_TEST(calls with little time leave nothing behind) {
  for (auto i = 0; i < 20; ++i) {
    auto err = error_of(worker.within(1ms).call<term>("timer", "sleep", 20'000));
    CAF_CHECK_EQUAL(err, peer::errc::timeout);
  }
  check_alive(worker);
}

// -- casts ------------------------------------------------------------------------------------------------------------

CAF_TEST(casts run) {
  for (auto i = 0; i < 10; ++i)
    CAF_CHECK(!worker.cast("io", "put_chars", "line " + std::to_string(i) + "\n"));
  auto lines = console.wait_for(10); // in any order: each cast runs in a process of its own
  std::sort(lines.begin(), lines.end());
  CAF_REQUIRE_EQUAL(lines.size(), 10u);
  for (auto i = 0; i < 10; ++i)
    CAF_CHECK_EQUAL(lines[static_cast<std::size_t>(i)], "line " + std::to_string(i));
}

CAF_TEST(a cast that fails harms nothing) {
  CAF_CHECK(!worker.cast("no_such_module", "f"));
  CAF_CHECK(!worker.apply_cast("erlang", "throw", {"oops"_term}));
  check_alive(worker);
}

CAF_TEST(a cast with an argument that is no term fails at once) {
  CAF_CHECK_EQUAL(worker.cast("erlang", "abs", std::numeric_limits<double>::infinity()), peer::errc::bad_term);
}

// -- callbacks --------------------------------------------------------------------------------------------------------

CAF_TEST(a function that blocks fails on the loop) {
  auto check = [](const auto& result) { CAF_CHECK_EQUAL(error_of(result), peer::errc::would_block); };
  check(on_loop(*sys, [&] { return worker.call<term>("erlang", "node"); }));
  check(on_loop(*sys, [&] { return worker.get_state(); }));
  check(on_loop(*sys, [&] { return worker.await_ready(); }));
  check(on_loop(*sys, [&] { return worker.stop(); }));
  check(on_loop(*sys, [&] { return peer::start(*sys, erl()); }));
  check(on_loop(*sys, [&] { return peer::start_supervisor(*sys, {}); }));
  check(on_loop(*sys, [&] { return peer::start_group(*sys, {.each = erl(), .size = 2}); }));
  check_alive(worker);
}

CAF_TEST(a function of the input may call a peer) {
  auto options = erl();
  options.input = peer::function_input([this](const peer::input_receiver& deliver) {
    deliver(value_of(worker.call<std::string>("erlang", "binary_to_list", "a line\n")));
  });
  auto reader = start(std::move(options));
  CAF_CHECK_EQUAL(value_of(reader.within(patience).call<std::string>("io", "get_line", "")), "a line\n");
}

CAF_TEST(an exception of a callback fails the start and keeps its text) {
  auto options = erl();
  options.post_process_args = [calls = 0](std::vector<std::string> args) mutable {
    if (++calls > 1) // the first call, before anything is started, is one in this thread
      throw std::runtime_error{"no arguments today"};
    return args;
  };
  auto err = error_of(peer::start(*sys, std::move(options)));
  CAF_CHECK_EQUAL(err, peer::errc::boot_failed);
  check_contains(peer::describe(err), "no arguments today");
  options = erl();
  options.output = [](const auto&, const auto&) -> caf::expected<std::shared_ptr<peer::internal::console::sink>> {
    throw std::runtime_error{"no output today"};
  };
  check_contains(peer::describe(error_of(peer::start(*sys, std::move(options)))), "no output today");
}

CAF_TEST_FIXTURE_SCOPE_END()
