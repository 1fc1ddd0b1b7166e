// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "raw_frame.hpp"
#include "peer/convert.hpp"

#include "caf/all.hpp"

#include <cstdio>
#include <cstdlib>

#include <libdeflate.h>

namespace peer::test {

namespace {

void append_nibbles(std::string& out, unsigned char byte) {
  for (auto nibble : {byte >> 4, byte & 0x0F})
    out += static_cast<char>(0xC3 | nibble << 2);
}

void append_number(std::string& out, std::uint32_t value) {
  for (auto shift : {24, 16, 8, 0})
    append_nibbles(out, static_cast<unsigned char>(value >> shift));
}

} // namespace

raw_frame raw_frame::of_bytes(std::string payload) {
  auto crc = libdeflate_crc32(0, payload.data(), payload.size());
  auto size = static_cast<std::uint32_t>(payload.size());
  return {size, std::move(payload), crc};
}

raw_frame raw_frame::of(const term& message) {
  auto encoded = byte_buffer{};
  if (save_term(encoded, message)) {
    std::fputs("raw_frame: not a term\n", stderr);
    std::abort();
  }
  return of_bytes("\x83" + std::string{peer::detail::as_text(encoded)});
}

std::string raw_frame::bytes() const {
  auto result = std::string{};
  append_number(result, size);
  for (auto x : payload)
    append_nibbles(result, static_cast<unsigned char>(x));
  append_number(result, crc);
  return result;
}

raw_frame started_frame() {
  return raw_frame::of(tagged("started", atom{"nonode@nohost"}));
}

raw_frame reply_frame(int seq, const term& result) {
  return raw_frame::of(tagged("reply", seq, atom{"ok"}, result));
}

std::string shell_print(std::string_view bytes) {
  auto result = std::string{"printf '"};
  for (auto x : bytes) {
    char escape[5];
    std::snprintf(escape, sizeof(escape), "\\%03o", static_cast<unsigned>(static_cast<unsigned char>(x)));
    result += escape;
  }
  return result + "'";
}

} // namespace peer::test
