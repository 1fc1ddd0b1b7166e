// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "random_term.hpp"
#include "base/utf8.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string_view>

namespace peer::test {

namespace {

constexpr int max_depth = 5;

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  while (bytes-- > 0)
    out += static_cast<char>(value >> (8 * bytes));
}

void append_atom(std::string& out, const atom& name) {
  out += '\x76'; // ATOM_UTF8_EXT
  append_big_endian(out, name.name().size(), 2);
  out += name.name();
}

// The limbs of 2^exponent + delta for a small delta.
term power_of_two(unsigned exponent, int delta, bool negative) {
  auto magnitude = std::string(exponent / 8 + 1, '\0');
  magnitude.back() = static_cast<char>(1 << (exponent % 8));
  auto carry = delta;
  for (auto& byte : magnitude) {
    auto sum = static_cast<int>(static_cast<unsigned char>(byte)) + carry;
    byte = static_cast<char>(sum & 0xFF);
    carry = sum >> 8; // arithmetic: -1 borrows
  }
  return peer::erl::big_integer{negative, std::move(magnitude)};
}

} // namespace

std::uint64_t random_seed() {
  auto seed = std::uint64_t{20'231'215};
  if (auto* text = std::getenv("LIBPEER_TEST_SEED")) {
    auto digits = std::string_view{text};
    std::from_chars(digits.data(), digits.data() + digits.size(), seed);
  }
  return seed;
}

random_term_generator::random_term_generator(std::uint64_t seed) : engine_(seed) {}

term random_term_generator::operator()() {
  return any(max_depth);
}

// -- single kinds -----------------------------------------------------------------------------------------------------

term random_term_generator::integer() {
  static constexpr auto exponents =
      std::array{8u, 16u, 27u, 28u, 31u, 32u, 52u, 53u, 59u, 60u, 63u, 64u, 65u, 128u, 1024u};
  switch (below(6)) {
  case 0:
    return static_cast<std::int64_t>(below(10)) - 3;
  case 1:
    return static_cast<std::int64_t>(below(1024)) - 512;
  case 2:
    return static_cast<std::int64_t>(engine_());
  case 3:
  case 4: {
    auto exponent = exponents[below(exponents.size())];
    auto delta = static_cast<int>(below(7)) - 3;
    return power_of_two(exponent, delta, once_in(2));
  }
  default: {
    // 255 and 256 bytes are the two sides of SMALL_BIG and LARGE_BIG.
    auto size = once_in(8) ? 254 + below(4) : 1 + below(24);
    auto magnitude = std::string(size, '\0');
    for (auto& byte : magnitude)
      byte = static_cast<char>(engine_());
    return peer::erl::big_integer{once_in(2), std::move(magnitude)};
  }
  }
}

double random_term_generator::real() {
  using limits = std::numeric_limits<double>;
  static constexpr auto special = std::array{0.0,
                                             -0.0,
                                             limits::denorm_min(),
                                             -limits::denorm_min(),
                                             limits::min(),
                                             limits::max(),
                                             limits::lowest(),
                                             0.1,
                                             1e22,
                                             1e23,
                                             9007199254740991.0,
                                             9007199254740992.0,
                                             9007199254740994.0,
                                             9.223372036854775807e18,
                                             -9.223372036854775808e18,
                                             1.8446744073709551616e19,
                                             1e15,
                                             1e16,
                                             5e-5,
                                             1e-4,
                                             123456.0,
                                             1.0 / 3.0};
  switch (below(4)) {
  case 0:
    return special[below(special.size())];
  case 1:
    return static_cast<double>(static_cast<std::int64_t>(below(10)) - 3);
  case 2: {
    // Next to an integer, or one: where comparisons of integers and floats go wrong.
    auto value = std::ldexp(1.0, static_cast<int>(below(130)));
    if (once_in(3))
      value = std::nextafter(value, once_in(2) ? 0.0 : limits::max());
    return once_in(2) ? -value : value;
  }
  default: {
    auto value = std::bit_cast<double>(engine_());
    return std::isfinite(value) ? value : 1.5;
  }
  }
}

atom random_term_generator::name() {
  static constexpr auto known = std::array<std::string_view, 16>{
      "ok",         "error", "true", "undefined",         "nonode@nohost", "",    "end", "maybe", "Upper", "_",
      "with space", "it's",  "a.b",  "\xC3\xA9t\xC3\xA9", "\xE2\x82\xAC",  "else"};
  if (once_in(2))
    return atom{known[below(known.size())]};
  auto text = std::string{};
  auto size = once_in(40) ? 255 : below(9);
  for (std::uint64_t i = 0; i < size; ++i)
    peer::internal::base::append_utf8(text, character());
  return atom{std::move(text)};
}

peer::erl::bitstring random_term_generator::bits() {
  auto result = peer::erl::bitstring{};
  auto size = once_in(30) ? 256 + below(64) : below(9);
  switch (below(3)) {
  case 0: // text
    for (std::uint64_t i = 0; i < size; ++i)
      peer::internal::base::append_utf8(result.bytes, character());
    return result;
  case 1: // from few values, so that prefixes meet
    for (std::uint64_t i = 0; i < size; ++i)
      result.bytes += static_cast<char>(once_in(2) ? 'a' : 0x80);
    break;
  default:
    for (std::uint64_t i = 0; i < size; ++i)
      result.bytes += static_cast<char>(engine_());
    break;
  }
  if (!result.bytes.empty() && once_in(2)) {
    result.unused_bits = static_cast<std::uint8_t>(below(8));
    auto last = static_cast<unsigned char>(result.bytes.back());
    result.bytes.back() = static_cast<char>(last & (0xFF << result.unused_bits));
  }
  return result;
}

