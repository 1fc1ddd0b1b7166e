// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "field.hpp"
#include "badarg.hpp"

#include <algorithm>

namespace peer_node {

namespace {

std::u32string adjust(std::u32string text, std::size_t missing, const field& where) {
  auto padding = std::u32string(missing, where.pad);
  return where.left ? text + padding : padding + text;
}

} // namespace

std::u32string fit_term(std::u32string text, const field& where) {
  if (!where.width && !where.precision)
    return text;
  auto width = where.width.value_or(where.precision.value_or(0));
  auto room = std::min(width, where.precision.value_or(width));
  if (text.size() <= room)
    return adjust(std::move(text), width - text.size(), where);
  return adjust(std::u32string(room, U'*'), width - room, where);
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
  return adjust(std::move(text), width - text.size(), where);
}

std::u32string fit_character(char32_t c, const field& where) {
  auto width = where.width.value_or(where.precision.value_or(1));
  auto count = where.precision.value_or(width);
  if (count > width)
    badarg();
  return adjust(std::u32string(count, c), width - count, where);
}

} // namespace peer_node
