// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Every row of the mapping in convert.hpp, in both directions, and what is said when a term has another shape.

#define CAF_SUITE peer.term.inspector

#include "peer/convert.hpp"
#include "peer/term.hpp"
#include "term/codec/codec.hpp"

#include "caf/all.hpp"
#include "caf/json_reader.hpp"
#include "caf/json_writer.hpp"
#include "caf/test/dsl.hpp"

#include <deque>
#include <list>
#include <map>
#include <set>
#include <unordered_map>

using namespace std::literals;

using peer::atom;
using peer::errc;
using peer::from_term;
using peer::term;
using peer::to_term;

namespace inspector_test {

enum class color : std::uint8_t { red, green };

std::string to_string(color x) {
  return x == color::red ? "red" : "green";
}

bool from_string(caf::string_view name, color& x) {
  x = name == "red" ? color::red : color::green;
  return name == "red" || name == "green";
}

bool from_integer(std::uint8_t number, color& x) {
  x = static_cast<color>(number);
  return number < 2;
}

template <class Inspector>
bool inspect(Inspector& f, color& x) {
  return caf::default_enum_inspect(f, x);
}

enum class fault : std::uint8_t { broken = 1, worn };

std::string to_string(fault x) {
  return x == fault::broken ? "inspector_test::fault::broken" : "inspector_test::fault::worn";
}

bool from_string(caf::string_view name, fault& x) {
  x = name == "inspector_test::fault::broken" ? fault::broken : fault::worn;
  return name == "inspector_test::fault::broken" || name == "inspector_test::fault::worn";
}

bool from_integer(std::uint8_t number, fault& x) {
  x = static_cast<fault>(number);
  return number == 1 || number == 2;
}

template <class Inspector>
bool inspect(Inspector& f, fault& x) {
  return caf::default_enum_inspect(f, x);
}

struct point {
  std::int32_t x = 0;
  std::int32_t y = 0;
  bool operator==(const point&) const = default;
};

template <class Inspector>
bool inspect(Inspector& f, point& x) {
  return f.object(x).fields(f.field("x", x.x), f.field("y", x.y));
}

/// CAF has no name for it.
struct unnamed {
  std::string text;
  bool operator==(const unnamed&) const = default;
};

template <class Inspector>
bool inspect(Inspector& f, unnamed& x) {
  return f.object(x).fields(f.field("text", x.text));
}

struct renamed : unnamed {};

template <class Inspector>
bool inspect(Inspector& f, renamed& x) {
  return f.object(x).pretty_name("new name").fields(f.field("text", x.text));
}

/// A number with a unit, known by a getter and a setter.
class meters {
public:
  meters() = default;
  explicit meters(int value) : value_(value) {}
  bool operator==(const meters&) const = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, meters& x) {
    return f.apply([&x] { return x.value_; },
                   [&x](int value) {
                     x.value_ = value;
                     return value >= 0;
                   });
  }

private:
  int value_ = 0;
};

using number_or_text = std::variant<std::int32_t, std::string, point>;

/// Fields of every kind.
struct everything {
  color paint = color::red;
  std::optional<int> maybe;
  std::optional<std::optional<int>> twice;
  std::vector<std::byte> bytes;
  std::optional<number_or_text> choice;
  std::map<std::string, std::vector<point>> points;
  std::chrono::milliseconds delay{0};
  term anything;
  bool flag = false;
  int small = 5;
  std::optional<int> fallback_optional;
  int checked = 1;
  meters length;
};

template <class Inspector>
bool inspect(Inspector& f, everything& x) {
  auto get_flag = [&x] { return x.flag; };
  auto set_flag = [&x](bool value) { x.flag = value; };
  return f.object(x).fields(
      f.field("paint", x.paint), f.field("maybe", x.maybe), f.field("twice", x.twice), f.field("bytes", x.bytes),
      f.field("choice", x.choice), f.field("points", x.points), f.field("delay", x.delay),
      f.field("anything", x.anything), f.field("flag", get_flag, set_flag), f.field("small", x.small).fallback(5),
      f.field("fallback_optional", x.fallback_optional).fallback(std::optional<int>{7}),
      f.field("checked", x.checked).invariant([](int value) { return value > 0; }), f.field("length", x.length));
}

struct tree {
  std::vector<tree> children;
};

template <class Inspector>
bool inspect(Inspector& f, tree& x) {
  return f.object(x).fields(f.field("children", x.children));
}

/// Known to CAF by type ID, but not to libpeer.
struct stranger {
  point place;
  std::vector<std::string> words;
  std::map<std::string, double> numbers;
  color paint = color::green;
  std::optional<int> maybe;
  number_or_text choice;
  term anything;
  atom name;
  std::vector<std::uint8_t> bytes;
  bool operator==(const stranger&) const = default;
};

template <class Inspector>
bool inspect(Inspector& f, stranger& x) {
  return f.object(x).fields(f.field("place", x.place), f.field("words", x.words), f.field("numbers", x.numbers),
                            f.field("paint", x.paint), f.field("maybe", x.maybe), f.field("choice", x.choice),
                            f.field("anything", x.anything), f.field("name", x.name), f.field("bytes", x.bytes));
}

/// Holds what only static types can map.
struct hopeless {
  caf::error reason;
};