pid random_term_generator::process() {
  auto number = [this] { return static_cast<std::uint32_t>(once_in(2) ? below(4) : engine_()); };
  auto node = atom{once_in(2) ? "a@host" : "b@host.example.org"};
  return {node, number(), number(), static_cast<std::uint32_t>(1 + below(3))};
}

peer::erl::port random_term_generator::channel() {
  auto node = atom{once_in(2) ? "a@host" : "b@host.example.org"};
  return {node, once_in(2) ? below(4) : engine_(), static_cast<std::uint32_t>(1 + below(3))};
}

peer::erl::reference random_term_generator::ref() {
  auto result = peer::erl::reference{
      atom{once_in(2) ? "a@host" : "b@host.example.org"}, static_cast<std::uint32_t>(1 + below(3)), {}};
  // Small numbers make neighbours. Not so in long ones: OTP 25 crashes on a map of more than 32 keys, two of which are
  // different references with the same first three numbers.
  auto size = 1 + below(5);
  for (std::uint64_t i = 0; i < size; ++i)
    result.ids.push_back(static_cast<std::uint32_t>(size <= 3 && once_in(2) ? below(2) : engine_()));
  return result;
}

peer::erl::export_fun random_term_generator::function() {
  return {name(), name(), static_cast<std::uint8_t>(below(256))};
}

peer::erl::opaque random_term_generator::closure() {
  auto body = std::string{};
  body += static_cast<char>(below(4)); // arity
  append_big_endian(body, engine_(), 8);
  append_big_endian(body, engine_(), 8);
  append_big_endian(body, below(10), 4); // index
  append_big_endian(body, 1, 4);         // free variables
  append_atom(body, atom{once_in(2) ? "m" : "n"});
  body += "\x61"; // old index
  body += static_cast<char>(below(10));
  body += "\x62"; // old unique number
  append_big_endian(body, below(1 << 27), 4);
  auto maker = process();
  body += '\x58';
  append_atom(body, maker.node);
  append_big_endian(body, maker.id, 4);
  append_big_endian(body, maker.serial, 4);
  append_big_endian(body, maker.creation, 4);
  body += "\x61"; // the free variable
  body += static_cast<char>(below(256));
  auto result = peer::erl::opaque{"\x70"};
  append_big_endian(result.encoded, body.size() + 4, 4);
  result.encoded += body;
  return result;
}

term random_term_generator::characters() {
  auto items = std::vector<term>{};
  for (auto size = below(9); size > 0; --size)
    items.emplace_back(static_cast<std::int64_t>(character()));
  return peer::erl::list{std::move(items)};
}

// -- implementation details -------------------------------------------------------------------------------------------

std::uint64_t random_term_generator::below(std::uint64_t bound) {
  return engine_() % bound; // the bias does not matter, being the same everywhere does
}

bool random_term_generator::once_in(std::uint64_t times) {
  return below(times) == 0;
}

char32_t random_term_generator::character() {
  switch (below(8)) {
  default:
    return static_cast<char32_t>(0x20 + below(0x5F));
  case 0:
    return static_cast<char32_t>(once_in(2) ? below(0x20) : 0x7F + below(0x21));
  case 1:
    return static_cast<char32_t>(0xA0 + below(0x60));
  case 2: {
    // Neither surrogates nor U+FFFE and U+FFFF, which Erlang's scanner refuses.
    auto c = static_cast<char32_t>(0x100 + below(0xD700));
    return once_in(3) ? static_cast<char32_t>(0x10000 + below(0x100000)) : c;
  }
  }
}

term random_term_generator::leaf() {
  switch (below(16)) {
  default:
    return integer();
  case 0:
  case 1:
  case 2:
    return real();
  case 3:
  case 4:
    return name();
  case 5:
  case 6:
    return bits();
  case 7:
    return process();
  case 8:
    return channel();
  case 9:
    return ref();
  case 10:
    return function();
  case 11:
    return closure();
  case 12:
    return characters();
  }
}

term random_term_generator::container(int depth) {
  switch (below(4)) {
  case 0:
    return peer::erl::list{elements(depth)};
  case 1: {
    auto items = elements(depth);
    auto tail = any(depth);
    return peer::erl::list::cons(std::move(items), std::move(tail));
  }
  case 2:
    return peer::erl::tuple{elements(depth)};
  default: {
    auto entries = std::vector<peer::erl::map::value_type>{};
    for (auto& key : elements(depth))
      entries.emplace_back(std::move(key), any(depth));
    return peer::erl::map{std::move(entries)};
  }
  }
}

term random_term_generator::any(int depth) {
  return depth > 0 && once_in(2) ? container(depth - 1) : leaf();
}

std::vector<term> random_term_generator::elements(int depth) {
  auto result = std::vector<term>{};
  auto size = once_in(300) ? 250 + below(20) : below(6);
  for (std::uint64_t i = 0; i < size; ++i)
    result.push_back(size > 6 ? leaf() : any(depth));
  return result;
}

} // namespace peer::test
