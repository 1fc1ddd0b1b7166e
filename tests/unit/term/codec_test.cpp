// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The external format against bytes that OTP made, and against bytes that nobody should make.

#define CAF_SUITE peer.term.codec

#include "peer/detail/reader.hpp"
#include "peer/detail/writer.hpp"
#include "peer/error.hpp"
#include "term/codec/codec.hpp"
#include "tests/support/golden_terms.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/random_term.hpp"

#include "caf/all.hpp"
#include "caf/test/bdd_dsl.hpp"

#include <cmath>
#include <limits>
#include <random>

using namespace std::literals;

using peer::atom;
using peer::byte_buffer;
using peer::const_byte_span;
using peer::errc;
using peer::term;
using peer::detail::term_limits;
using peer::detail::term_reader;
using peer::detail::term_writer;
using peer::erl::bitstring;
using peer::erl::list;
using peer::erl::map;
using peer::erl::opaque;
using peer::erl::reference;
using peer::erl::tuple;
using peer::test::from_hex;
using peer::test::golden_terms;
using peer::test::to_hex;

namespace {

std::string text_of(const caf::error& err) {
  return err && err.context().match_elements<std::string>() ? err.context().get_as<std::string>(0) : to_string(err);
}

/// Why these bytes are no term; empty if they are one.
std::string refusal(const_byte_span bytes, const peer::detail::term_limits& limits = {}) {
  auto result = peer::internal::codec::decode(bytes, limits);
  if (result)
    return {};
  if (result.error() != errc::bad_term)
    return "the wrong error: " + to_string(result.error());
  return text_of(result.error());
}

std::string refusal(std::string_view hex, const peer::detail::term_limits& limits = {}) {
  return refusal(from_hex(hex), limits);
}

/// Why this term cannot be encoded; empty if it can.
std::string refusal_of(const term& value) {
  auto result = peer::internal::codec::encode(value);
  return result ? std::string{} : text_of(result.error());
}

term nested(std::size_t levels, term innermost = term{1000}) {
  for (; levels > 0; --levels)
    innermost = peer::erl::tuple{std::move(innermost)};
  return innermost;
}

} // namespace

CAF_TEST(bytes of every tag decode to their term) {
  for (const auto& golden : golden_terms()) {
    MESSAGE(golden.name);
    auto decoded = peer::internal::codec::decode(golden.bytes);
    if (CHECK(decoded))
      CHECK(*decoded == golden.value);
    else
      MESSAGE(to_string(decoded.error()));
  }
}

CAF_TEST(integers of every size are elements) {
  auto at_limits = std::vector<term>{};
  for (auto bits : {7, 8, 15, 16, 31, 32, 63})
    for (auto near : {-1, 0, 1}) {
      auto power = std::uint64_t{1} << bits;
      at_limits.emplace_back(power + static_cast<std::uint64_t>(near));
      auto magnitude = power - static_cast<std::uint64_t>(near);
      at_limits.emplace_back(peer::erl::big_integer{true, std::string{reinterpret_cast<char*>(&magnitude), 8}});
    }
  at_limits.emplace_back(*peer::erl::big_integer::parse(false, "123456789012345678901234567890", 10));
  auto x = term{tuple{list{at_limits}, tuple{at_limits}, list::cons(at_limits, at_limits.back())}};
  auto decoded = peer::internal::codec::decode(*peer::internal::codec::encode(x));
  if (CHECK(decoded))
    CHECK_EQ(to_string(*decoded), to_string(x));
}

CAF_TEST(every term encodes to the shortest form of the newest kind) {
  for (const auto& golden : golden_terms()) {
    MESSAGE(golden.name);
    auto encoded = peer::internal::codec::encode(golden.value);
    if (!CHECK(encoded))
      continue;
    if (golden.canonical)
      CHECK_EQ(to_hex(*encoded), to_hex(golden.bytes));
    else
      CHECK(peer::internal::codec::decode(*encoded) == golden.value);
  }
}

CAF_TEST(passing over a term takes exactly its bytes) {
  for (const auto& golden : golden_terms()) {
    MESSAGE(golden.name);
    peer::detail::term_reader reader{golden.bytes};
    const_byte_span skipped;
    REQUIRE(reader.version());
    auto all = reader.remaining();
    CHECK(reader.skip(skipped));
    CHECK_EQ(skipped.size(), all.size());
    CHECK(reader.at_end());
  }
}

