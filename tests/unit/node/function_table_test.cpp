// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Functions behind an interface of terms: arguments, results, and everything that can go wrong.

#define CAF_SUITE peer.node.function_table

#include "node/function_table.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::literals;

using peer::atom;
using peer::exception_class;
using peer::raised;
using peer::term;

namespace {

struct fixture {
  template <class F>
  void add(std::string_view name, F f) {
    using maker = peer::detail::maker_of<F>;
    table.add("m", name, maker::arity, maker::make(std::move(f)));
  }

  /// Calls `m:name(arguments)`; the answer as "class: result".
  std::string call(std::string_view name, const std::string& arguments, std::string_view module = "m") {
    auto args = peer::parse_term("[" + arguments + "]");
    CAF_REQUIRE(args);
    auto encoded = peer::byte_buffer{};
    CAF_REQUIRE(!peer::save_term(encoded, *args));
    auto found = table.find(module, name, peer::detail::arguments{encoded}.size());
    auto how = table.evaluate(found, module, name, encoded, context);
    auto result = peer::load_term<term>(how.result);
    CAF_REQUIRE(result);
    return std::string{peer::internal::wire::to_string(how.cls)} + ": " + peer::to_string(*result);
  }

  peer::internal::node::function_table table;
  peer::call_context context;
};

int twice(int x) {
  return 2 * x;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(function_table_tests, fixture)

CAF_TEST(arguments and results are values) {
  add("add", [](int x, int y) { return x + y; });
  add("twice", &twice);
  add("join", [](const std::vector<std::string>& xs) {
    auto result = ""s;
    for (auto& x : xs)
      result += x;
    return result;
  });
  add("nothing", [] {});
  add("half", [](std::optional<double> x) { return x ? std::optional{*x / 2} : std::nullopt; });
  CAF_CHECK_EQUAL(call("add", "40, 2"), "ok: 42"); // comes as a string
  CAF_CHECK_EQUAL(call("add", "40000, -2"), "ok: 39998");
  CAF_CHECK_EQUAL(call("twice", "21"), "ok: 42");
  CAF_CHECK_EQUAL(call("join", "[<<\"a\">>, \"b\"]"), "ok: <<\"ab\">>");
  CAF_CHECK_EQUAL(call("nothing", ""), "ok: ok");
  CAF_CHECK_EQUAL(call("half", "5.0"), "ok: 2.5");
  CAF_CHECK_EQUAL(call("half", "undefined"), "ok: undefined");
}

CAF_TEST(the number of arguments is part of the name) {
  add("f", [](int) { return "one"s; });
  add("f", [](int, int) { return "two"s; });
  CAF_CHECK_EQUAL(call("f", "1"), "ok: <<\"one\">>");
  CAF_CHECK_EQUAL(call("f", "1, 2"), "ok: <<\"two\">>");
  CAF_CHECK_EQUAL(call("f", "a, b, c"),
                  "error: {undef,[{m,f,[a,b,c],[{functions,[<<\"m:f(integer()) -> binary() | string()\">>,"
                  "<<\"m:f(integer(), integer()) -> binary() | string()\">>]}]}]}");
}

CAF_TEST(a later function replaces an earlier one) {
  add("f", [] { return 1; });
  add("f", [] { return 2; });
  CAF_CHECK_EQUAL(call("f", ""), "ok: 2");
}

CAF_TEST(what does not exist is undefined) {
  CAF_CHECK_EQUAL(call("g", "a"), "error: {undef,[{m,g,[a],[]}]}");
  CAF_CHECK_EQUAL(call("g", "", "n"), "error: {undef,[{n,g,[],[]}]}");
}

CAF_TEST(arguments of other types are bad) {
  add("f", [](int, std::map<atom, std::vector<double>>) {});
  CAF_CHECK_EQUAL(call("f", "a, b"), "error: {badarg,[{m,f,[a,b],[{expected,<<\"m:f(integer(), #{atom() => [float()]}) "
                                     "-> ok\">>}]}]}");
  CAF_CHECK_EQUAL(call("f", "99999999999, #{}").substr(0, 14), "error: {badarg");
}

CAF_TEST(a raw function takes any number of terms) {
  table.add("m", "count", peer::detail::make_raw_function([](const peer::call_context&, const std::vector<term>& xs) {
              return term{static_cast<int>(xs.size())};
            }));
  add("count", [](int) { return "typed"s; });
  CAF_CHECK_EQUAL(call("count", ""), "ok: 0");
  CAF_CHECK_EQUAL(call("count", "a, {b}, <<1:3>>"), "ok: 3");
  CAF_CHECK_EQUAL(call("count", "7"), "ok: <<\"typed\">>");
}

CAF_TEST(exceptions keep their class and reason) {
  add("throw", [](term x) { throw raised{exception_class::throw_, x}; });
  add("error", [](term x) { throw raised{exception_class::error_, x}; });
  add("exit", [](term x) { throw raised{exception_class::exit_, x}; });
  CAF_CHECK_EQUAL(call("throw", "{ball,1}"), "throw: {{ball,1},[{m,throw,1,[]}]}");
  CAF_CHECK_EQUAL(call("error", "oops"), "error: {oops,[{m,error,1,[]}]}");
  CAF_CHECK_EQUAL(call("exit", "normal"), "exit: {normal,[{m,exit,1,[]}]}");
}

CAF_TEST(exceptions of C++ are errors) {
  add("f", []() -> int { throw std::runtime_error("no luck"); });
  add("g", []() -> int { throw std::bad_alloc(); });
  add("h", []() -> int { throw 7; });
  CAF_CHECK_EQUAL(call("f", ""), "error: {{'std::runtime_error',<<\"no luck\">>},[{m,f,0,[]}]}");
  CAF_CHECK_EQUAL(call("g", ""), "error: {system_limit,[{m,g,0,[]}]}");
  CAF_CHECK_EQUAL(call("h", ""), "error: {unknown_exception,[{m,h,0,[]}]}");
}

CAF_TEST(an expected value or its error) {
  add("f", [](bool good) -> caf::expected<int> {
    if (good)
      return 1;
    return caf::make_error(peer::errc::timeout, "too late"s);
  });
  add("g", [](bool good) -> caf::error { return good ? caf::error{} : make_error(caf::sec::invalid_argument); });
  CAF_CHECK_EQUAL(call("f", "true"), "ok: 1");
  CAF_CHECK_EQUAL(call("f", "false"), "error: {{'$error','peer::errc',timeout,<<\"too late\">>},[{m,f,1,[]}]}");
  CAF_CHECK_EQUAL(call("g", "true"), "ok: ok");
  CAF_CHECK_EQUAL(call("g", "false").substr(0, 17), "error: {{'$error'");
}

CAF_TEST(a result that is no term is an error) {
  add("f", [] { return caf::actor{}; });
  CAF_CHECK_EQUAL(call("f", "").substr(0, 26), "error: {{bad_return_value,");
}

CAF_TEST(a function may ask for its context) {
  auto stop = std::stop_source{};
  context = {peer::pid{atom{"n@h"}, 7, 0, 0}, stop.get_token()};
  add("self", [](const peer::call_context& x) { return x.self; });
  add("stopped", [](std::stop_token x, int) { return x.stop_requested(); });
  CAF_CHECK_EQUAL(call("self", ""), "ok: #Pid<n@h.7.0>");
  CAF_CHECK_EQUAL(call("stopped", "1"), "ok: false");
  stop.request_stop();
  CAF_CHECK_EQUAL(call("stopped", "1"), "ok: true");
  CAF_CHECK(table.find("m", "stopped", 1)->stoppable());
  CAF_CHECK_EQUAL(table.find("m", "stopped", 2), nullptr);
}

CAF_TEST_FIXTURE_SCOPE_END()
