// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/base/exception_class.hpp"

#include "peer/base/enum_names.hpp"

#include <array>

namespace peer {

namespace {

constexpr auto names = std::array<std::string_view, 3>{"throw", "error", "exit"};

} // namespace

std::string to_string(exception_class value) {
  return std::string{enum_name(names, value)};
}

bool from_string(caf_string_view name, exception_class& value) {
  return enum_value(names, to_std(name), value);
}

bool from_integer(std::uint8_t number, exception_class& value) {
  value = static_cast<exception_class>(number);
  return number < names.size();
}

} // namespace peer
