// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/detail/reader.hpp"
#include "peer/error.hpp"
#include "tests/fuzz/target.hpp"
#include "wire/message.hpp"

#include "caf/expected.hpp"

namespace peer::fuzz {

namespace {

constexpr peer::detail::term_limits limits{64, std::size_t{1} << 20};

void check(peer::internal::wire::encoded_view field) {
  peer::detail::term_reader reader{field, limits};
  term value;
  require(reader.read(value) && reader.at_end(), "every field of a parsed message can be decoded");
}

void check(const peer::internal::wire::call& x) {
  check(x.arguments);
}

void check(const peer::internal::wire::cast& x) {
  check(x.arguments);
}

void check(const peer::internal::wire::started&) {
  // has no encoded field
}

void check(const peer::internal::wire::reply& x) {
  check(x.result);
}

void check(const peer::internal::wire::message& x) {
  check(x.to);
  check(x.content);
}

void check(const peer::internal::wire::io_reply& x) {
  check(x.from);
  check(x.reply_as);
  check(x.reply);
}

/// Whether nothing of the message is missing, so that it can be written.
template <class Message>
bool is_whole(const Message&) {
  return true;
}

bool is_whole(const peer::internal::wire::io_request& x) {
  return !x.request.empty();
}

bool is_whole(const peer::internal::wire::undecodable&) {
  return false;
}

void check(const peer::internal::wire::io_request& x) {
  check(x.from);
  check(x.reply_as);
  if (is_whole(x))
    check(x.request);
}

void check(const peer::internal::wire::undecodable& x) {
  require(x.why == errc::bad_term, "what cannot be decoded is a bad term");
}

void write(byte_buffer&, const peer::internal::wire::undecodable&) {
  require(false, "nobody writes what cannot be decoded");
}

template <class Message>
byte_buffer written(const Message& x) {
  byte_buffer result;
  std::visit([&result](auto& y) { write(result, y); }, x);
  return result;
}

/// @param parse the member function of the direction.
template <class Parse>
void check_direction(const_byte_span bytes, Parse parse) {
  peer::internal::wire::parser parser{limits};
  auto first = (parser.*parse)(bytes);
  if (!first)
    return;
  std::visit([](auto& x) { check(x); }, *first);
  if (!std::visit([](auto& x) { return is_whole(x); }, *first))
    return;
  auto once = written(*first);
  peer::internal::wire::parser other{limits};
  auto second = (other.*parse)(once);
  require(static_cast<bool>(second), "what was written can be parsed");
  require(written(*second) == once, "writing and parsing give the same message");
}

} // namespace

std::vector<std::string> corpus() {
  using namespace std::literals;
  auto pid = "\x58\x77\x03n@h"s + std::string(12, '\1');
  auto reference = "\x5A\x00\x03\x77\x03n@h"s + std::string(16, '\1');
  return {
      "\x83\x68\x05\x77\x04"s + "call\x61\x07\x77\x01m\x77\x01" + "f\x6B\x00\x02\x01\x02"s,
      "\x83\x68\x04\x77\x04"s + "cast\x64\x00\x01\xE9\x77\x01" + "f\x6C\x00\x00\x00\x01\x61\x01\x6A"s,
      "\x83\x68\x03\x77\x07"s + "message\x77\x01p\x68\x01\x6A",
      "\x83\x68\x03\x77\x07"s + "message" + pid + "\x74\x00\x00\x00\x01\x61\x01\x6A"s,
      "\x83\x68\x04\x77\x08"s + "io_reply" + pid + reference + "\x6A",
      "\x83\x68\x02\x77\x07"s + "started\x77\x03n@h",
      "\x83\x68\x04\x77\x05"s + "reply\x61\x01\x77\x02ok\x6A",
      "\x83\x68\x04\x77\x05"s + "reply\x6E\x08\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x77\x05"s + "error\x68\x02\x6A\x6A",
      "\x83\x68\x04\x77\x05"s + "reply\x61\x01\x77\x05" + "crash\x6A",
      "\x83\x68\x04\x77\x0A"s + "io_request" + pid + reference + "\x77\x07getopts",
      "\x83\x50\x00\x00\x00\xDF\x78\x9C\xCB\x60\x2E\x67\xCF\x4D\x2D\x2E\x4E\x4C\x4F\x2D\x67\x2F\x28\xCA\xCC\x2B\x49\x2D"
      "\xCA\x66\x38\x91\x38\x4C\x00\x00\xC8\xC5\x54\x4C"s,
  };
}

} // namespace peer::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace peer;
  auto bytes = fuzz::as_bytes(data, size);
  fuzz::check_direction(bytes, &peer::internal::wire::parser::parse_to_origin);
  fuzz::check_direction(bytes, &peer::internal::wire::parser::parse_to_peer);
  return 0;
}
