// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Two others read what we encode: Erlang's runtime, which sends it back in all the ways that it knows, and libei, the C
// library that comes with it. One `erl` serves the whole batch.

#define CAF_SUITE peer.term.codec_oracle

#include "peer/detail/reader.hpp"
#include "peer/detail/writer.hpp"
#include "term/codec/codec.hpp"
#include "tests/support/ei_decoder.hpp"
#include "tests/support/golden_terms.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/nested_terms.hpp"
#include "tests/support/random_term.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include <unistd.h>

using peer::byte_buffer;
using peer::const_byte_span;
using peer::term;
using peer::test::to_hex;

namespace {

constexpr auto random_terms = 4000;

// Reads binaries, each behind its size, and writes each term once for each of the options, or nothing but the size 0
// for what is no term.
constexpr auto script = R"__(
  {ok, Input} = file:read_file("input"),
  Options = [[], [{minor_version, 0}], [{minor_version, 2}], [compressed], [{compressed, 9}, {minor_version, 2}]],
  Answer = fun(Binary) ->
    try binary_to_term(Binary) of
      Term -> [begin Out = term_to_binary(Term, O), <<(byte_size(Out)):32, Out/binary>> end || O <- Options]
    catch error:badarg -> [<<0:32>> || _ <- Options]
    end
  end,
  ok = file:write_file("output", [Answer(B) || <<Size:32, B:Size/binary>> <= Input]),
  halt(0).
)__";

// Reads pairs and writes how Erlang orders them: `same`, `equal`, `less` or `greater`.
constexpr auto order_script = R"__(
  {ok, Input} = file:read_file("input"),
  Order = fun({A, B}) when A =:= B -> <<"same">>;
             ({A, B}) when A == B -> <<"equal">>;
             ({A, B}) when A < B -> <<"less">>;
             (_) -> <<"greater">>
          end,
  Answer = fun(Binary) -> Word = Order(binary_to_term(Binary)), [<<(byte_size(Word)):32>>, Word] end,
  ok = file:write_file("output", [Answer(B) || <<Size:32, B:Size/binary>> <= Input]),
  halt(0).
)__";

/// As many as the script has options.
constexpr std::size_t answers_per_term = 5;

