// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/error.hpp"

#include "caf/message.hpp"

#include <array>
#include <utility>

namespace peer {

namespace {

// In the order of errc, which starts at 1.
constexpr auto names = std::array<std::string_view, 25>{
    "invalid_option",
    "bad_syntax",
    "bad_term",
    "type_mismatch",
    "protocol_violation",
    "system_failure",
    "boot_failed",
    "exit_status",
    "connection_closed",
    "noconnection",
    "overload",
    "noproc",
    "timeout",
    "exception",
    "callback_failed",
    "unknown_system_msg",
    "terminated",
    "not_found",
    "already_present",
    "already_started",
    "running",
    "restarting",
    "simple_one_for_one",
    "failed_to_start_child",
    "would_block",
};

} // namespace

std::string to_string(errc code) {
  auto index = static_cast<std::size_t>(code) - 1;
  return index < names.size() ? std::string{names[index]} : "errc(" + std::to_string(index + 1) + ")";
}

bool from_string(detail::caf_string_view name, errc& code) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == detail::to_std(name)) {
      code = static_cast<errc>(i + 1);
      return true;
    }
  return false;
}

bool from_integer(std::uint8_t value, errc& code) {
  if (value == 0 || value > names.size())
    return false;
  code = static_cast<errc>(value);
  return true;
}

error fail(errc code, std::string text) {
  return caf::make_error(code, std::move(text));
}

std::string text_of(const error& err) {
  if (err && !err.context().empty() && err.context().match_element<std::string>(0))
    return err.context().get_as<std::string>(0);
  return {};
}

std::int32_t error_number_of(const error& err) noexcept {
  if (err == errc::system_failure && err.context().match_elements<std::string, std::int32_t>())
    return err.context().get_as<std::int32_t>(1);
  return 0;
}

} // namespace peer