CAF_TEST(a term that is cut anywhere is an error) {
  for (const auto& golden : golden_terms()) {
    // The large ones repeat one element; cutting near both ends meets all of their parts.
    auto size = golden.bytes.size();
    if (golden.value.is<peer::erl::opaque>() && golden.name.starts_with("LOCAL"))
      continue; // its end is the end of the input
    for (std::size_t cut = 0; cut < size; ++cut) {
      if (cut == 600 && size > 1200)
        cut = size - 600;
      auto reason = refusal(const_byte_span{golden.bytes}.first(cut));
      if (reason.empty() || reason.find("byte ") != 0) {
        CAF_ERROR(golden.name << " cut at " << cut << ": " << reason);
        break;
      }
    }
  }
}

CAF_TEST(bytes after a term are an error) {
  for (const auto& golden : golden_terms()) {
    if (golden.value.is<peer::erl::opaque>() && golden.name.starts_with("LOCAL"))
      continue;
    auto bytes = golden.bytes;
    bytes.push_back(std::byte{106});
    MESSAGE(golden.name);
    CHECK_NE(refusal(bytes), "");
  }
  CHECK_EQ(refusal("83 61 01 6A"), "byte 3: 1 bytes follow the term");
}

CAF_TEST(an error names the offset the tag and what is wrong) {
  CHECK_EQ(refusal(""), "byte 0: the input is empty");
  CHECK_EQ(refusal("82 6A"), "byte 0: expected the version 131, found 130");
  CHECK_EQ(refusal("83"), "byte 1: the input ends where a term should start");
  CHECK_EQ(refusal("83 00"), "byte 1: tag 0 is unknown");
  CHECK_EQ(refusal("83 68 02 6A C8"), "byte 4: tag 200 is unknown");
  CHECK_EQ(refusal("83 6D 00000003 0102"), "byte 1: tag 109 needs 3 more bytes at byte 6 and 2 are left");
}

CAF_TEST(a count that the bytes cannot hold is refused before memory is taken) {
  CHECK_EQ(refusal("83 69 FFFFFFFF 6A"), "byte 1: tag 105 announces 4294967295 terms, but only 1 bytes are left");
  CHECK_EQ(refusal("83 6C FFFFFFFF 6A"), "byte 1: tag 108 announces 4294967296 terms, but only 1 bytes are left");
  CHECK_EQ(refusal("83 74 FFFFFFFF 6A"), "byte 1: tag 116 announces 8589934590 terms, but only 1 bytes are left");
  CHECK_EQ(refusal("83 68 03 6A 6A"), "byte 1: tag 104 announces 3 terms, but only 2 bytes are left");
  CHECK_EQ(refusal("83 6C 00000002 6A 6A"), "byte 1: tag 108 announces 3 terms, but only 2 bytes are left");
  CHECK_EQ(refusal("83 6F FFFFFFFF 00 01"), "byte 1: tag 111 needs 4294967296 more bytes at byte 6 and 2 are left");
  CHECK_EQ(refusal("83 6D FFFFFFFF 00"), "byte 1: tag 109 needs 4294967295 more bytes at byte 6 and 1 are left");
  CHECK_EQ(refusal("83 4D FFFFFFFF 01 00"), "byte 1: tag 77 needs 4294967295 more bytes at byte 7 and 1 are left");
  CHECK_EQ(refusal("83 6B FFFF 00"), "byte 1: tag 107 needs 65535 more bytes at byte 4 and 1 are left");
  CHECK_EQ(refusal("83 5A FFFF 77016100000001"), "byte 1: tag 90 holds a reference of 65535 numbers instead of 1 to 5");
  // The counts of nested containers add up to more than there is, although each fits alone.
  peer::detail::term_reader reader{from_hex("68 04 68 03 6A 6A 6A 6A")};
  const_byte_span skipped;
  auto bytes = from_hex("68 04 68 03 6A 6A 6A");
  peer::detail::term_reader nested_counts{bytes};
  CHECK(!nested_counts.skip(skipped));
  CHECK_EQ(nested_counts.error(), errc::bad_term);
}

CAF_TEST(a size of a fun that its parts do not have is an error) {
  for (const auto& golden : golden_terms()) {
    if (golden.name != "a closure")
      continue;
    auto bytes = golden.bytes;
    auto& size = bytes[5]; // the lowest byte of it
    size = static_cast<std::byte>(static_cast<int>(size) - 1);
    CHECK_EQ(refusal(bytes), "byte 62: tag 112 should end at byte 61");
    size = std::byte{0xFF};
    CHECK_EQ(refusal(bytes), "byte 1: tag 112 announces 255 bytes, but 60 are left");
    size = std::byte{4};
    CHECK_EQ(refusal(bytes), "byte 1: tag 112 announces 4 bytes, but 60 are left");
    bytes = golden.bytes;
    bytes[29] = std::byte{2}; // free variables
    CHECK_NE(refusal(bytes), "");
  }
}

