// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "duration.hpp"
#include "peer/error.hpp"

#include "caf/all.hpp"

#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>

namespace peerctl {

namespace {

using namespace std::chrono_literals;

constexpr auto longest = caf::timespan{100 * 365 * 24h};

constexpr auto digits = std::string_view{"0123456789"};

/// A number and a unit as written.
struct parts {
  std::string_view whole;
  std::string_view decimals;
  std::string_view unit;
};

std::string_view take(std::string_view& text, std::string_view characters) {
  auto result = text.substr(0, text.find_first_not_of(characters));
  text.remove_prefix(result.size());
  return result;
}

/// Takes the parts of a time off the beginning of a text.
std::optional<parts> split(std::string_view text) {
  auto result = parts{};
  result.whole = take(text, digits);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    result.decimals = take(text, digits);
    if (result.decimals.empty())
      return std::nullopt;
  }
  result.unit = take(text, "abcdefghijklmnopqrstuvwxyz");
  if (result.whole.empty() || result.unit.empty())
    return std::nullopt;
  return result;
}

std::optional<caf::timespan> unit_of(std::string_view name) {
  constexpr std::pair<std::string_view, caf::timespan> units[] = {{"ns", 1ns}, {"us", 1us},   {"ms", 1ms},
                                                                  {"s", 1s},   {"min", 1min}, {"h", 1h}};
  for (auto& [each, length] : units)
    if (each == name)
      return length;
  return std::nullopt;
}

/// A number of units; nothing if that is too long.
std::optional<caf::timespan> multiply(const parts& number, caf::timespan unit) {
  auto count = std::int64_t{0};
  auto [end, failed] = std::from_chars(number.whole.data(), number.whole.data() + number.whole.size(), count);
  if (failed != std::errc{} || count > longest / unit)
    return std::nullopt;
  auto result = count * unit;
  auto rest = static_cast<long double>(unit.count());
  for (auto digit : number.decimals) {
    rest /= 10;
    result += caf::timespan{static_cast<std::int64_t>(std::floor(rest)) * (digit - '0')};
  }
  return result <= longest ? std::make_optional(result) : std::nullopt;
}

caf::error wrong(std::string_view text, std::string_view why) {
  return peer::fail(peer::errc::invalid_option, "'" + std::string{text} + "' " + std::string{why});
}

} // namespace

caf::expected<caf::timespan> parse_duration(std::string_view text) {
  auto number = split(text.starts_with('-') ? text.substr(1) : text);
  auto unit = number && length_of_duration(text) == text.size() ? unit_of(number->unit) : std::nullopt;
  if (number && text.starts_with('-'))
    return wrong(text, "is negative");
  if (!unit)
    return wrong(text, "is not a time with a unit, such as 500ms or 1.5s");
  auto result = multiply(*number, *unit);
  if (!result)
    return wrong(text, "is too long: a time has at most 876000h");
  return *result;
}

caf::expected<caf::timespan> parse_limit(std::string_view text) {
  if (text == "infinity")
    return caf::timespan{caf::infinite};
  return parse_duration(text);
}

std::size_t length_of_duration(std::string_view text) {
  auto found = split(text);
  if (!found || !unit_of(found->unit))
    return 0;
  return static_cast<std::size_t>(found->unit.data() + found->unit.size() - text.data());
}

} // namespace peerctl
