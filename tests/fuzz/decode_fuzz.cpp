// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/detail/reader.hpp"
#include "peer/detail/writer.hpp"
#include "term/codec/codec.hpp"
#include "tests/fuzz/target.hpp"

#include "caf/expected.hpp"

namespace peer::fuzz {

namespace {

constexpr peer::detail::term_limits limits{64, std::size_t{1} << 20};

/// Whatever can be decoded can be passed over, and both end at the same byte.
void check_skip(const_byte_span bytes) {
  peer::detail::term_reader reader{bytes, limits};
  if (!reader.version())
    return;
  term value;
  peer::detail::term_reader skipper{reader.remaining(), limits};
  auto begin = reader.position();
  if (!reader.read(value))
    return;
  const_byte_span skipped;
  require(skipper.skip(skipped), "what can be decoded can be skipped");
  require(skipped.size() == reader.position() - begin, "decoding and skipping end at the same byte");
}

} // namespace

/// By ERTS' "External Term Format".
std::vector<std::string> corpus() {
  using namespace std::literals;
  auto node = "\x77\x03n@h"s;
  return {
      "\x83\x61\xFF"s,
      "\x83\x62\x80\x00\x00\x00"s,
      "\x83\x6E\x09\x01\x01\x02\x03\x04\x05\x06\x07\x08\x09"s,
      "\x83\x6F\x00\x00\x00\x02\x00\x01\xFF"s,
      "\x83\x46\x3F\xF8\x00\x00\x00\x00\x00\x00"s,
      "\x83\x63"s + "1.50000000000000000000e+00" + std::string(5, '\0'),
      "\x83\x64\x00\x02o\xE9"s,
      "\x83\x73\x02ok"s,
      "\x83\x76\x00\x02\xC3\xA9"s,
      "\x83\x77\x02ok"s,
      "\x83\x68\x02\x61\x01\x6A"s,
      "\x83\x69\x00\x00\x00\x01\x6A"s,
      "\x83\x6B\x00\x03\x01\x02\x03"s,
      "\x83\x6C\x00\x00\x00\x02\x61\x01\x61\x02\x6A"s,
      "\x83\x6C\x00\x00\x00\x01\x61\x01\x61\x02"s,
      "\x83\x6D\x00\x00\x00\x03xyz"s,
      "\x83\x4D\x00\x00\x00\x01\x03\xE0"s,
      "\x83\x74\x00\x00\x00\x02\x61\x01\x61\x02\x77\x01k\x6A"s,
      "\x83\x58"s + node + std::string(12, '\1'),
      "\x83\x67"s + node + std::string(9, '\1'),
      "\x83\x5A\x00\x03"s + node + std::string(16, '\1'),
      "\x83\x72\x00\x02"s + node + std::string(9, '\1'),
      "\x83\x65"s + node + std::string(5, '\1'),
      "\x83\x78"s + node + std::string(12, '\1'),
      "\x83\x59"s + node + std::string(8, '\1'),
      "\x83\x66"s + node + std::string(5, '\1'),
      "\x83\x71\x77\x01m\x77\x01\x66\x61\x02"s,
      "\x83\x50\x00\x00\x00\xDF\x78\x9C\xCB\x60\x2E\x67\xCF\x4D\x2D\x2E\x4E\x4C\x4F\x2D\x67\x2F\x28\xCA\xCC\x2B\x49\x2D"
      "\xCA\x66\x38\x91\x38\x4C\x00\x00\xC8\xC5\x54\x4C"s,
      "\x83\x68\x03\x68\x01\x6C\x00\x00\x00\x01\x74\x00\x00\x00\x01\x6A\x68\x00\x6A\x46\x7F\xEF\xFF\xFF\xFF\xFF\xFF"
      "\xFF\x6A"s,
  };
}

} // namespace peer::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace peer;
  auto bytes = fuzz::as_bytes(data, size);
  fuzz::check_skip(bytes);
  auto value = peer::internal::codec::decode(bytes, fuzz::limits);
  if (!value)
    return 0;
  auto encoded = peer::internal::codec::encode(*value);
  fuzz::require(static_cast<bool>(encoded), "what was decoded can be encoded");
  auto again = peer::internal::codec::decode(*encoded);
  fuzz::require(static_cast<bool>(again), "what was encoded can be decoded");
  fuzz::require(*again == *value, "encoding and decoding give the same term");
  return 0;
}