template <class Inspector>
bool inspect(Inspector& f, hopeless& x) {
  return f.object(x).fields(f.field("reason", x.reason));
}

} // namespace inspector_test

// -- type IDs for the alternatives of variants and the elements of messages -------------------------------------------

CAF_BEGIN_TYPE_ID_BLOCK(peer_inspector_test, caf::first_custom_type_id + 300)
CAF_ADD_TYPE_ID(peer_inspector_test, (inspector_test::point))
CAF_ADD_TYPE_ID(peer_inspector_test, (inspector_test::color))
CAF_ADD_TYPE_ID(peer_inspector_test, (inspector_test::fault))
CAF_ADD_TYPE_ID(peer_inspector_test, (inspector_test::everything), "everything")
CAF_ADD_TYPE_ID(peer_inspector_test, (inspector_test::tree), "tree")
CAF_ADD_TYPE_ID(peer_inspector_test, (inspector_test::stranger), "stranger")
CAF_ADD_TYPE_ID(peer_inspector_test, (inspector_test::hopeless), "hopeless")
CAF_ADD_ATOM(peer_inspector_test, inspector_test, hello_atom)
CAF_ADD_ATOM(peer_inspector_test, inspector_test, spoken, "spoken text")
CAF_END_TYPE_ID_BLOCK(peer_inspector_test)

CAF_ERROR_CODE_ENUM(inspector_test::fault)

namespace {

using namespace inspector_test;

// CAF wants to know all types before its own and before the first actor system.
const auto types_are_known = [] {
  caf::init_global_meta_objects<caf::id_block::peer_inspector_test>();
  return true;
}();

std::string text_of(const caf::error& err) {
  return err.context().match_elements<std::string>() ? err.context().get_as<std::string>(0) : to_string(err);
}

/// The term of `value` in Erlang's syntax, or why there is none.
template <class T>
std::string save(const T& value) {
  auto result = to_term(value);
  return result ? to_string(*result) : to_string(errc{result.error().code()}) + ": " + text_of(result.error());
}

/// Reads Erlang's syntax as a `T`, or tells why not.
template <class T>
caf::error load(std::string_view text, T& value) {
  auto parsed = peer::parse_term(text);
  if (!parsed)
    CAF_FAIL("not Erlang: " << text);
  auto encoded = peer::internal::codec::encode(*parsed);
  peer::detail::term_reader reader{*encoded};
  CAF_REQUIRE(reader.version());
  return peer::load_term(reader, value);
}

template <class T>
std::string refusal(std::string_view text, T value = {}) {
  auto err = load(text, value);
  return err ? to_string(errc{err.code()}) + ": " + text_of(err) : "none";
}

/// Checks one row of the mapping both ways.
template <class T>
void check(const T& value, std::string_view text) {
  CAF_CHECK_EQUAL(save(value), text);
  auto make_target = [&] {
    if constexpr (std::is_default_constructible_v<T>)
      return T{};
    else
      return value;
  };
  auto loaded = make_target();
  if (auto err = load(text, loaded))
    CAF_ERROR("cannot load " << text << ": " << text_of(err));
  else if (!(loaded == value))
    CAF_ERROR("loading " << text << " gave another value");
}

template <class T>
T loaded(std::string_view text) {
  T result{};
  if (auto err = load(text, result))
    CAF_FAIL("cannot load " << text << ": " << text_of(err));
  return result;
}

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  for (auto x : values)
    result.push_back(static_cast<std::byte>(x));
  return result;
}

} // namespace

// -- one row after the other ------------------------------------------------------------------------------------------

CAF_TEST(integers are integers of the same range) {
  check(std::int8_t{-128}, "-128");
  check(std::uint8_t{255}, "255");
  check(std::int16_t{-32768}, "-32768");
  check(std::uint16_t{65535}, "65535");
  check(std::int32_t{-2147483647 - 1}, "-2147483648");
  check(std::uint32_t{4294967295}, "4294967295");
  check(INT64_MIN, "-9223372036854775808");
  check(INT64_MAX, "9223372036854775807");
  check(UINT64_MAX, "18446744073709551615");
  check('a', "97");
  CAF_CHECK_EQUAL(refusal<std::int8_t>("128"), "type_mismatch: expected an integer from -128 to 127, found 128");
  CAF_CHECK_EQUAL(refusal<std::int8_t>("-129"), "type_mismatch: expected an integer from -128 to 127, found -129");
  CAF_CHECK_EQUAL(refusal<std::uint8_t>("-1"), "type_mismatch: expected an integer from 0 to 255, found -1");
  CAF_CHECK_EQUAL(refusal<std::uint64_t>("18446744073709551616"),
                  "type_mismatch: expected an integer from 0 to 18446744073709551615, found 18446744073709551616");
  CAF_CHECK_EQUAL(refusal<std::int64_t>("9223372036854775808"),
                  "type_mismatch: expected an integer from -9223372036854775808 to 9223372036854775807, "
                  "found 9223372036854775808");
  CAF_CHECK_EQUAL(refusal<int>("1.0"), "type_mismatch: expected an integer from -2147483648 to 2147483647, found 1.0");
}

