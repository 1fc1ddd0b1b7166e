// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace peer::test {

/// Far more than a stack has room for.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr auto many_levels = 100'000; // their runtimes take ten times as long
#else
inline constexpr auto many_levels = 1'000'000;
#endif

inline std::vector<term> one(term x) {
  auto result = std::vector<term>{};
  result.push_back(std::move(x));
  return result;
}

inline std::vector<erl::map::value_type> entry(term key, term value) {
  auto result = std::vector<erl::map::value_type>{};
  result.emplace_back(std::move(key), std::move(value));
  return result;
}

using wrapper = std::function<term(term)>;

/// The ways to nest terms.
inline const std::map<std::string, wrapper>& wrappers() {
  static const auto result = std::map<std::string, wrapper>{
      {"list", [](term x) { return erl::list{one(std::move(x))}; }},
      {"tuple", [](term x) { return erl::tuple{one(std::move(x))}; }},
      {"value", [](term x) { return erl::map{entry(1, std::move(x))}; }},
      {"key", [](term x) { return erl::map{entry(std::move(x), 1)}; }},
      {"improper tail", [](term x) { return erl::list::cons(one(1), erl::tuple{one(std::move(x))}); }},
  };
  return result;
}

/// Ways to nest terms in which other elements surround the inner one.
inline const std::map<std::string, wrapper>& mixed_wrappers() {
  static const auto result = std::map<std::string, wrapper>{
      {"pair",
       [](term x) {
         auto items = one(atom{"a"});
         items.push_back(std::move(x));
         items.emplace_back(erl::list{1, 2});
         return erl::tuple{std::move(items)};
       }},
      {"first of an improper list",
       [](term x) {
         auto items = one(std::move(x));
         items.emplace_back(erl::tuple{1, erl::tuple{2}});
         return erl::list::cons(std::move(items), 3);
       }},
      {"both of an entry",
       [](term x) {
         return erl::map{entry(erl::tuple{erl::map{{1, erl::list{2}}}}, std::move(x))};
       }},
  };
  return result;
}

inline term nested(const wrapper& wrap, term innermost, int depth = many_levels) {
  auto result = std::move(innermost);
  for (auto i = 0; i < depth; ++i)
    result = wrap(std::move(result));
  return result;
}

} // namespace peer::test
