// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// io_lib:format/2 of peer_node against that of a real erl.

#define CAF_SUITE peer.system.format

#include "peer/term.hpp"
#include "support/random_term.hpp"
#include "support/system_fixture.hpp"

#include <random>

using namespace peer;
using namespace peer::test;

namespace {

constexpr auto case_count = 3000;

/// The arguments of one `io_lib:format(Format, Arguments)`.
struct format_case {
  std::string format;
  std::vector<term> arguments;
};

/// Draws formats and arguments, of which some do not fit. Left out is what format.hpp says we do otherwise: lines
/// broken by ~p, maps cut short by ~W, grapheme clusters, pids, ports and references.
class format_case_generator {
public:
  explicit format_case_generator(std::uint64_t seed) : engine_(seed) {}

  format_case operator()() {
    auto result = format_case{};
    auto count = std::array{1, 1, 1, 2, 3}[below(5)];
    for (auto i = 0; i < count; ++i) {
      result.format += std::array{"", "", "a", "x ü", "-", "αβ "}[below(6)];
      add_sequence(result);
    }
    if (once_in(30))
      result.arguments.emplace_back(atom{"one_too_many"});
    if (once_in(30) && !result.arguments.empty())
      result.arguments.pop_back();
    return result;
  }

private:
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }

  bool once_in(std::uint64_t times) { return below(times) == 0; }

  template <std::size_t N>
  std::string pick(const std::array<const char*, N>& from) {
    return from[below(N)];
  }

  template <std::size_t N>
  term pick_term(const std::array<const char*, N>& from) {
    auto text = pick(from);
    return system_fixture::value_of(parse_term(text));
  }

  term integer() {
    return pick_term(std::array{"0", "7", "-42", "255", "123456789012345678901234567890", "-9223372036854775808",
                                "-340282366920938463463374607431768211456"});
  }

  term real() {
    return pick_term(std::array{"0.0", "-0.0", "1.5", "-2.75", "3.141592653589793", "1.0e22", "1.0e-7", "123456.789",
                                "9.9999999", "0.05", "0.95", "0.1", "9999.5", "1.7976931348623157e308", "5.0e-324"});
  }

  term characters() {
    return pick_term(std::array{"abc", "'Hello World'", "'grüß'", "'αβ'", "''", "\"text\"", "\"grüße\"", "\"αβγ\"",
                                "[]", "[[104,105],<<\"x\">>|<<\"yz\">>]", "[[[[1],2],3],4]", "<<>>", "<<\"hello\">>",
                                "<<\"grüß\"/utf8>>", "<<200,201>>", "[104|105]", "[-1]", "[55296]"});
  }

  term small() {
    return pick_term(std::array{"\"a\\nb\\tc\\\\d\\\"e\\e~\"", "[0,1]", "[7,8]", "<<5:3>>", "<<1,2:5>>", "{}", "{a}",
                                "<<\"a~b\">>", "[1,2|3]", "[a,b,c,d|e]", "fun lists:map/2", "true", "[256]",
                                "[1114111]", "[{ok,<<\"v\">>},{error,\"why\"}]", "['α',<<1>>]", "<<\"\\e[0m\">>"});
  }

  term large() {
    return pick_term(std::array{"{a,b,c,d,e,f}", "{a,{b,{c,{d,{e}}}}}", "[a,b,c,d,e,f,g,h]",
                                "<<\"abcdefghijklmnopqrstuvwxyz\">>", "<<\"abcdefghijklmnopqrstuvwxyz\",1>>",
                                "<<\"αβγδεζη\"/utf8>>", "<<\"αβγδεζη\"/utf8,255>>", "{1.5,[0.1,1.0e100]}",
                                "[[[[[[a]]]]],\"abc\"]"});
  }

  term map() {
    return pick_term(std::array{"#{}", "#{a => 1}", "#{1 => a,b => \"c\",<<\"d\">> => {e}}",
                                "{\"ab\",[<<\"cd\">>,#{x => [1,{y}]}]}"});
  }

  term any(bool with_maps = true) {
    switch (below(with_maps ? 6 : 5)) {
    case 0:
      return integer();
    case 1:
      return real();
    case 2:
      return characters();
    case 3:
      return small();
    case 4:
      return large();
    default:
      return map();
    }
  }

  /// Appends a number to the format, or an asterisk and its argument.
  template <std::size_t N>
  void add_number(format_case& to, const std::array<const char*, N>& from) {
    auto number = pick(from);
    if (once_in(6)) {
      to.format += '*';
      to.arguments.push_back(once_in(20) ? term{atom{"none"}} : system_fixture::value_of(parse_term(number)));
    } else {
      to.format += number;
    }
  }

  void add_field(format_case& to, bool number) {
    if (!once_in(3))
      add_number(to, std::array{"5", "10", "-12", "3", "-1", "30", "0", "1", "2", "-30"});
    auto precise = once_in(2);
    if (precise) {
      to.format += '.';
      if (number)
        add_number(to, std::array{"2", "1", "3", "10", "16", "25", "36", "37", "0"});
      else
        add_number(to, std::array{"2", "5", "12", "0", "40"});
    }
    if (once_in(5))
      to.format += (precise ? "." : "..") + pick(std::array{"0", "_", "x", "ü", "α"});
  }