CAF_TEST(floating point numbers are floats and must be finite) {
  check(1.5, "1.5");
  check(-0.25f, "-0.25");
  check(static_cast<long double>(2.0), "2.0");
  CAF_CHECK_EQUAL(save(std::numeric_limits<double>::infinity()),
                  "bad_term: cannot encode: a float that is infinite or not a number");
  CAF_CHECK_EQUAL(save(std::vector{1.0f, std::nanf("")}),
                  "bad_term: cannot encode: a float that is infinite or not a number");
  CAF_CHECK_EQUAL(refusal<double>("1"), "type_mismatch: expected a float, found 1");
  CAF_CHECK_EQUAL(refusal<float>("1.0e300"), "type_mismatch: expected a float of 32 bits, found 1.0e300");
}

CAF_TEST(a bool is true or false) {
  check(true, "true");
  check(false, "false");
  CAF_CHECK_EQUAL(refusal<bool>("1"), "type_mismatch: expected true or false, found 1");
  CAF_CHECK_EQUAL(refusal<bool>("maybe_not"), "type_mismatch: expected true or false, found maybe_not");
}

CAF_TEST(a string is a binary and may come as a list of characters) {
  check("abc"s, "<<\"abc\">>");
  check(""s, "<<>>");
  check("gr\u00FCn"s, "<<\"gr\u00FCn\"/utf8>>");
  check(u"gr\u00FCn \U0001F600"s, "<<\"gr\u00FCn \U0001F600\"/utf8>>");
  check(U"gr\u00FCn \U0001F600"s, "<<\"gr\u00FCn \U0001F600\"/utf8>>");
  CAF_CHECK(loaded<std::string>("\"abc\"") == "abc"s);
  CAF_CHECK(loaded<std::string>("[252]") == "\u00FC"s);
  CAF_CHECK(loaded<std::string>("[252, 8364]") == "\u00FC\u20AC"s);
  CAF_CHECK(loaded<std::string>("[]") == ""s);
  CAF_CHECK(loaded<std::u16string>("[128512]") == u"\U0001F600"s);
  auto expected = "type_mismatch: expected a binary or a list of characters, found "s;
  CAF_CHECK_EQUAL(refusal<std::string>("abc"), expected + "abc");
  CAF_CHECK_EQUAL(refusal<std::string>("[97|98]"), expected + "[97|98]");
  CAF_CHECK_EQUAL(refusal<std::string>("[97,b]"), expected + "[97,b]");
  CAF_CHECK_EQUAL(refusal<std::string>("[16#D800]"), expected + "[55296]");
  CAF_CHECK_EQUAL(refusal<std::string>("<<1:3>>"), expected + "<<1:3>>");
  CAF_CHECK_EQUAL(refusal<std::u32string>("<<255>>"), "type_mismatch: expected a binary of UTF-8, found <<255>>");
  CAF_CHECK_EQUAL(save(std::u16string(1, char16_t{0xD800})),
                  "bad_term: cannot encode: a UTF-16 string with half of a surrogate pair");
}

CAF_TEST(an enum is the atom of its name) {
  check(color::green, "green");
  check(std::vector{color::red, color::green}, "[red,green]");
  check(std::map<color, color>{{color::red, color::green}}, "#{red => green}");
  check(caf::sec::runtime_error, "runtime_error");
  check(errc::noproc, "noproc");
  // Scopes that a name has in C++ do not belong to it.
  check(fault::worn, "worn");
  CAF_CHECK_EQUAL(refusal<color>("blue"),
                  "type_mismatch: expected the name of a value of inspector_test::color, found blue");
  CAF_CHECK_EQUAL(refusal<color>("1"), "type_mismatch: expected the name of a value of inspector_test::color, found 1");
}

CAF_TEST(atoms are atoms) {
  check(atom{"ok"}, "ok");
  check(atom{"two words"}, "'two words'");
  check(caf::ok_atom_v, "ok");
  check(caf::registry_lookup_atom_v, "registry_lookup");
  check(hello_atom_v, "hello");
  check(spoken_v, "'spoken text'");
  check(std::tuple{caf::put_atom_v, 1}, "{put,1}");
  CAF_CHECK_EQUAL(refusal<caf::ok_atom>("error"), "type_mismatch: expected the atom ok, found error");
  CAF_CHECK_EQUAL(refusal<caf::ok_atom>("1"), "type_mismatch: expected the atom ok, found 1");
  CAF_CHECK_EQUAL(refusal<atom>("1"), "type_mismatch: expected an atom, found 1");
  CAF_CHECK_EQUAL(save(atom{std::string(256, 'a')}), "bad_term: cannot encode: an atom with more than 255 characters");
}

CAF_TEST(a struct is a tuple of its name and its fields) {
  check(point{1, -2}, "{'inspector_test::point',1,-2}");
  check(unnamed{"x"}, "{anonymous,<<\"x\">>}");
  check(renamed{{"x"}}, "{'new name',<<\"x\">>}");
  check(meters{7}, "7");
  auto expected = "type_mismatch: inspector_test::point: expected a tuple that starts with 'inspector_test::point', "s;
  CAF_CHECK_EQUAL(refusal<point>("{'other',1,2}"), expected + "found {other,1,2}");
  CAF_CHECK_EQUAL(refusal<point>("{}"), expected + "found {}");
  CAF_CHECK_EQUAL(refusal<point>("{1}"), expected + "found {1}");
  CAF_CHECK_EQUAL(refusal<point>("[]"), expected + "found []");
  CAF_CHECK_EQUAL(refusal<point>("{'inspector_test::point',1}"),
                  "type_mismatch: inspector_test::point.y: the tuple of 2 elements has no such field");
  CAF_CHECK_EQUAL(refusal<point>("{'inspector_test::point',1,2,3}"),
                  "type_mismatch: inspector_test::point: expected a tuple of 3 elements, found one of 4");
  CAF_CHECK_EQUAL(
      refusal<point>("{'inspector_test::point',1,x}"),
      "type_mismatch: inspector_test::point.y: expected an integer from -2147483648 to 2147483647, found x");
}

