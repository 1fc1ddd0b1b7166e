// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/base/caf_compat.hpp"

#include "caf/default_enum_inspect.hpp"

#include <cstdint>
#include <string>

namespace peer {

/// The class of an Erlang exception (Reference Manual, "Errors and Error Handling").
enum class exception_class : std::uint8_t { throw_, error_, exit_ };

/// The class as Erlang spells it: "throw", "error" or "exit".
std::string to_string(exception_class value);

bool from_string(caf_string_view name, exception_class& value);

bool from_integer(std::uint8_t number, exception_class& value);

template <class Inspector>
bool inspect(Inspector& f, exception_class& x) {
  return caf::default_enum_inspect(f, x);
}

} // namespace peer
