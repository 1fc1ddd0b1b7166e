// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/control/messages.hpp"

#include "peer/base/enum_names.hpp"

#include <array>

namespace peer {

namespace {

constexpr auto state_names = std::array<std::string_view, 3>{"booting", "running", "down"};

constexpr auto step_names =
    std::array<std::string_view, 6>{"none", "asked", "closed", "terminated", "killed", "gave_up"};

} // namespace

std::string to_string(peer_state value) {
  return std::string{enum_name(state_names, value)};
}

bool from_string(caf_string_view name, peer_state& value) {
  return enum_value(state_names, to_std(name), value);
}

bool from_integer(std::uint8_t number, peer_state& value) {
  value = static_cast<peer_state>(number);
  return number < state_names.size();
}

std::string to_string(stop_step value) {
  return std::string{enum_name(step_names, value)};
}

bool from_string(caf_string_view name, stop_step& value) {
  return enum_value(step_names, to_std(name), value);
}

bool from_integer(std::uint8_t number, stop_step& value) {
  value = static_cast<stop_step>(number);
  return number < step_names.size();
}

} // namespace peer