CAF_TEST(an optional is its value or undefined) {
  check(std::optional<int>{3}, "3");
  check(std::optional<int>{}, "undefined");
  check(std::optional<std::vector<std::optional<int>>>{{1, std::nullopt}}, "[1,undefined]");
  using nested = std::optional<std::optional<int>>;
  check(nested{}, "undefined");
  check(nested{std::optional<int>{}}, "{some,undefined}");
  check(nested{3}, "{some,3}");
  CAF_CHECK_EQUAL(refusal<nested>("3"), "type_mismatch: expected a tuple of 2 elements, found 3");
  CAF_CHECK_EQUAL(refusal<nested>("{none,3}"), "type_mismatch: expected the atom some, found none");
  CAF_CHECK_EQUAL(refusal<std::optional<int>>("none"),
                  "type_mismatch: expected an integer from -2147483648 to 2147483647, found none");
  CAF_CHECK_EQUAL(save(caf::optional<int>{4}), "4");
}

CAF_TEST(a variant is a pair of its alternative and the value) {
  check(number_or_text{3}, "{int32_t,3}");
  check(number_or_text{"x"s}, "{'std::string',<<\"x\">>}");
  check(number_or_text{point{1, 2}}, "{'inspector_test::point',{'inspector_test::point',1,2}}");
  check(std::vector<number_or_text>{1, "a"s}, "[{int32_t,1},{'std::string',<<\"a\">>}]");
  check(caf::variant<std::int32_t, std::string>{"x"s}, "{'std::string',<<\"x\">>}");
  CAF_CHECK_EQUAL(refusal<number_or_text>("{double,1.0}"),
                  "type_mismatch: expected {Name, Value} with the name of an alternative, found {double,1.0}");
  CAF_CHECK_EQUAL(refusal<number_or_text>("1"), "type_mismatch: expected a tuple of 2 elements, found 1");
}

CAF_TEST(bytes are binaries) {
  check(bytes_of({1, 2, 255}), "<<1,2,255>>");
  check(caf::byte_buffer{caf::byte{1}, caf::byte{2}}, "<<1,2>>");
  check(std::array<std::byte, 2>{std::byte{1}, std::byte{2}}, "<<1,2>>");
  check(std::list<std::byte>{std::byte{1}}, "<<1>>");
  check(std::set<std::byte>{std::byte{1}, std::byte{2}}, "<<1,2>>");
  check(std::byte{7}, "7");
  check(caf::byte{7}, "7");
  CAF_CHECK_EQUAL(refusal<std::vector<std::byte>>("[1,2]"), "type_mismatch: expected a binary, found [1,2]");
  CAF_CHECK_EQUAL((refusal<std::array<std::byte, 2>>("<<1>>")),
                  "type_mismatch: expected a binary of 2 bytes, found <<1>>");
}

CAF_TEST(other sequences are lists) {
  check(std::vector<int>{1, 2, 3}, "[1,2,3]");
  check(std::vector<int>{1000, -2}, "[1000,-2]");
  check(std::vector<int>{}, "[]");
  check(std::vector<std::uint8_t>{1, 2, 3}, "[1,2,3]");
  check(std::vector<bool>{true, false}, "[true,false]");
  check(std::vector<meters>{meters{1}, meters{2}}, "[1,2]");
  check(std::vector<std::vector<int>>{{}, {1}, {-300}}, "[[],[1],[-300]]");
  check(std::set<std::string>{"a", "b"}, "[<<\"a\">>,<<\"b\">>]");
  check(std::deque<point>{{1, 2}}, "[{'inspector_test::point',1,2}]");
  check(std::array<int, 2>{1, 2}, "[1,2]");
  check(std::array<int, 2>{1000, 2}, "[1000,2]");
  // Integers from 0 to 255 come in compact form; they are elements all the same.
  CAF_CHECK(loaded<std::vector<double>>("[1.0]") == std::vector{1.0});
  CAF_CHECK_EQUAL(refusal<std::vector<std::int8_t>>("[1,200]"),
                  "type_mismatch: [1]: expected an integer from -128 to 127, found 200");
  CAF_CHECK_EQUAL(refusal<std::vector<std::string>>("[1]"),
                  "type_mismatch: [0]: expected a binary or a list of characters, found 1");
  CAF_CHECK_EQUAL(refusal<std::vector<int>>("[1000|2]"), "type_mismatch: expected the end of the list, found 2");
  CAF_CHECK_EQUAL(refusal<std::vector<int>>("{1}"), "type_mismatch: expected a list, found {1}");
  CAF_CHECK_EQUAL((refusal<std::array<int, 2>>("[1]")), "type_mismatch: expected a list of 2 elements, found [1]");
  CAF_CHECK_EQUAL((refusal<std::array<int, 2>>("[a]")), "type_mismatch: expected a list of 2 elements, found [a]");
}

