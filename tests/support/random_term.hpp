// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace peer::test {

/// The seed for a test that draws random terms: the environment variable LIBPEER_TEST_SEED if it holds a number, else a
/// fixed one. A test names it in the text of its failures.
std::uint64_t random_seed();

/// Draws terms of every kind that a real runtime can hold, with a preference for the edges: integers around the powers
/// of two, floats next to integers, subnormal and extreme ones, unicode atoms, bit strings, improper lists, equal keys
/// of different types. The same seed gives the same terms on every platform.
///
/// All terms can be encoded, and OTP decodes them: floats are finite, atoms are valid UTF-8 of at most 255 characters,
/// identifiers belong to other nodes than `nonode@nohost` of creation 0, whose ids OTP restricts. Opaque terms are
/// closures in NEW_FUN_EXT.
class random_term_generator {
public:
  explicit random_term_generator(std::uint64_t seed);

  /// Draws a term that nests at most 5 levels deep.
  term operator()();

  // -- single kinds ---

  term integer(); ///< small or big
  double real();
  atom name();
  peer::erl::bitstring bits();
  pid process();
  peer::erl::port channel();
  peer::erl::reference ref();
  peer::erl::export_fun function();
  peer::erl::opaque closure();

  /// A list of at most 8 characters: ASCII, Latin-1, other Unicode or a few that do not print.
  term characters();

private:
  std::uint64_t below(std::uint64_t bound); ///< 0 to `bound` - 1
  bool once_in(std::uint64_t times);
  char32_t character();
  term leaf();
  term container(int depth);
  term any(int depth);
  std::vector<term> elements(int depth);

  std::mt19937_64 engine_;
};

} // namespace peer::test