  void add_sequence(format_case& to) {
    auto control = "wwpPWsssefgbBxX+#cc~ni"[below(22)];
    to.format += '~';
    if (control == 'p' || control == 'P')
      to.format += once_in(20) ? "-5" : "0"; // 0: on one line
    else
      add_field(to, std::string_view{"efgbBxX+#"}.find(control) != std::string_view::npos);
    to.format += pick(std::array{"", "", "t", "l", "tl", "lt"});
    to.format += once_in(200) ? 'q' : control;
    add_arguments(to.arguments, control);
  }

  void add_arguments(std::vector<term>& to, char control) {
    auto unfit = once_in(20);
    if (control == '~' || control == 'n')
      return;
    if (control == 'c')
      to.push_back(pick_term(std::array{"97", "252", "945", "300", "0", "a", "1.0"}));
    else if (std::string_view{"wpPWi"}.find(control) != std::string_view::npos || unfit)
      to.push_back(any(control != 'W'));
    else if (control == 's')
      to.push_back(characters());
    else
      to.push_back(std::string_view{"efg"}.find(control) != std::string_view::npos ? real() : integer());
    if (control == 'W' || control == 'P')
      to.push_back(pick_term(std::array{"0", "1", "2", "3", "4", "5", "8", "-1", "20", "a"}));
    else if (control == 'x' || control == 'X')
      to.push_back(pick_term(std::array{"\"0x\"", "'p#'", "\"α\"", "[\"a\",[\"b\"]]", "5", "<<\"q\">>", "[]"}));
  }

  std::mt19937_64 engine_;
};

bool flatten(const term& chars, std::vector<term>& out) {
  auto* parts = chars.get_if<peer::erl::list>();
  if (!parts || !parts->proper())
    return false;
  return std::all_of(parts->begin(), parts->end(), [&](auto& part) {
    if (!part.template is<std::int64_t>())
      return flatten(part, out);
    out.push_back(part);
    return true;
  });
}

struct fixture : system_fixture {
  handle erlang = start_unicode_erl();
  handle node = start({.exec = exec{PEER_NODE}, .connection = inherited{}, .output = line_log{console}.sink()});

  handle start_unicode_erl() {
    auto options = erl();
    options.args = {"+pc", "unicode"};
    return start(std::move(options));
  }

  /// The characters as a list, or class and reason of the exception.
  static term outcome(const handle& worker, const term& format, const std::vector<term>& arguments) {
    auto result = worker.within(patience).call<term>("io_lib", "format", format, arguments);
    if (!result) {
      CAF_REQUIRE(exception_of(result.error()) != nullptr);
      return to_reason(result.error());
    }
    auto characters = std::vector<term>{};
    if (!flatten(*result, characters))
      CAF_FAIL("no characters: " << to_string(*result));
    return peer::erl::list{std::move(characters)};
  }

  /// What both nodes answer, a list of characters or an exception; nothing if they do not agree.
  std::optional<term> check(const term& format, const std::vector<term>& arguments) {
    auto theirs = outcome(erlang, format, arguments);
    auto ours = outcome(node, format, arguments);
    CAF_CHECK(ours == theirs);
    if (ours == theirs)
      return ours;
    CAF_MESSAGE("io_lib:format(" << to_string(format) << ", " << to_string(term{peer::erl::list{arguments}})
                                 << ")\n  Erlang: " << to_string(theirs) << "\n  ours:   " << to_string(ours));
    return std::nullopt;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(format_tests, fixture)

CAF_TEST(peer_node formats as Erlang does) {
  auto seed = random_seed();
  auto draw = format_case_generator{seed};
  auto failures = 0;
  auto accepted = 0;
  for (auto i = 0; i < case_count && failures < 5; ++i) {
    auto [format, arguments] = draw();
    auto result = check(to_charlist(format), arguments);
    failures += result ? 0 : 1;
    accepted += result && result->is<peer::erl::list>() ? 1 : 0;
  }
  if (failures > 0)
    CAF_FAIL("seed " << seed);
  CAF_MESSAGE("neither results nor errors are the exception");
  CAF_CHECK_GREATER(accepted, case_count / 4);
  CAF_CHECK_LESS(accepted, case_count * 3 / 4);
}

CAF_TEST(a format may be a string or an atom or a binary) {
  for (auto format : {"\"grün ~s~n\""_term, "'grün ~s~n'"_term, "<<\"grün ~s~n\"/utf8>>"_term, "<<252,\"~s\">>"_term})
    check(format, {"<<\"x\">>"_term});
  for (auto format : {"5"_term, "{a}"_term, "[97|98]"_term, "<<1:3>>"_term, "\"~\""_term, "\"~5\""_term, "\"~.\""_term})
    check(format, {});
  check("abc"_term, {});
  check("\"\""_term, {});
}

CAF_TEST_FIXTURE_SCOPE_END()