CAF_TEST(a list whose tail is a list goes on) {
  // What libei makes when it does not know the length beforehand: [1000 | [1001 | "ab"]].
  auto encoded = peer::byte_buffer{};
  peer::detail::term_writer writer{encoded};
  writer.list(1);
  writer.integer(std::int64_t{1000});
  writer.list(1);
  writer.integer(std::int64_t{1001});
  writer.string(peer::detail::as_byte_span("ab"));
  CAF_CHECK((peer::load_term<std::vector<int>>(encoded) == std::vector{1000, 1001, 97, 98}));
  CAF_CHECK(peer::load_term<std::string>(encoded) == "\u03E8\u03E9ab"s);
}

CAF_TEST(maps are maps) {
  check(std::map<std::string, int>{{"a", 1}, {"b", 2}}, "#{<<\"a\">> => 1,<<\"b\">> => 2}");
  check(std::unordered_map<int, color>{{1, color::red}}, "#{1 => red}");
  check(std::map<int, std::map<int, int>>{{1, {}}}, "#{1 => #{}}");
  check(std::multimap<int, int>{{1, 2}, {1, 3}}, "[{1,2},{1,3}]");
  CAF_CHECK_EQUAL((refusal<std::map<int, int>>("[]")), "type_mismatch: expected a map, found []");
  CAF_CHECK_EQUAL((refusal<std::map<int, int>>("#{1 => a}")),
                  "type_mismatch: [0]: expected an integer from -2147483648 to 2147483647, found a");
  // Two keys that Erlang tells apart, but not C++.
  CAF_CHECK_EQUAL((refusal<std::map<std::string, int>>("#{<<\"a\">> => 1, \"a\" => 2}")),
                  "type_mismatch: [1]: the key is in the map twice");
}

CAF_TEST(tuples and pairs and C arrays are tuples) {
  check(std::pair{1, "x"s}, "{1,<<\"x\">>}");
  check(std::tuple{1, 2.0, true}, "{1,2.0,true}");
  check(std::tuple<>{}, "{}");
  int numbers[] = {1, 2, 3};
  peer::byte_buffer encoded;
  CAF_CHECK(!peer::save_term(encoded, numbers));
  CAF_CHECK((peer::load_term<term>(encoded) == term{peer::erl::tuple{1, 2, 3}}));
  int others[3] = {};
  peer::detail::term_reader reader{encoded};
  CAF_CHECK(!peer::load_term(reader, others));
  CAF_CHECK(std::equal(numbers, numbers + 3, others));
  CAF_CHECK_EQUAL((refusal<std::pair<int, int>>("{1,2,3}")),
                  "type_mismatch: expected a tuple of 2 elements, found {1,2,3}");
  CAF_CHECK_EQUAL((refusal<std::pair<int, bool>>("{1,2}")), "type_mismatch: [1]: expected true or false, found 2");
}

CAF_TEST(durations are nanoseconds) {
  using namespace std::chrono;
  check(milliseconds{1500}, "{ns,1500000000}");
  check(caf::timespan{-7}, "{ns,-7}");
  check(hours{1}, "{ns,3600000000000}");
  check(duration<double>{0.5}, "{ns,500000000}");
  check(duration<std::int64_t, std::pico>{3000}, "{ns,3}");
  check(time_point<system_clock, milliseconds>{milliseconds{7}}, "7000000");
  CAF_CHECK_EQUAL(save(hours::max()), "bad_term: cannot encode: a duration of more than 64 bits of nanoseconds");
  CAF_CHECK_EQUAL(save(duration<double>{std::nan("")}),
                  "bad_term: cannot encode: a duration of more than 64 bits of nanoseconds");
  CAF_CHECK_EQUAL(refusal<seconds>("{ns,1500000000}"),
                  "type_mismatch: a duration of 1500000000 ns cannot be held without loss");
  CAF_CHECK_EQUAL((refusal<duration<std::int8_t>>("{ns,200000000000}")),
                  "type_mismatch: a duration of 200000000000 ns cannot be held without loss");
  CAF_CHECK_EQUAL((refusal<duration<std::int64_t, std::pico>>("{ns,9223372036854775807}")),
                  "type_mismatch: a duration of 9223372036854775807 ns is out of range");
  CAF_CHECK_EQUAL(refusal<seconds>("{s,1}"), "type_mismatch: expected the atom ns, found s");
  CAF_CHECK_EQUAL(refusal<seconds>("1"), "type_mismatch: expected a tuple of 2 elements, found 1");
}

