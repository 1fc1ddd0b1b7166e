// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "connection/token.hpp"

#include "base/random.hpp"
#include "peer/error.hpp"
#include "process/descriptor.hpp"

#include "caf/expected.hpp"

#include <cerrno>

namespace peer::internal::connection {

namespace {

constexpr auto digits = std::string_view{"0123456789abcdef"};

caf::error invalid_token(const char* why) {
  return fail(errc::bad_syntax, std::string{"the token must be a line of 64 hexadecimal digits: "} + why);
}

} // namespace

caf::expected<token_secret> make_token() {
  auto result = token_secret{};
  if (!base::fill_randomly(result))
    return process::system_failure("cannot make a secret for the connection", errno);
  return result;
}

std::string to_line(const token_secret& secret) {
  auto result = std::string{};
  for (auto byte : secret) {
    result += digits[std::to_integer<std::size_t>(byte >> 4)];
    result += digits[std::to_integer<std::size_t>(byte & std::byte{15})];
  }
  return result + '\n';
}

caf::expected<token_secret> parse_token_line(std::string_view line) {
  auto result = token_secret{};
  if (line.ends_with('\n'))
    line.remove_suffix(1);
  if (line.size() != 2 * result.size())
    return invalid_token("wrong length");
  for (auto i = std::size_t{0}; i < line.size(); ++i) {
    auto value = digits.find(line[i]);
    if (value == std::string_view::npos)
      return invalid_token("invalid character");
    result[i / 2] = (result[i / 2] << 4) | static_cast<std::byte>(value);
  }
  return result;
}

bool equal_in_constant_time(const token_secret& expected, const_byte_span given) noexcept {
  if (given.size() != expected.size()) // the length is not secret
    return false;
  // Volatile, so that the compiler cannot end the loop as soon as the result is known.
  volatile auto difference = std::uint8_t{0};
  for (auto i = std::size_t{0}; i < expected.size(); ++i)
    difference = static_cast<std::uint8_t>(difference | std::to_integer<std::uint8_t>(expected[i] ^ given[i]));
  return difference == 0;
}

} // namespace peer::internal::connection
