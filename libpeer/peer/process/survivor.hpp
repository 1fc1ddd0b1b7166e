// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/base/enum_names.hpp"

#include <cstdint>
#include <string>

namespace peer {

/// What becomes of descendants that have left the process's group and outlive it.
enum class survivor_policy : std::uint8_t {
  report, ///< They live on and are told.
  kill,   ///< They are killed; only what the kernel does not end is told.
};

template <>
inline constexpr auto enum_names<survivor_policy> = std::array<std::string_view, 2>{"report", "kill"};

/// A descendant of a process that outlived it.
struct survivor {
  std::int64_t id = 0; ///< its process id
  std::string command; ///< its command line, the arguments separated by blanks

  friend bool operator==(const survivor&, const survivor&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, survivor& x) {
  return f.object(x).pretty_name("survivor").fields(f.field("id", x.id), f.field("command", x.command));
}

} // namespace peer