CAF_TEST(terms and their alternatives are themselves) {
  check(term{peer::erl::tuple{1, atom{"a"}}}, "{1,a}");
  check(std::vector<term>{term{1}, term{"x"}}, "[1,<<\"x\">>]");
  check(peer::erl::list{1, 2}, "[1,2]");
  check(peer::erl::tuple{}, "{}");
  check(peer::erl::map{{1, 2}}, "#{1 => 2}");
  check(peer::erl::bitstring{"\xA0", 5}, "<<5:3>>");
  check(peer::erl::big_integer{false, std::string(8, '\0') + '\1'}, "18446744073709551616");
  check(peer::erl::export_fun{atom{"m"}, atom{"f"}, 2}, "fun m:f/2");
  for (const auto& id : {term{peer::pid{atom{"a@b"}, 1, 2, 3}}, term{peer::erl::port{atom{"a@b"}, 1, 3}},
                         term{peer::erl::reference{atom{"a@b"}, 3, {1, 2}}}}) {
    auto same = from_term<term>(id);
    CAF_CHECK(same && *same == id);
  }
  auto process = peer::pid{atom{"a@b"}, 1, 2, 3};
  CAF_CHECK(from_term<peer::pid>(process) == process);
  auto wide = peer::erl::big_integer{false, "\1"};
  CAF_CHECK(!load("-7", wide));
  CAF_CHECK_EQUAL(wide.to_string(), "-7");
  CAF_CHECK_EQUAL(refusal<peer::pid>("1"), "type_mismatch: expected a pid, found 1");
  CAF_CHECK_EQUAL(refusal<peer::erl::list>("{}"), "type_mismatch: expected a list, found {}");
  CAF_CHECK_EQUAL(refusal("a", wide), "type_mismatch: expected an integer, found a");
}

// -- whole objects ----------------------------------------------------------------------------------------------------

CAF_TEST(fields of every kind survive and absent ones are undefined) {
  everything x;
  x.paint = color::green;
  x.twice = std::optional<int>{};
  x.bytes = bytes_of({1, 2});
  x.choice = number_or_text{point{1, 2}};
  x.points = {{"p", {{3, 4}}}};
  x.delay = 2ms;
  x.anything = peer::erl::list{atom{"a"}};
  x.flag = true;
  x.small = 6;
  x.length = meters{9};
  auto text =
      "{everything,green,undefined,{some,undefined},<<1,2>>,{'inspector_test::point',{'inspector_test::point',1,2}},"
      "#{<<\"p\">> => [{'inspector_test::point',3,4}]},{ns,2000000},[a],true,6,"
      "undefined,1,9}"s;
  CAF_CHECK_EQUAL(save(x), text);
  everything y;
  y.maybe = 99;
  auto encoded = peer::byte_buffer{};
  CAF_REQUIRE(!peer::save_term(encoded, x));
  peer::detail::term_reader reader{encoded};
  CAF_REQUIRE(!peer::load_term(reader, y));
  CAF_CHECK(!y.maybe);
  CAF_CHECK_EQUAL(y.small, 6);
  CAF_CHECK(y.fallback_optional == std::nullopt || y.fallback_optional == 7);
  CAF_CHECK(y.choice == x.choice);
  CAF_CHECK(y.points == x.points);
  // Saving the same again shows that all fields are the same.
  y.fallback_optional = x.fallback_optional;
  CAF_CHECK_EQUAL(save(y), text);
  // A field that has its fallback is not written, and reading gives it back.
  x.small = 5;
  x.fallback_optional = 7;
  auto with_defaults = to_term(x);
  CAF_REQUIRE(with_defaults);
  auto& fields = *with_defaults->get_if<peer::erl::tuple>();
  CAF_CHECK(fields[10] == term{atom{"undefined"}});
  CAF_CHECK(fields[11] == term{atom{"undefined"}});
  auto again = from_term<everything>(*with_defaults);
  CAF_REQUIRE(again);
  CAF_CHECK_EQUAL(again->small, 5);
  CAF_CHECK(again->fallback_optional == 7);
}

CAF_TEST(an error names the path to what does not fit) {
  everything x;
  x.points = {{"p", {{3, 4}}}};
  auto text = save(x);
  auto broken = [&text](const std::string& from, const std::string& to) {
    auto changed = text;
    auto position = changed.find(from);
    CAF_REQUIRE_NOT_EQUAL(position, std::string::npos);
    return refusal<everything>(changed.replace(position, from.size(), to));
  };
  CAF_CHECK_EQUAL(broken(",4}", ",four}"), "type_mismatch: everything.points[0][0].y: "
                                           "expected an integer from -2147483648 to 2147483647, found four");
  CAF_CHECK_EQUAL(broken("undefined,1,0}", "undefined,0,0}"),
                  "type_mismatch: everything.checked: field_invariant_check_failed: checked");
  CAF_CHECK_EQUAL(broken("undefined,1,0}", "undefined,1,-1}"),
                  "type_mismatch: everything.length: save_callback_failed");
  CAF_CHECK_EQUAL(broken("{ns,0}", "{ns,1}"),
                  "type_mismatch: everything.delay: a duration of 1 ns cannot be held without loss");
  auto long_text = "<<\"" + std::string(400, 'x') + "\">>";
  CAF_CHECK_EQUAL(
      broken("{ns,0}", long_text),
      "type_mismatch: everything.delay: expected a tuple of 2 elements, found a binary of 405 encoded bytes");
}

CAF_TEST(bytes that are no term are a bad term) {
  auto bytes = peer::byte_buffer{std::byte{104}, std::byte{2}, std::byte{97}};
  auto result = peer::load_term<std::pair<int, int>>(bytes);
  CAF_REQUIRE(!result);
  CAF_CHECK(result.error() == errc::bad_term);
  CAF_CHECK_EQUAL(text_of(result.error()), "byte 0: tag 104 announces 2 terms, but only 1 bytes are left");
  bytes = {std::byte{97}, std::byte{1}, std::byte{106}};
  CAF_CHECK_EQUAL(text_of(peer::load_term<int>(bytes).error()), "byte 2: 1 bytes follow the term");
  // A sequence whose elements take no bytes in C++ takes some on the wire.
  bytes = {std::byte{108}, std::byte{255}, std::byte{255}, std::byte{255}, std::byte{255}, std::byte{106}};
  CAF_CHECK(peer::load_term<std::vector<std::monostate>>(bytes).error() == errc::bad_term);
}

