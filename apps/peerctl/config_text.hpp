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
/// CAF's configuration syntax, read with CAF's parser into values that keep their lines and their order.
/// `caf::settings` keep neither.

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

/// An error in a text and its place.
struct config_problem {
  int line = 0;
  std::string key; ///< with those of the maps around it, `a.b`; empty if it is the syntax
  std::string what;
};

/// Reads a text, whose value is a `config_node::map`. Problems are syntax errors, a key that is given twice in one map
/// (CAF takes the last one) and a key with a dot (CAF loses what follows).
std::variant<config_node, config_problem> parse_config(std::string_view text);

/// The value of a key; null if the node is not a map, or a map without that key.
const config_node* find(const config_node& node, std::string_view key);

/// The line of a key's value, or else that of the node.
int line_of(const config_node& node, std::string_view key);

/// "a boolean", "an integer", …
std::string_view type_name(const config_node& x);

/// A text that is equal for all values that differ only in the order of keys, lines and comments.
std::string canonical_text(const config_node& x);

} // namespace peerctl