class fixture {
public:
  fixture() {
    auto pattern = (std::filesystem::temp_directory_path() / "libpeer-codec-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
      CAF_FAIL("no temporary directory");
    directory_ = pattern;
  }

  ~fixture() { std::filesystem::remove_all(directory_); }

  /// Sends each of `inputs` through `erl`.
  std::vector<byte_buffer> ask_erlang(const std::vector<byte_buffer>& inputs) {
    auto result = run_script(inputs, script);
    CAF_REQUIRE_EQUAL(result.size(), inputs.size() * answers_per_term);
    return result;
  }

  /// How Erlang orders each of `pairs`.
  std::vector<std::string> order_in_erlang(const std::vector<byte_buffer>& pairs) {
    std::vector<std::string> result;
    for (const auto& word : run_script(pairs, order_script))
      result.emplace_back(peer::detail::as_text(word));
    return result;
  }

private:
  std::vector<byte_buffer> run_script(const std::vector<byte_buffer>& inputs, const char* text_of_script) {
    byte_buffer all;
    for (const auto& input : inputs) {
      for (auto shift : {24, 16, 8, 0})
        all.push_back(static_cast<std::byte>(input.size() >> shift));
      peer::detail::append(all, input);
    }
    std::ofstream{directory_ / "input", std::ios::binary} << peer::detail::as_text(all);
    std::ofstream{directory_ / "script"} << text_of_script;
    auto command = "cd '" + directory_.string() + "' && erl -noinput -boot start_clean -eval \"$(cat script)\"";
    if (std::system(command.c_str()) != 0)
      CAF_FAIL("erl failed; is Erlang/OTP installed?");
    std::ifstream file{directory_ / "output", std::ios::binary};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    std::vector<byte_buffer> result;
    for (auto rest = peer::detail::as_byte_span(text); rest.size() >= 4;) {
      std::size_t size = 0;
      for (auto byte : rest.first(4))
        size = (size << 8) | static_cast<std::size_t>(byte);
      auto answer = rest.subspan(4, size);
      result.emplace_back(answer.begin(), answer.end());
      rest = rest.subspan(4 + size);
    }
    return result;
  }

  std::filesystem::path directory_;
};

/// Closures are bytes to us, and their atoms change their encoding on the way through Erlang.
term without_closures(const term& value) {
  auto replace = [](const auto& terms) {
    std::vector<term> result;
    for (const auto& element : terms)
      result.push_back(without_closures(element));
    return result;
  };
  if (value.is<peer::erl::opaque>())
    return peer::atom{"a closure"};
  if (auto* elements = value.get_if<peer::erl::tuple>())
    return peer::erl::tuple{replace(*elements)};
  if (auto* elements = value.get_if<peer::erl::list>())
    return peer::erl::list::cons(replace(*elements), elements->tail() ? without_closures(*elements->tail()) : term{});
  if (auto* entries = value.get_if<peer::erl::map>()) {
    std::vector<peer::erl::map::value_type> result;
    for (const auto& [key, mapped] : *entries)
      result.emplace_back(without_closures(key), without_closures(mapped));
    return peer::erl::map{std::move(result)};
  }
  return value;
}

/// Enough of `bytes` to see what they are.
std::string excerpt(const byte_buffer& bytes) {
  auto text = to_hex(bytes);
  return text.size() <= 400 ? text : text.substr(0, 400) + "... (" + std::to_string(bytes.size()) + " bytes)";
}

std::vector<term> draw(std::uint64_t seed) {
  peer::test::random_term_generator generate{seed};
  std::vector<term> result;
  for (int i = 0; i < random_terms; ++i)
    result.push_back(generate());
  return result;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(codec_oracle_tests, fixture)

CAF_TEST(random terms come back from Erlang in all of its encodings) {
  auto seed = peer::test::random_seed();
  auto terms = draw(seed);
  std::vector<byte_buffer> inputs;
  for (const auto& x : terms)
    inputs.push_back(*peer::internal::codec::encode(x));
  auto answers = ask_erlang(inputs);
  std::size_t compressed = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto& sent = terms[i / answers_per_term];
    auto decoded = peer::internal::codec::decode(answers[i]);
    auto is_same = decoded && without_closures(*decoded) == without_closures(sent);
    if (!is_same)
      CAF_FAIL("seed " << seed << ", sent " << excerpt(inputs[i / answers_per_term]) << ", received "
                       << excerpt(answers[i]) << " with options " << i % answers_per_term);
    compressed += answers[i][1] == std::byte{80};
  }
  CAF_MESSAGE(answers.size() << " terms, " << compressed << " of them compressed");
  CAF_CHECK(compressed > 100);
}

CAF_TEST(terms of a million levels come back from Erlang) {
  std::vector<byte_buffer> inputs;
  for (const auto& [name, wrap] : peer::test::wrappers())
    inputs.push_back(*peer::internal::codec::encode(peer::test::nested(wrap, 1)));
  auto answers = ask_erlang(inputs);
  auto answer = answers.begin();
  for (const auto& [name, wrap] : peer::test::wrappers()) {
    CAF_MESSAGE(name);
    auto sent = peer::test::nested(wrap, 1);
    for (std::size_t i = 0; i < answers_per_term; ++i)
      CAF_CHECK(peer::internal::codec::decode(*answer++, {.max_inflated = std::size_t{1} << 30}) == sent);
  }
}

CAF_TEST(terms of a million levels have the order that they have in Erlang) {
  const std::pair<term, term> innermost[] = {{1, 1}, {1, 1.0}, {1, 2}, {peer::atom{"a"}, 2}};
  std::vector<byte_buffer> pairs;
  std::vector<std::string> expected;
  for (const auto& [name, wrap] : peer::test::wrappers())
    for (const auto& [left, right] : innermost) {
      auto x = peer::test::nested(wrap, left);
      auto y = peer::test::nested(wrap, right);
      auto order = compare(x, y);
      expected.push_back(x == y ? "same" : order == 0 ? "equal" : order < 0 ? "less" : "greater");
      pairs.push_back(*peer::internal::codec::encode(peer::erl::tuple{std::move(x), std::move(y)}));
    }
  CAF_CHECK_EQUAL(order_in_erlang(pairs), expected);
}

CAF_TEST(Erlang makes the same term of golden bytes and of what we encode) {
  std::vector<byte_buffer> inputs;
  std::vector<std::string> names;
  std::vector<bool> canonical;
  for (const auto& golden : peer::test::golden_terms()) {
    if (!golden.otp)
      continue;
    names.push_back(golden.name);
    canonical.push_back(golden.canonical);
    inputs.push_back(golden.bytes);
    inputs.push_back(*peer::internal::codec::encode(golden.value));
  }
  auto answers = ask_erlang(inputs);
  for (std::size_t i = 0; i < names.size(); ++i) {
    CAF_MESSAGE(names[i]);
    const auto& of_golden = answers[2 * i * answers_per_term];
    const auto& of_ours = answers[(2 * i + 1) * answers_per_term];
    CAF_CHECK(!of_golden.empty());
    CAF_CHECK_EQUAL(to_hex(of_golden), to_hex(of_ours));
    // With UTF-8 atoms, which are OTP 26's default, Erlang encodes as we do.
    if (canonical[i])
      CAF_CHECK_EQUAL(to_hex(answers[2 * i * answers_per_term + 2]), to_hex(inputs[2 * i]));
  }
}

CAF_TEST(what Erlang refuses we refuse too) {
  auto seed = peer::test::random_seed();
  std::mt19937_64 engine{seed};
  std::vector<byte_buffer> inputs;
  for (const auto& value : draw(seed + 1)) {
    auto bytes = *peer::internal::codec::encode(value);
    for (auto changes = engine() % 2; changes < 2; ++changes)
      bytes[1 + engine() % (bytes.size() - 1)] = static_cast<std::byte>(engine());
    // Erlang reads what follows a term as if it was not there, and OTP 25 knows no local format.
    peer::detail::term_reader reader{bytes};
    const_byte_span skipped;
    auto has_rest = reader.version() && reader.skip(skipped) && !reader.at_end();
    if (!has_rest && bytes[1] != std::byte{121})
      inputs.push_back(std::move(bytes));
  }
  auto answers = ask_erlang(inputs);
  std::size_t refused = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    auto erlang_refuses = answers[i * answers_per_term].empty();
    refused += erlang_refuses;
    if (erlang_refuses && peer::internal::codec::decode(inputs[i]))
      CAF_ERROR("seed " << seed << ": " << excerpt(inputs[i]));
  }
  CAF_CHECK(refused > 100);
  CAF_MESSAGE(inputs.size() << " damaged terms, " << refused << " refused");
}

CAF_TEST(libei reads what we encode) {
  auto seed = peer::test::random_seed();
  auto check = [&](const term& value) {
    auto bytes = *peer::internal::codec::encode(value);
    auto decoded = peer::test::decode_with_ei(bytes);
    if (!decoded || *decoded != value)
      CAF_FAIL("seed " << seed << ": " << excerpt(bytes));
  };
  for (const auto& x : draw(seed + 2))
    check(x);
  for (const auto& golden : peer::test::golden_terms())
    if (golden.otp)
      check(golden.value);
}

CAF_TEST_FIXTURE_SCOPE_END()