CAF_TEST(nesting of C++ types is limited) {
  tree root;
  for (int i = 0; i < 300; ++i) {
    tree parent;
    parent.children.push_back(std::move(root));
    root = std::move(parent);
  }
  CAF_CHECK_EQUAL(save(root), "bad_term: cannot encode: a C++ value with more than 512 levels of nesting");
  auto encoded = peer::byte_buffer{};
  peer::detail::term_writer writer{encoded};
  for (int i = 0; i < 300; ++i) {
    writer.tuple(2);
    writer.atom("tree");
    writer.list(1);
  }
  encoded.resize(encoded.size() + 300 * 2, std::byte{106});
  auto result = peer::load_term<tree>(encoded);
  CAF_REQUIRE(!result);
  CAF_CHECK(text_of(result.error()).find("more than 512 levels of nesting in a C++ value") != std::string::npos);
}

CAF_TEST(a failed save leaves the buffer as it was) {
  auto buffer = peer::byte_buffer{std::byte{1}, std::byte{2}};
  CAF_CHECK(peer::save_term(buffer, std::vector<std::pair<int, double>>{{1, 1.0}, {2, std::nan("")}}));
  CAF_CHECK_EQUAL(buffer.size(), 2u);
}

CAF_TEST(actor handles are refused) {
  caf::actor nobody;
  auto expected = "bad_term: cannot encode: an actor handle has no meaning in another process"s;
  CAF_CHECK_EQUAL(save(nobody), expected);
  CAF_CHECK_EQUAL(save(caf::actor_addr{}), expected);
  CAF_CHECK_EQUAL(save(caf::strong_actor_ptr{}), expected);
  CAF_CHECK_EQUAL(save(caf::weak_actor_ptr{}), expected);
  CAF_CHECK_EQUAL(save(caf::typed_actor<caf::result<void>(int)>{}), expected);
  CAF_CHECK_EQUAL(save(std::vector<caf::actor>{nobody}), expected);
  CAF_CHECK_EQUAL(save(caf::make_message(1, nobody)), expected);
  CAF_CHECK_EQUAL(refusal<caf::actor>("1"), "bad_term: an actor handle has no meaning in another process");
}

// -- errors and messages ----------------------------------------------------------------------------------------------

CAF_TEST(an error is known by the names of its category and code) {
  check(caf::make_error(errc::noproc, "no \u00FC"s), "{'$error','peer::errc',noproc,<<\"no \u00FC\"/utf8>>}");
  check(caf::error{caf::sec::runtime_error}, "{'$error','caf::sec',runtime_error,<<>>}");
  check(caf::error{caf::exit_reason::kill}, "{'$error','caf::exit_reason',kill,<<>>}");
  check(caf::error{}, "{'$error',none,none,<<>>}");
  CAF_CHECK_EQUAL(save(caf::make_error(caf::sec::runtime_error, 1, "x"s)),
                  "{'$error','caf::sec',runtime_error,<<\"1, \\\"x\\\"\">>}");
  auto timeout = loaded<caf::error>("{'$error','peer::errc',timeout,\"after 5 s\"}");
  CAF_CHECK(timeout == errc::timeout);
  CAF_CHECK_EQUAL(text_of(timeout), "after 5 s");
  for (auto unknown : {"{'$error','x::y',z,<<\"why\">>}", "{'$error','peer::errc',z,<<\"why\">>}"}) {
    auto result = loaded<caf::error>(unknown);
    CAF_CHECK(result == caf::sec::runtime_error);
    CAF_CHECK(text_of(result).ends_with(":z: why"));
  }
  CAF_CHECK_EQUAL(refusal<caf::error>("{error,1}"), "type_mismatch: expected a tuple of 4 elements, found {error,1}");
}

CAF_TEST(an error is read as an error) {
  auto read = peer::from_term<caf::error>(*peer::to_term(caf::make_error(caf::sec::unexpected_message, "why"s)));
  CAF_CHECK(read == caf::sec::unexpected_message);
  CAF_CHECK(read.category() == caf::type_id_v<caf::sec>);
  CAF_CHECK(!peer::from_term<caf::error>(*peer::to_term(caf::error{})));
  CAF_CHECK(peer::from_term<caf::error>(1) == errc::type_mismatch);
}

CAF_TEST(errors of a program are known once they are registered) {
  auto worn = caf::make_error(fault::worn, "out"s);
  CAF_CHECK_EQUAL(save(worn), "{'$error','inspector_test::fault',worn,<<\"out\">>}");
  peer::register_message_types<fault>();
  check(worn, "{'$error','inspector_test::fault',worn,<<\"out\">>}");
}

