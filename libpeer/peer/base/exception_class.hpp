// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/base/enum_names.hpp"

#include <cstdint>
#include <string>

namespace peer {

/// The class of an Erlang exception (Reference Manual, "Errors and Error Handling").
enum class exception_class : std::uint8_t { throw_, error_, exit_ };

template <>
inline constexpr auto enum_names<exception_class> = std::array<std::string_view, 3>{"throw", "error", "exit"};

} // namespace peer
