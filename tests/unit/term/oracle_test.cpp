// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Erlang itself reads what we print, prints what we read, and sorts what we sort. One `erl` serves the whole batch.

#define CAF_SUITE peer.term.oracle

#include "peer/term.hpp"
#include "support/error_text.hpp"
#include "support/random_term.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

using peer::atom;
using peer::term;

namespace {

// Reads terms.txt, a term per line. Identifiers arrive as tuples, for they have no syntax. Writes one line per term:
//   written.txt   the term, with funs spelt as tuples, as ~tw prints it: no strings, no text in binaries
//   pretty.txt    the same as ~0tp prints it, or "skip" where our printer differs on purpose
// and, line by line, the indexes of the terms as they are sorted:
//   sorted.txt    by =<, with what == and =:= say of each and the one before
//   exact.txt     as keys of maps
constexpr auto script = R"__(
% First of all, so that it has no bindings, which hashing and comparing it would walk through.
Fun = fun() -> ok end.
{ok, Text} = file:read_file("terms.txt").
Lines = string:split(unicode:characters_to_list(Text), "\n", all).
Parse = fun(Line) ->
  {ok, Tokens, _} = erl_scan:string(Line ++ " ."),
  {ok, Term} = erl_parse:parse_term(Tokens),
  Term
end.
Carried = [Parse(Line) || Line <- Lines, Line =/= ""].

Skip = fun S([H | T]) -> S(H) orelse S(T);
           S(T) when is_tuple(T) -> S(tuple_to_list(T));
           S(M) when is_map(M) -> map_size(M) > 32 orelse S(maps:to_list(M));
           S(B) when is_binary(B) ->
             not is_list(unicode:characters_to_list(B)) andalso io_lib:printable_latin1_list(binary_to_list(B));
           S(_) -> false
end.
Pretty = fun(T) -> case Skip(T) of true -> "skip"; false -> io_lib:format("~0tp", [T]) end end.

% Erlang prints the names of funs as if they were Latin-1.
Spell = fun S([H | T]) -> [S(H) | S(T)];
            S(T) when is_tuple(T) -> list_to_tuple(S(tuple_to_list(T)));
            S(M) when is_map(M) -> maps:from_list(S(maps:to_list(M)));
            S(F) when is_function(F) ->
              [M, N, A] = [element(2, erlang:fun_info(F, Item)) || Item <- [module, name, arity]],
              {'$export', M, N, A};
            S(T) -> T
end.
Spelt = Spell(Carried).
Save = fun(Name, Items) -> ok = file:write_file(Name, unicode:characters_to_binary([[Item, $\n] || Item <- Items])) end.
Save("written.txt", [io_lib:format("~tw", [T]) || T <- Spelt]).
Save("pretty.txt", [Pretty(T) || T <- Spelt]).

Atom = fun(A) -> B = atom_to_binary(A), <<118, (byte_size(B)):16, B/binary>> end.
Revive = fun R({'$pid', N, I, S, C}) -> binary_to_term(<<131, 88, (Atom(N))/binary, I:32, S:32, C:32>>);
             R({'$port', N, I, C}) -> binary_to_term(<<131, 120, (Atom(N))/binary, I:64, C:32>>);
             R({'$ref', N, C, Ids}) ->
               Numbers = << <<I:32>> || I <- tuple_to_list(Ids) >>,
               binary_to_term(<<131, 90, (tuple_size(Ids)):16, (Atom(N))/binary, C:32, Numbers/binary>>);
             R({'$fun'}) -> Fun;
             R([H | T]) -> [R(H) | R(T)];
             R(T) when is_tuple(T) -> list_to_tuple(R(tuple_to_list(T)));
             R(M) when is_map(M) -> maps:from_list(R(maps:to_list(M)));
             R(T) -> T
end.
Indexed = lists:zip(lists:seq(0, length(Carried) - 1), Revive(Carried)).
Sorted = lists:sort(fun({_, A}, {_, B}) -> A =< B end, Indexed).
Exact = lists:sort(fun({_, A}, {_, B}) -> #{A => x} =< #{B => x} end, Indexed).
Relation = fun(A, B) when A =:= B -> "same"; (A, B) when A == B -> "equal"; (_, _) -> "different" end.
Relations = [Relation(A, B) || {{_, A}, {_, B}} <- lists:zip([hd(Sorted) | lists:droplast(Sorted)], Sorted)].
Save("sorted.txt", [[integer_to_list(I), $\s, R] || {{I, _}, R} <- lists:zip(Sorted, Relations)]).
Save("exact.txt", [integer_to_list(I) || {I, _} <- Exact]).
)__";

class temporary_directory {
public:
  temporary_directory() {
    auto name = (std::filesystem::temp_directory_path() / "libpeer-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
      CAF_FAIL("cannot create a temporary directory");
    path_ = name;
  }

  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;

  ~temporary_directory() {
    auto ignored = std::error_code{};
    std::filesystem::remove_all(path_, ignored);
  }

  void write(const char* name, const std::string& text) const { std::ofstream{path_ / name} << text; }

  std::vector<std::string> lines(const char* name) const {
    auto result = std::vector<std::string>{};
    auto file = std::ifstream{path_ / name};
    for (auto line = std::string{}; std::getline(file, line);)
      result.push_back(line);
    return result;
  }

  std::string path() const { return path_.string(); }

private:
  std::filesystem::path path_;
};

/// Makes a copy of `value` with `leaf` applied to all that is no container.
template <class F>
term rewrite(const term& value, F leaf) {
  auto rewrite_all = [&](const auto& elements) {
    auto result = std::vector<term>{};
    for (const auto& element : elements)
      result.push_back(rewrite(element, leaf));
    return result;
  };
  if (auto* list = value.get_if<peer::erl::list>())
    return peer::erl::list::cons(rewrite_all(*list), list->tail() ? rewrite(*list->tail(), leaf) : term{});
  if (auto* tuple = value.get_if<peer::erl::tuple>())
    return peer::erl::tuple{rewrite_all(*tuple)};
  if (auto* map = value.get_if<peer::erl::map>()) {
    auto entries = std::vector<peer::erl::map::value_type>{};
    for (const auto& [key, item] : *map)
      entries.emplace_back(rewrite(key, leaf), rewrite(item, leaf));
    return peer::erl::map{std::move(entries)};
  }
  return leaf(value);
}

// All closures become the same one: how Erlang orders them depends on what they hold.
term with_one_closure(const term& value) {
  return rewrite(value,
                 [](const term& leaf) { return leaf.is<peer::erl::opaque>() ? term{peer::erl::opaque{"p"}} : leaf; });
}

term carried(const term& value) {
  return rewrite(value, [](const term& leaf) -> term {
    if (auto* x = leaf.get_if<peer::pid>())
      return peer::tagged("$pid", x->node, x->id, x->serial, x->creation);
    if (auto* x = leaf.get_if<peer::erl::port>())
      return peer::tagged("$port", x->node, x->id, x->creation);
    if (auto* x = leaf.get_if<peer::erl::reference>())
      return peer::tagged("$ref", x->node, x->creation,
                          peer::erl::tuple(std::vector<term>(x->ids.begin(), x->ids.end())));
    if (leaf.is<peer::erl::opaque>())
      return peer::tagged("$fun");
    return leaf;
  });
}

term spelt(const term& value) {
  return rewrite(carried(value), [](const term& leaf) -> term {
    auto* x = leaf.get_if<peer::erl::export_fun>();
    return x ? peer::tagged("$export", x->module, x->function, x->arity) : leaf;
  });
}

std::vector<term> draw_terms(std::uint64_t seed) {
  auto draw = peer::test::random_term_generator{seed};
  auto result = std::vector<term>{};
  for (auto i = 0; i < 1000; ++i)
    result.push_back(with_one_closure(draw()));
  // Many of one kind make neighbours that differ in little.
  for (auto i = 0; i < 500; ++i) {
    result.push_back(draw.integer());
    result.emplace_back(draw.real());
    result.emplace_back(draw.bits());
    result.emplace_back(draw.name());
  }
  for (auto i = 0; i < 200; ++i) {
    result.emplace_back(draw.process());
    result.emplace_back(draw.channel());
    result.emplace_back(draw.ref());
    result.push_back(draw.characters());
    result.emplace_back(peer::erl::map{{draw.integer(), draw.real()}, {draw.real(), draw.integer()}});
    result.push_back(peer::erl::list::cons({draw.integer()}, draw.real()));
  }
  return result;
}

struct fixture {
  std::uint64_t seed = peer::test::random_seed();
  std::vector<term> terms = draw_terms(seed);
  temporary_directory directory;