CAF_TEST(messages carry the names of their types) {
  auto check_message = [](const caf::message& value, std::string_view text) {
    CAF_CHECK_EQUAL(save(value), text);
    CAF_CHECK_EQUAL(to_string(loaded<caf::message>(text)), to_string(value));
  };
  check_message(caf::message{}, "{'$message',[]}");
  check_message(caf::make_message(1, "x"s, true, 2.5, UINT64_MAX),
                "{'$message',[{int32_t,1},{'std::string',<<\"x\">>},{bool,true},{double,2.5},"
                "{uint64_t,18446744073709551615}]}");
  check_message(caf::make_message(caf::ok_atom_v, atom{"a"}, term{peer::erl::tuple{1}}, caf::timespan{5}),
                "{'$message',[{'caf::ok_atom',ok},{'peer::atom',a},{'peer::term',{1}},{'caf::timespan',{ns,5}}]}");
  check_message(caf::make_message(caf::make_message(1), caf::error{caf::sec::runtime_error}),
                "{'$message',[{'caf::message',{'$message',[{int32_t,1}]}},"
                "{'caf::error',{'$error','caf::sec',runtime_error,<<>>}}]}");
  CAF_CHECK_EQUAL(refusal<caf::message>("{'$message',[{nothing,1}]}"),
                  "type_mismatch: [0]: 'nothing' is not a type known to this program");
  CAF_CHECK_EQUAL(refusal<caf::message>("{'$message',[{int32_t,a}]}"),
                  "type_mismatch: [0]: expected an integer from -2147483648 to 2147483647, found a");
  CAF_CHECK_EQUAL(refusal<caf::message>("[]"), "type_mismatch: expected a tuple of 2 elements, found []");
}

CAF_TEST(elements of unregistered types go through the virtual interface of CAF) {
  stranger x;
  x.place = {1, 2};
  x.words = {"a", "b"};
  x.numbers = {{"pi", 3.25}};
  x.choice = point{3, 4};
  x.anything = peer::erl::tuple{atom{"t"}};
  x.name = atom{"n"};
  x.bytes = {1, 2};
  auto message = caf::make_message(x, hello_atom_v, color::red);
  auto text = "{'$message',[{stranger,{stranger,{'inspector_test::point',1,2},[<<\"a\">>,<<\"b\">>],"
              "#{<<\"pi\">> => 3.25},<<\"green\">>,undefined,{'inspector_test::point',{'inspector_test::point',3,4}},"
              "{t},n,[1,2]}},{'inspector_test::hello_atom',hello},{'inspector_test::color',<<\"red\">>}]}"s;
  CAF_CHECK_EQUAL(save(message), text);
  auto copy = loaded<caf::message>(text);
  CAF_REQUIRE((copy.match_elements<stranger, hello_atom, color>()));
  CAF_CHECK(copy.get_as<stranger>(0) == x);
  CAF_CHECK(copy.get_as<color>(2) == color::red);
  CAF_CHECK_EQUAL(refusal<caf::message>("{'$message',[{stranger,{stranger,{'inspector_test::point',1,b}}}]}"),
                  "type_mismatch: [0].place.y: expected an integer from -2147483648 to 2147483647, found b");
  CAF_CHECK_EQUAL(save(caf::make_message(hopeless{})),
                  "bad_term: cannot encode: caf::error inside of a message element whose type is not registered");
}

CAF_TEST(elements of registered types keep their static types) {
  peer::register_message_types<point, everything>();
  everything x;
  x.bytes = bytes_of({1});
  auto saved = to_term(caf::make_message(point{1, 2}));
  CAF_REQUIRE(saved);
  CAF_CHECK_EQUAL(to_string(*saved), "{'$message',[{'inspector_test::point',{'inspector_test::point',1,2}}]}");
  auto copy = from_term<caf::message>(*saved);
  CAF_REQUIRE(copy && copy->match_elements<point>());
  CAF_CHECK(copy->get_as<point>(0) == (point{1, 2}));
}

// -- terms inside of other inspectors ---------------------------------------------------------------------------------

CAF_TEST(terms travel through the inspectors of CAF) {
  auto value = term{peer::erl::tuple{atom{"a b"}, 1, peer::erl::list{2.5}}};
  CAF_CHECK_EQUAL(caf::deep_to_string(value), "{'a b',1,[2.5]}");
  CAF_CHECK_EQUAL(to_string(caf::make_message(value, atom{"ok"})), "message({'a b',1,[2.5]}, ok)");
  caf::byte_buffer buffer;
  caf::binary_serializer sink{nullptr, buffer};
  CAF_REQUIRE(sink.apply(value));
  CAF_REQUIRE(sink.apply(atom{"ok"}));
  term copy;
  atom name;
  caf::binary_deserializer source{nullptr, buffer};
  CAF_CHECK(source.apply(copy));
  CAF_CHECK(source.apply(name));
  CAF_CHECK(copy == value);
  CAF_CHECK(name == atom{"ok"});
  caf::json_writer writer;
  CAF_REQUIRE(writer.apply(value));
  CAF_CHECK_EQUAL(writer.str(), R"("{'a b',1,[2.5]}")");
  caf::json_reader reader;
  CAF_REQUIRE(reader.load(R"("{x, [1]}")"));
  CAF_CHECK(reader.apply(copy));
  CAF_CHECK_EQUAL(to_string(copy), "{x,[1]}");
  // What is no term is an error, not half a term.
  caf::binary_deserializer garbage{nullptr, caf::as_bytes(caf::make_span("\x02\x83\x00", 3))};
  CAF_CHECK(!garbage.apply(copy));
  CAF_CHECK(garbage.get_error() == errc::bad_term);
  CAF_CHECK(!sink.apply(term{std::nan("")}));
}
