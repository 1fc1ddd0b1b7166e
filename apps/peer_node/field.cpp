// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "field.hpp"
#include "badarg.hpp"

#include <algorithm>

namespace peer_node {

namespace {

/// @pre `text` is not longer than `width`
std::u32string adjust(const std::u32string& text, std::size_t width, const field& where) {
  auto padding = std::u32string(width - text.size(), where.pad);
  return where.left ? text + padding : padding + text;
}

} // namespace

std::u32string fit_term(std::u32string text, const field& where) {
  if (!where.width && !where.precision)
    return text;
  auto width = where.width.value_or(where.precision.value_or(0));
  auto room = std::min(width, where.precision.value_or(width));
  if (text.size() <= room)
    return adjust(text, width, where);
  return adjust(std::u32string(room, U'*'), width, where);
}

std::u32string fit_string(std::u32string text, const field& where) {
  if (!where.width && !where.precision)
    return text;
  auto width = where.width.value_or(where.precision.value_or(0));
  auto room = where.precision.value_or(width);
  if (room > width)
    badarg();
  if (text.size() > room)
    text.resize(room);
  else if (!where.width || (where.precision && room < width))
    text.resize(room, where.pad); // P pads on the right, F on the side that it specifies
  return adjust(text, width, where);
}

std::u32string fit_character(char32_t c, const field& where) {
  auto width = where.width.value_or(where.precision.value_or(1));
  auto count = where.precision.value_or(width);
  if (count > width)
    badarg();
  return adjust(std::u32string(count, c), width, where);
}

} // namespace peer_node