CAF_TEST(nesting has no limit) {
  constexpr auto deep = 2 * peer::detail::term_limits{}.max_depth;
  auto encoded = peer::internal::codec::encode(nested(deep));
  REQUIRE(encoded);
  CHECK(peer::internal::codec::decode(*encoded) == nested(deep));
  CHECK_EQ(refusal("83 6801 6801 6A", {.max_depth = 1}), "");
  // Tails do not nest.
  std::string tails = "83";
  for (std::size_t i = 0; i < 100'000; ++i)
    tails += "6C00000001 6A";
  auto decoded = peer::internal::codec::decode(from_hex(tails + "6A"));
  REQUIRE(decoded);
  REQUIRE(decoded->is<peer::erl::list>());
  CHECK_EQ(decoded->get_if<peer::erl::list>()->size(), 100'000u);
}

CAF_TEST(passing over a term needs no stack) {
  byte_buffer bytes;
  peer::detail::term_writer writer{bytes};
  for (std::size_t i = 0; i < 3'000'000; ++i)
    writer.tuple(1);
  writer.nil();
  peer::detail::term_reader reader{bytes};
  const_byte_span skipped;
  CHECK(reader.skip(skipped));
  CHECK_EQ(skipped.size(), bytes.size());
}

CAF_TEST(a map with the same key twice is an error) {
  CHECK_EQ(refusal("83 74 00000002 6101 6A 6101 6A"), "byte 1: tag 116 holds the same key twice");
  CHECK_EQ(refusal("83 74 00000002 6101 6A 6E010001 6A"), "byte 1: tag 116 holds the same key twice");
  CHECK_EQ(refusal("83 74 00000002 6101 6A 463FF0000000000000 6A"), "");
}

CAF_TEST(floats are finite) {
  CHECK_EQ(refusal("83 46 7FF0000000000000"), "byte 1: tag 70 holds a float that is infinite or not a number");
  CHECK_EQ(refusal("83 46 FFF0000000000000"), "byte 1: tag 70 holds a float that is infinite or not a number");
  CHECK_EQ(refusal("83 46 7FF8000000000000"), "byte 1: tag 70 holds a float that is infinite or not a number");
  CHECK_EQ(refusal_of(std::numeric_limits<double>::infinity()),
           "cannot encode: a float that is infinite or not a number");
  CHECK_EQ(refusal_of(peer::erl::tuple{std::nan("")}), "cannot encode: a float that is infinite or not a number");
  auto as_text = [](std::string_view text) {
    std::string padded{text};
    padded.resize(31);
    return "83 63" + to_hex(peer::detail::as_byte_span(padded));
  };
  CHECK_EQ(refusal(as_text("-1.50000000000000000000e-02")), "");
  for (auto wrong : {"inf", "nan", "1e999", "", "1.5 ", "1,5", "abc", "0x1p3 "})
    CHECK_NE(refusal(as_text(wrong)).find("byte 1: tag 99 "), std::string::npos);
}

CAF_TEST(atoms are UTF - 8 of at most 255 characters) {
  for (auto wrong : {"80", "C0AF", "C3", "EDA080", "E08080", "F4908080", "F8888080", "61FF"}) {
    auto size = std::string_view{wrong}.size() / 2;
    CHECK_EQ(refusal("83 77 0" + std::to_string(size) + wrong), "byte 1: tag 119 does not hold valid UTF-8");
    auto bytes = from_hex(wrong);
    CHECK_EQ(refusal_of(atom{peer::detail::as_text(bytes)}), "cannot encode: an atom that is not valid UTF-8");
  }
  auto letters = to_hex(peer::detail::as_byte_span(std::string(256, 'a')));
  CHECK_EQ(refusal("83 76 0100" + letters), "byte 1: tag 118 holds an atom of more than 255 characters");
  CHECK_EQ(refusal("83 64 0100" + letters), "byte 1: tag 100 holds an atom of more than 255 characters");
  CHECK_EQ(refusal_of(atom{std::string(256, 'a')}), "cannot encode: an atom with more than 255 characters");
  CHECK_EQ(refusal_of(peer::pid{atom{std::string(256, 'a')}, 1, 2, 3}),
           "cannot encode: an atom with more than 255 characters");
  CHECK_EQ(refusal_of(peer::erl::export_fun{atom{"m"}, atom{"\xFF"}, 1}),
           "cannot encode: an atom that is not valid UTF-8");
}

CAF_TEST(bit strings use 1 to 8 bits of their last byte) {
  CHECK_EQ(refusal("83 4D 00000001 00 FF"), "byte 1: tag 77 uses 0 bits of the last of 1 bytes");
  CHECK_EQ(refusal("83 4D 00000001 09 FF"), "byte 1: tag 77 uses 9 bits of the last of 1 bytes");
  CHECK_EQ(refusal("83 4D 00000000 01"), "byte 1: tag 77 uses 1 bits of the last of 0 bytes");
  CHECK_EQ(refusal_of(peer::erl::bitstring{"", 3}), "cannot encode: a bit string with 3 unused bits in 0 bytes");
  CHECK_EQ(refusal_of(peer::erl::bitstring{"a", 8}), "cannot encode: a bit string with 8 unused bits in 1 bytes");
}

CAF_TEST(identifiers have the parts that they should have) {
  CHECK_EQ(refusal("83 58 6101 00000026 00000001 00000102"), "byte 2: expected an atom, found tag 97");
  CHECK_EQ(refusal("83 5A 0000 770161 00000001"), "byte 1: tag 90 holds a reference of 0 numbers instead of 1 to 5");
  CHECK_EQ(refusal_of(peer::erl::reference{atom{"a"}, 1, {}}),
           "cannot encode: a reference of 0 numbers instead of 1 to 5");
  CHECK_EQ(refusal_of(peer::erl::reference{atom{"a"}, 1, {1, 2, 3, 4, 5, 6}}),
           "cannot encode: a reference of 6 numbers instead of 1 to 5");
  CHECK_EQ(refusal("83 71 77016D 770166 6200000100"), "byte 1: tag 113 has arity 256");
}

CAF_TEST(a term in a local format is alone and stays as it is) {
  CHECK_EQ(refusal("83 6801 79 0102"), "byte 3: tag 121, a term in a local format, is inside of another term");
  auto value = peer::erl::opaque{"\x79\x01"};
  CHECK_EQ(refusal_of(value), "");
  CHECK_EQ(refusal_of(peer::erl::list{value}), "cannot encode: a term in a local format inside of another term");
  CHECK_EQ(refusal_of(peer::erl::opaque{}), "cannot encode: an opaque term without bytes");
}

CAF_TEST(a compressed term inflates to exactly what it announces within the limit) {
  auto good = "83 50 0000007E 789CCB616060904B61604C1C089C0500D81D1829"s;
  CHECK_EQ(refusal(good), "");
  CHECK_EQ(refusal(good, {.max_inflated = 126}), "");
  CHECK_EQ(refusal(good, {.max_inflated = 125}), "byte 1: tag 80 announces 126 inflated bytes, the limit is 125");
  CHECK_EQ(refusal("83 50 FFFFFFFF 789C"), "byte 1: tag 80 announces 4294967295 inflated bytes, the limit is 16777216");
  CHECK_EQ(refusal("83 50 00FFFFFF 789C"), "byte 1: tag 80 announces 16777215 inflated bytes, which 2 cannot hold");
  auto with_size = [&good](std::string_view size) {
    auto changed = good;
    return changed.replace(6, 8, size);
  };
  CHECK_EQ(refusal(with_size("0000007D")), "byte 1: tag 80: the zlib stream is longer than announced");
  CHECK_EQ(refusal(with_size("0000007F")), "byte 1: tag 80: the zlib stream is shorter than announced");
  CHECK_EQ(refusal(good + "00"), "byte 1: tag 80: bytes follow the zlib stream");
  auto damaged = from_hex(good);
  damaged.back() = std::byte{0};
  CHECK_EQ(refusal(damaged), "byte 1: tag 80: the zlib stream is damaged or cut off");
  CHECK_EQ(refusal("83 50 00000001 00000000"), "byte 1: tag 80: the zlib stream is damaged or cut off");
  CHECK_EQ(refusal("83 6801 50 00000001 00"), "byte 3: tag 80 is unknown");
}

CAF_TEST(a reader gives numbers only where they fit) {
  auto read = []<class T>(std::string_view hex, T& value) {
    auto bytes = from_hex(hex);
    peer::detail::term_reader reader{bytes};
    return reader.integer(value) ? ""s : text_of(reader.error());
  };
  std::int64_t number = 0;
  CHECK_EQ(read("6E 08 01 0000000000000080", number), "");
  CHECK_EQ(number, INT64_MIN);
  CHECK_EQ(read("6E 08 01 0100000000000080", number), "byte 0: expected an integer of 64 bits, found a bigger one");
  CHECK_EQ(read("6E 08 00 0000000000000080", number), "byte 0: expected an integer of 64 bits, found a bigger one");
  CHECK_EQ(read("6E 0A 00 07000000000000000000", number), "");
  CHECK_EQ(number, 7);
  std::uint64_t natural = 0;
  CHECK_EQ(read("6E 08 00 FFFFFFFFFFFFFFFF", natural), "");
  CHECK_EQ(natural, UINT64_MAX);
  CHECK_EQ(read("6E 09 00 000000000000000001", natural),
           "byte 0: expected an integer from 0 to 2^64 - 1, found another one");
  CHECK_EQ(read("62 FFFFFFFF", natural), "byte 0: expected an integer from 0 to 2^64 - 1, found another one");
  CHECK_EQ(read("6E 01 01 00", natural), "");
  CHECK_EQ(read("6A", natural), "byte 0: expected an integer, found tag 106");
}

CAF_TEST(a tuple whose arity is known at its end looks like any other) {
  for (std::size_t arity : {0u, 1u, 255u, 256u, 300u}) {
    byte_buffer bytes;
    peer::detail::term_writer writer{bytes};
    writer.version();
    auto outer = writer.begin_tuple();
    auto inner = writer.begin_tuple();
    for (std::size_t i = 0; i < arity; ++i)
      writer.nil();
    writer.end_tuple(inner, arity);
    writer.integer(std::int64_t{7});
    writer.end_tuple(outer, 2);
    CHECK_EQ(to_hex(bytes),
             to_hex(*peer::internal::codec::encode(peer::erl::tuple{peer::erl::tuple{std::vector<term>(arity)}, 7})));
  }
}

CAF_TEST(random terms survive the way there and back) {
  auto seed = peer::test::random_seed();
  peer::test::random_term_generator generate{seed};
  for (int i = 0; i < 3000; ++i) {
    auto value = generate();
    auto encoded = peer::internal::codec::encode(value);
    REQUIRE(encoded);
    auto decoded = peer::internal::codec::decode(*encoded);
    if (!decoded || *decoded != value)
      CAF_FAIL("seed " << seed << ", term " << i << ": " << to_hex(*encoded));
    // The same value has the same bytes, and passing over it takes all of them.
    CHECK_EQ(*peer::internal::codec::encode(*decoded), *encoded);
    peer::detail::term_reader reader{*encoded};
    const_byte_span skipped;
    REQUIRE(reader.version());
    CHECK(reader.skip(skipped));
    CHECK(reader.at_end());
  }
}

CAF_TEST(damaged and random bytes are terms or errors never more) {
  auto seed = peer::test::random_seed();
  std::mt19937_64 engine{seed};
  peer::test::random_term_generator generate{seed + 1};
  auto check = [](const byte_buffer& bytes) {
    auto decoded = peer::internal::codec::decode(bytes);
    if (!decoded)
      return decoded.error() == errc::bad_term;
    // What is a term has an encoding, which is the same term.
    auto encoded = peer::internal::codec::encode(*decoded);
    return encoded && peer::internal::codec::decode(*encoded) == *decoded;
  };
  for (int i = 0; i < 20'000; ++i) {
    byte_buffer bytes{std::byte{131}};
    if (i % 2 == 0) {
      for (auto size = engine() % 64; size > 0; --size)
        bytes.push_back(static_cast<std::byte>(i % 4 == 0 ? engine() : 70 + engine() % 52));
    } else {
      bytes = *peer::internal::codec::encode(generate());
      for (auto changes = engine() % 4; changes < 4; ++changes)
        bytes[1 + engine() % (bytes.size() - 1)] = static_cast<std::byte>(engine());
    }
    if (!check(bytes))
      CAF_FAIL("seed " << seed << ": " << to_hex(bytes));
  }
}

CAF_TEST(only a whole binary becomes its bytes without a copy) {
  auto bytes = from_hex("6D 00000003 010203");
  auto memory = static_cast<const void*>(bytes.data());
  CHECK(peer::detail::remove_binary_header(bytes));
  CHECK_EQ(to_hex(bytes), "010203");
  CHECK_EQ(static_cast<const void*>(bytes.data()), memory);
  auto empty = from_hex("6D 00000000");
  CHECK(peer::detail::remove_binary_header(empty));
  CHECK(empty.empty());
  for (auto other : {"", "6D", "6D 00000003 0102", "6D 00000003 01020304", "61 01", "4D 00000001 01 80", "05"}) {
    auto before = from_hex(other);
    auto after = before;
    CHECK(!peer::detail::remove_binary_header(after));
    CHECK_EQ(to_hex(after), to_hex(before));
  }
}
