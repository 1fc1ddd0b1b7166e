// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include <cstddef>

namespace peer::internal::text {

/// Puts a bit string together from segments, the most significant bit first.
class bit_builder {
public:
  /// Appends the `bits` low bits of `value`, an integer of any size, negative ones as two's complement. Little-endian
  /// means that the least significant byte comes first and that a last, incomplete byte holds the most significant
  /// bits.
  void append_integer(const term& value, std::size_t bits, bool little_endian);

  /// Appends the first `bits` of `value`.
  /// @pre `bits` is not more than `value` has.
  void append_bits(const erl::bitstring& value, std::size_t bits);

  /// Appends whole bytes.
  void append_bytes(std::string_view bytes);

  std::size_t size_in_bits() const noexcept { return result_.bytes.size() * 8 - result_.unused_bits; }

  erl::bitstring take() noexcept { return std::exchange(result_, erl::bitstring{}); }

private:
  // Appends the `bits` low bits of `byte`, 1 to 8.
  void append(unsigned byte, unsigned bits);

  erl::bitstring result_;
};

} // namespace peer::internal::text
