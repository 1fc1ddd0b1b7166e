// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "tests/support/frame_recorder.hpp"
#include "peer/error.hpp"

#include <cstdio>
#include <cstdlib>
#include <optional>

namespace peer::test {

namespace {

bool is_nibble(char x) {
  return (static_cast<unsigned char>(x) & 0b1100'0011) == 0b1100'0011;
}

/// The byte that the nibbles at `pos` and `pos + 1` carry.
unsigned byte_at(std::string_view nibbles, std::size_t pos) {
  auto upper = static_cast<unsigned char>(nibbles[pos]) >> 2 & 0x0F;
  auto lower = static_cast<unsigned char>(nibbles[pos + 1]) >> 2 & 0x0F;
  return static_cast<unsigned>(upper << 4 | lower);
}

std::uint32_t number_at(std::string_view nibbles, std::size_t pos) {
  return byte_at(nibbles, pos) << 24 | byte_at(nibbles, pos + 2) << 16 | byte_at(nibbles, pos + 4) << 8
       | byte_at(nibbles, pos + 6);
}

/// The size that a frame at the beginning of `stream` announces, if it can be one.
std::optional<std::uint32_t> announced_size(std::string_view stream, std::uint32_t max_frame) {
  if (stream.size() < 12)
    return std::nullopt;
  for (auto x : stream.substr(0, 12))
    if (!is_nibble(x))
      return std::nullopt;
  auto size = number_at(stream, 0);
  if (size < 2 || size > max_frame || byte_at(stream, 8) != 131 || byte_at(stream, 10) != 104)
    return std::nullopt;
  return size;
}

/// CRC-32 bit by bit.
std::uint32_t crc_of(std::string_view bytes) {
  auto crc = ~std::uint32_t{0};
  for (auto x : bytes) {
    crc ^= static_cast<unsigned char>(x);
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

void add_text_to(std::vector<stream_item>& items, std::string_view bytes) {
  if (items.empty() || items.back().frame)
    items.push_back({});
  items.back().bytes += bytes;
}

} // namespace

// -- frame_recorder ---------------------------------------------------------------------------------------------------

void frame_recorder::on_text(const_byte_span bytes) {
  add_text_to(items, peer::detail::as_text(bytes));
}

std::vector<std::string> frame_recorder::frames() const {
  std::vector<std::string> result;
  for (auto& item : items)
    if (item.frame)
      result.push_back(item.bytes);
  return result;
}

std::string frame_recorder::text() const {
  std::string result;
  for (auto& item : items)
    if (!item.frame)
      result += item.bytes;
  return result;
}

std::string make_frame(peer::internal::wire::framing& framing, std::string_view payload) {
  byte_buffer out;
  auto token = framing.begin_frame(out);
  peer::detail::append(out, peer::detail::as_byte_span(payload));
  if (auto err = framing.end_frame(out, token)) {
    std::fprintf(stderr, "make_frame: %s\n", to_string(err).c_str());
    std::abort();
  }
  return to_code(framing, out);
}

std::string to_code(const peer::internal::wire::framing& framing, const_byte_span frames) {
  auto code = byte_buffer(framing.code_width() * frames.size());
  framing.encode(frames, code.data());
  return std::string{peer::detail::as_text(code)};
}

// -- resync_model -----------------------------------------------------------------------------------------------------

resync_model::resync_model(std::string stream, std::uint32_t max_frame) {
  std::size_t pos = 0;
  while (pos < stream.size()) {
    auto size = announced_size(std::string_view{stream}.substr(pos), max_frame);
    if (!size) {
      add_text(stream.substr(pos++, 1));
      continue;
    }
    auto wanted = 2 * (std::size_t{*size} + 8);
    std::string nibbles;
    auto end = pos;
    for (; end < stream.size() && nibbles.size() < wanted; ++end) {
      if (is_nibble(stream[end]))
        nibbles += stream[end];
      else
        add_text(stream.substr(end, 1));
    }
    std::string payload;
    for (std::size_t i = 8; i + 8 < nibbles.size() && payload.size() < *size; i += 2)
      payload += static_cast<char>(byte_at(nibbles, i));
    if (nibbles.size() == wanted && crc_of(payload) == number_at(nibbles, wanted - 8)) {
      items.push_back({true, payload});
      pos = end;
      continue;
    }
    ++lost_frames;
    add_text(nibbles.substr(0, 1));
    stream = nibbles.substr(1) + stream.substr(end);
    pos = 0;
  }
}

void resync_model::add_text(std::string_view bytes) {
  add_text_to(items, bytes);
}

} // namespace peer::test
