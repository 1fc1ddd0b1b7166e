// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/peer.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"
#include "caf/timespan.hpp"

#include <string>
#include <string_view>
#include <vector>

/// @file
/// The start options by their names: one table for the command line and for files.

namespace peerctl {

/// What the value of an option looks like.
enum class key_shape {
  flag,  ///< It is there or not; in a file `true` or `false`.
  text,  ///< A text, in a file in quotes.
  value, ///< A text, a number or a time.
  list   ///< Texts; on the command line the option may be repeated.
};

/// One start option.
struct start_key {
  std::string_view option; ///< its name on the command line, without hyphens
  std::string_view key;    ///< its name in a file; empty if it cannot stand there
  key_shape shape;
  std::string_view value; ///< what stands for its value in the help
  std::string_view help;

  /// Sets it. Of a flag the text is "true" or "false"; for a list it is called once for each text. The error tells what
  /// is wrong with the text.
  caf::error (*read)(peer::start_options& target, const std::string& text);
};

/// All of them, in the order in which the help has them.
const std::vector<start_key>& start_keys();

// The values of options. An error tells the text and what it should be.

/// A time with a unit.
caf::expected<caf::timespan> parse_duration(const std::string& text);

/// The same, or `infinity`.
caf::expected<caf::timespan> parse_limit(const std::string& text);

/// What is said of a text that is none of an enumeration's names.
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
