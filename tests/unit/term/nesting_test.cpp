// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Terms of a million levels, in a thread whose stack has no room for a thousand calls.

#define CAF_SUITE peer.term.nesting

#include "console/chardata.hpp"
#include "peer/convert.hpp"
#include "peer/detail/reader.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"
#include "term/codec/codec.hpp"
#include "tests/support/nested_terms.hpp"
#include "tests/support/random_term.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <pthread.h>

using peer::atom;
using peer::byte_buffer;
using peer::term;
using peer::erl::list;
using peer::erl::map;
using peer::erl::tuple;
using peer::test::nested;
using peer::test::one;
using peer::test::wrapper;
using peer::test::wrappers;

namespace {

constexpr auto levels = peer::test::many_levels;
constexpr auto stack_size = std::size_t{64} << 10;

/// Runs `f` in a thread with a small stack.
void with_small_stack(const std::function<void()>& f) {
  pthread_attr_t attributes;
  CAF_REQUIRE_EQUAL(pthread_attr_init(&attributes), 0);
  CAF_REQUIRE_EQUAL(pthread_attr_setstacksize(&attributes, stack_size), 0);
  auto run = [](void* argument) -> void* {
    (*static_cast<const std::function<void()>*>(argument))();
    return nullptr;
  };
  auto thread = pthread_t{};
  CAF_REQUIRE_EQUAL(pthread_create(&thread, &attributes, run, const_cast<std::function<void()>*>(&f)), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

/// Does everything with a term. Returns what went wrong, or nothing.
std::string exercise(const wrapper& wrap, int depth) {
  auto x = nested(wrap, 1, depth);
  auto y = nested(wrap, 2, depth);
  auto copy = x;
  if (!(copy == x) || x == y || !(x < y) || compare(x, y) >= 0 || compare(y, x) <= 0 || compare(x, copy) != 0)
    return "it is not ordered";
  if (compare(x, nested(wrap, 1.0, depth)) != 0 && !std::as_const(x).is<map>()) // keys are compared exactly
    return "1 does not equal 1.0";
  auto encoded = peer::internal::codec::encode(x);
  if (!encoded)
    return "it is not encoded: " + to_string(encoded.error());
  auto decoded = peer::internal::codec::decode(*encoded);
  if (!decoded || *decoded != x)
    return "it is not decoded";
  auto reader = peer::detail::term_reader{*encoded};
  if (!reader.version() || !reader.check() || !reader.at_end())
    return "it is not checked";
  auto text = to_string(x);
  auto parsed = peer::parse_term(text);
  if (!parsed || *parsed != x)
    return "it is not parsed";
  auto converted = peer::from_term<term>(x);
  if (!converted || *converted != *peer::to_term(copy))
    return "it is not converted";
  copy = y;
  if (copy != y)
    return "it is not assigned";
  copy = term{};
  return {};
}

/// The bytes of `depth` times `prefix` and then `rest`.
byte_buffer bytes_of(std::size_t depth, std::vector<int> prefix, std::vector<int> rest) {
  auto result = byte_buffer{std::byte{131}};
  for (std::size_t i = 0; i < depth; ++i)
    for (auto x : prefix)
      result.push_back(static_cast<std::byte>(x));
  for (auto x : rest)
    result.push_back(static_cast<std::byte>(x));
  return result;
}

} // namespace

CAF_TEST(terms of a million levels need no more stack than others) {
  auto check = [](const std::string& name, const wrapper& wrap, int depth) {
    CAF_MESSAGE(name);
    auto problem = std::string{"it did not run"};
    with_small_stack([&] { problem = exercise(wrap, depth); });
    CAF_CHECK_EQUAL(problem, "");
  };
  for (auto& [name, wrap] : wrappers())
    check(name, wrap, levels);
  for (auto& [name, wrap] : peer::test::mixed_wrappers())
    check(name, wrap, levels / 10);
}

CAF_TEST(terms are copied where recursion ends) {
  auto all = wrappers();
  all.insert(peer::test::mixed_wrappers().begin(), peer::test::mixed_wrappers().end());
  for (auto& [name, wrap] : all)
    for (auto depth = 1; depth < 40; ++depth) {
      auto x = nested(wrap, "innermost", depth);
      auto text = to_string(x);
      auto copy = x;
      x = term{};
      CAF_CHECK_EQUAL(to_string(copy), text);
    }
}

CAF_TEST(what is cut off is destroyed without recursion) {
  auto errors = std::vector<std::string>{};
  with_small_stack([&errors] {
    // {{{…, [[[…, #{#{…, #{1 => #{1 => …
    for (auto prefix :
         {std::vector{104, 1}, std::vector{108, 0, 0, 0, 1}, std::vector{116, 0, 0, 0, 1}, {116, 0, 0, 0, 1, 97, 1}}) {
      auto result = peer::internal::codec::decode(bytes_of(levels, prefix, {}));
      errors.push_back(result ? "decoded" : peer::text_of(result.error()));
    }
    for (auto open : {"[", "{", "#{", "#{1=>", "<<", "(", "[1|", "[1|{", "[1|("}) {
      auto text = std::string{};
      for (auto i = 0; i < levels; ++i)
        text += open;
      auto result = peer::parse_term(text);
      errors.push_back(result ? "parsed" : peer::text_of(result.error()));
    }
  });
  CAF_REQUIRE_EQUAL(errors.size(), 13u);
  for (auto& each : errors)
    CAF_CHECK(each.find("announce") != std::string::npos || each.find("the input ends") != std::string::npos
              || each.find("expected a term, found the end of the text") != std::string::npos);
}

CAF_TEST(memory is bounded by the bytes that have arrived) {
  // Each of these tuples announces as many elements as there are bytes behind it: a million of them would reserve
  // terabytes.
  auto bytes = byte_buffer{std::byte{131}};
  constexpr auto count = std::uint32_t{200'000};
  for (auto left = count; left > 0; --left) {
    bytes.push_back(std::byte{105});
    for (auto shift : {24, 16, 8, 0})
      bytes.push_back(static_cast<std::byte>((left - 1) * 5 >> shift));
  }
  auto result = peer::internal::codec::decode(bytes);
  CAF_REQUIRE(!result);
  CAF_CHECK_EQUAL(result.error(), peer::errc::bad_term);
  CAF_CHECK(peer::text_of(result.error()).find("terms are announced, but only") != std::string::npos);
}

CAF_TEST(tails of tails are one list) {
  auto text = std::string{};
  auto close = std::string{};
  for (auto i = 0; i < 1000; ++i) {
    text += i % 3 == 0 ? "[1|" : i % 3 == 1 ? "[1,2|(" : "([3|";
    close.insert(0, i % 3 == 0 ? "]" : i % 3 == 1 ? ")]" : "])");
  }
  auto whole = peer::parse_term(text + "[4]" + close);
  CAF_REQUIRE(whole);
  CAF_CHECK(whole->get_if<list>()->proper());
  CAF_CHECK_EQUAL(whole->get_if<list>()->size(), 334u + 2 * 333u + 333u + 1u);
  auto deep = std::string{};
  for (auto i = 0; i < levels; ++i)
    deep += "[1|";
  auto all = peer::parse_term(deep + "x" + std::string(levels, ']'));
  CAF_REQUIRE(all);
  CAF_CHECK_EQUAL(all->get_if<list>()->size(), static_cast<std::size_t>(levels));
  CAF_CHECK_EQUAL(*all->get_if<list>()->tail(), term{atom{"x"}});
  CAF_CHECK_EQUAL(to_string(*peer::parse_term("[1|([2|({3})])]")), "[1,2|{3}]");
  CAF_CHECK_EQUAL(to_string(*peer::parse_term("[1|([])]")), "[1]");
  CAF_CHECK_EQUAL(to_string(*peer::parse_term("([(1)|(([2]))])")), "[1,2]");
}

CAF_TEST(character data of a million levels is text) {
  auto text = std::optional<std::string>{};
  with_small_stack([&text] {
    auto data = nested(wrappers().at("list"), "in");
    data = list::cons(one(std::move(data)), "tail");
    text = peer::internal::console::flatten_chardata(data, peer::internal::console::encoding::unicode);
  });
  CAF_CHECK_EQUAL(text.value_or("none"), "intail");
}

CAF_TEST(terms of all shapes are copied and destroyed as a whole) {
  auto generate = peer::test::random_term_generator{peer::test::random_seed()};
  for (auto i = 0; i < 2000; ++i) {
    auto parts = std::vector<term>{};
    for (auto n = i % 7; n >= 0; --n)
      parts.push_back(generate());
    auto x = term{list{tuple{parts}, map{{list{parts}, tuple{parts}}, {1, list::cons(parts, 2)}}}};
    auto copy = x;
    CAF_REQUIRE_EQUAL(copy, x);
    CAF_REQUIRE_EQUAL(*peer::internal::codec::decode(*peer::internal::codec::encode(x)), x);
  }
}
