// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/peer.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"
#include "caf/timespan.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// @file
/// The table of start options that users of peerctl can give: the command line, the files of trees and docs/options.md
/// come from it. A test (tests/options) holds it to the options that introspection shows.

namespace peerctl {

/// What the value of an option looks like.
enum class key_shape {
  flag,  ///< Given or not; in a file `true` or `false`.
  text,  ///< A text, in a file in quotes.
  value, ///< A text, a number or a time.
  list   ///< Texts; on the command line the option may be repeated.
};

/// One start option.
struct start_key {
  std::string_view option; ///< its name in C++, as in `peer::option_problem`
  std::string_view flag;   ///< its name on the command line, without hyphens
  std::string_view key;    ///< its name in a file; empty if files do not have it
  key_shape shape;
  std::string_view value;    ///< the syntax of its value; empty for a flag
  std::string_view fallback; ///< its default: a value, or words with blanks between them; empty if there is none
  std::string_view help;

  /// Sets the option. The text of a flag is "true" or "false". For a list this is called once for each text. The error
  /// has a sentence about the text.
  caf::error (*read)(peer::start_options& target, const std::string& text);
};

/// All options, in the order of the help.
const std::vector<start_key>& start_keys();

/// Sets an option. A text that is empty is an error: it would count as not given.
caf::error read_option(const start_key& key, peer::start_options& target, const std::string& text);

/// The first problem of start options: what the library finds, and what no peer could start with.
std::optional<peer::option_problem> find_start_problem(const peer::start_options& options);

/// The key of an option, or null. Several keys may stand for one option (`exec`, `exec-args`): then the first one that
/// is given, or else the first one.
const start_key* find_key(std::string_view option, const std::function<bool(const start_key&)>& is_given);

/// The sentence about the value of an option, with the names of other options as `name_of` returns them.
std::string sentence(const peer::option_problem& problem, const std::function<std::string(const start_key&)>& name_of);

// Values of options. An error has the text and what it should be.

/// The error of a text that is not one of an enumeration's names.
caf::error none_of(const std::string& text, const std::string& names);

/// One of an enumeration's names.
template <class Enum>
caf::expected<Enum> parse_enum(const std::string& text) {
  auto result = Enum{};
  if (from_string(peer::detail::caf_string_view{text.data(), text.size()}, result))
    return result;
  auto names = std::string{};
  for (auto name : peer::detail::enum_names<Enum>)
    names.append(names.empty() ? "" : ", ").append(name);
  return none_of(text, names);
}

} // namespace peerctl
