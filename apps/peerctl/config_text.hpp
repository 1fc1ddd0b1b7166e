// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/expected.hpp"
#include "caf/timespan.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// @file
/// CAF's own configuration syntax, read with CAF's own parser, into values that know their lines and their order, which
/// `caf::settings` do not.

namespace peerctl {

struct config_entry;

/// A value and the line that it begins on.
struct config_node {
  using list = std::vector<config_node>;
  using map = std::vector<config_entry>; ///< in the order of the text; each key once

  int line = 0;
  std::variant<bool, std::int64_t, double, caf::timespan, std::string, list, map> value; // begins as `false`
};

struct config_entry {
  std::string key;
  config_node node;
};

/// What is wrong with a text, and where.
struct config_problem {
  int line = 0;
  std::string key; ///< with those of the maps around it, `a.b`; empty if it is the syntax
  std::string what;
};

/// Reads a text, whose value is a `config_node::map`. Besides what is no syntax at all, keys that stand twice in one
/// map and keys with dots are problems: CAF takes the last one of the former, and loses what follows the latter.
std::variant<config_node, config_problem> parse_config(std::string_view text);

/// "a boolean", "an integer", …
std::string_view type_name(const config_node& x);

/// The same text for all texts that mean the same: without order of keys, lines and comments.
std::string canonical_text(const config_node& x);

} // namespace peerctl