  std::string where(std::size_t index) const {
    return "seed " + std::to_string(seed) + ", term " + std::to_string(index) + ": " + to_string(terms[index]);
  }

  // Reports no more than a few of thousands of failures.
  template <class F>
  void for_each_term(F check) {
    auto failures = 0;
    for (std::size_t i = 0; i < terms.size() && failures < 5; ++i)
      if (auto problem = check(i); !problem.empty()) {
        ++failures;
        CAF_ERROR(where(i) << "\n  " << problem);
      }
    CAF_CHECK_EQUAL(failures, 0);
  }

  void run_erlang() {
    auto text = std::string{};
    for (const auto& value : terms)
      text += to_string(carried(value)) + '\n';
    directory.write("terms.txt", text);
    directory.write("oracle.es", script);
    auto command =
        "cd '" + directory.path()
        + "' && erl -noshell -noinput +pc unicode -eval "
          "'case file:script(\"oracle.es\") of {ok, _} -> halt(0); E -> io:format(\"~tp~n\", [E]), halt(1) end.'";
    if (std::system(command.c_str()) != 0)
      CAF_FAIL("seed " << seed << ": erl failed; what it printed is above");
  }

  void check_sorted(const std::vector<std::string>& lines, std::weak_ordering (*order)(const term&, const term&)) {
    auto indexes = std::vector<std::size_t>(terms.size());
    std::iota(indexes.begin(), indexes.end(), 0);
    std::stable_sort(indexes.begin(), indexes.end(),
                     [&](std::size_t x, std::size_t y) { return order(terms[x], terms[y]) < 0; });
    CAF_REQUIRE_EQUAL(lines.size(), indexes.size());
    for (std::size_t i = 0; i < indexes.size(); ++i)
      if (auto theirs = std::stoul(lines[i]); theirs != indexes[i])
        CAF_FAIL("position " << i << "\n  ours: " << where(indexes[i]) << "\n  Erlang's: " << where(theirs));
  }
};

std::string without_quotes_of_maybe(std::string text) {
  for (std::string_view name : {"'maybe'", "'else'"})
    for (auto i = text.find(name); i != std::string::npos; i = text.find(name))
      text.replace(i, name.size(), name.substr(1, name.size() - 2));
  return text;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(oracle_tests, fixture)

CAF_TEST(erlang reads what we print and sorts as we do) {
  run_erlang();
  auto written = directory.lines("written.txt");
  CAF_REQUIRE_EQUAL(written.size(), terms.size());
  CAF_MESSAGE("what Erlang read is what we printed");
  for_each_term([&](std::size_t i) -> std::string {
    auto back = peer::parse_term(written[i]);
    if (!back)
      return "cannot read what Erlang wrote: " + written[i] + ": " + peer::test::error_text(back.error());
    return *back == spelt(terms[i]) ? "" : "Erlang read " + to_string(*back);
  });
  CAF_MESSAGE("Erlang prints it as we do");
  auto pretty = directory.lines("pretty.txt");
  CAF_REQUIRE_EQUAL(pretty.size(), terms.size());
  auto compared = 0;
  for_each_term([&](std::size_t i) -> std::string {
    if (pretty[i] == "skip")
      return "";
    ++compared;
    auto theirs = without_quotes_of_maybe(pretty[i]);
    return without_quotes_of_maybe(to_string(spelt(terms[i]))) == theirs ? "" : "Erlang prints " + theirs;
  });
  CAF_CHECK_GREATER(compared, 2500);
  CAF_MESSAGE("=< sorts as compare does");
  auto sorted = directory.lines("sorted.txt");
  check_sorted(sorted, [](const term& x, const term& y) { return compare(x, y); });
  CAF_MESSAGE("keys of maps are sorted as <=> does");
  check_sorted(directory.lines("exact.txt"), [](const term& x, const term& y) { return x <=> y; });
  CAF_MESSAGE("== and =:= agree");
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    const auto& x = terms[std::stoul(sorted[i - 1])];
    const auto& y = terms[std::stoul(sorted[i])];
    auto relation = x == y ? "same" : compare(x, y) == 0 ? "equal" : "different";
    auto theirs = sorted[i].substr(sorted[i].find(' ') + 1);
    if (relation != theirs)
      CAF_ERROR("seed " << seed << ": " << to_string(x) << " and " << to_string(y) << ": ours " << relation
                        << ", Erlang's " << theirs);
    CAF_CHECK_EQUAL(x == y, (x <=> y) == 0);
  }
}

CAF_TEST(we read what we print) {
  for_each_term([&](std::size_t i) -> std::string {
    auto value = carried(terms[i]);
    auto back = peer::parse_term(to_string(value));
    if (!back)
      return peer::test::error_text(back.error());
    return *back == value ? "" : "read " + to_string(*back);
  });
}

CAF_TEST_FIXTURE_SCOPE_END()
