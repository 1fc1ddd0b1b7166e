// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.wire.stdio_framing

#include "peer/error.hpp"
#include "tests/support/frame_recorder.hpp"
#include "tests/support/hex.hpp"
#include "wire/framing.hpp"

#include "caf/all.hpp"
#include "caf/test/bdd_dsl.hpp"

using namespace std::literals;

using peer::byte_buffer;
using peer::const_byte_span;
using peer::errc;
using peer::detail::append;
using peer::detail::as_byte_span;
using peer::detail::as_text;
using peer::internal::wire::damage;
using peer::internal::wire::make_stdio_framing;
using peer::test::frame_recorder;
using peer::test::from_hex;
using peer::test::make_frame;
using peer::test::stream_item;
using peer::test::to_code;
using peer::test::to_hex;

namespace {

/// What `erl -noinput -user peer` of OTP 25 wrote to its standard output: {started, nonode@nohost}.
constexpr auto started_frame = "C3C3 C3C3 C3C3 C7F7"           // size: 0x0000001D = 29
                               "E3CF"                          // version 131
                               "DBE3 C3CB"                     // SMALL_TUPLE_EXT, 2 elements
                               "DBD3 C3C3 C3DF"                // ATOM_EXT, 7 characters
                               "DFCF DFD3 DBC7 DFCB DFD3 DBD7" // s t a r t e
                               "DBD3"                          // d
                               "DBD3 C3C3 C3F7"                // ATOM_EXT, 13 characters
                               "DBFB DBFF DBFB DBFF DBD3 DBD7" // n o n o d e
                               "D3C3"                          // @
                               "DBFB DBFF DBE3 DBFF DFCF DFD3" // n o h o s t
                               "FFE3 C7DF F7C7 CFFB"sv;        // CRC-32: 0xF817D13E

/// Its payload, term_to_binary({started, nonode@nohost}) there.
constexpr auto started_payload = "83 6802 640007 73746172746564 64000D 6E6F6E6F6465406E6F686F7374"sv;

/// A payload that begins as all messages do, then all byte values.
std::string long_payload() {
  auto result = "\x83\x68"s;
  for (int i = 0; i < 256; ++i)
    result += static_cast<char>(i);
  return result;
}

/// Payloads of frames and the text around them, put together.
std::string example_stream() {
  auto framing = peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::reject);
  return "boot\n" + make_frame(*framing, "\x83h\x01x"s) + make_frame(*framing, "\x83h\x02yy"s) + "two\r\n\xFE"
       + make_frame(*framing, "\x83h\x03"s) + "end";
}

std::vector<stream_item> example_items() {
  return {{false, "boot\n"},      {true, "\x83h\x01x"}, {true, "\x83h\x02yy"},
          {false, "two\r\n\xFE"}, {true, "\x83h\x03"},  {false, "end"}};
}

/// Consumes `stream` in pieces that end at `cuts` and at its end.
frame_recorder read(peer::internal::wire::damage policy, std::string_view stream,
                    std::initializer_list<std::size_t> cuts) {
  frame_recorder result;
  auto framing = peer::internal::wire::make_stdio_framing(policy);
  std::size_t begin = 0;
  for (auto cut : cuts) {
    CHECK_EQ(framing->consume(peer::detail::as_byte_span(stream.substr(begin, cut - begin)), result), caf::error{});
    begin = cut;
  }
  CHECK_EQ(framing->consume(peer::detail::as_byte_span(stream.substr(begin)), result), caf::error{});
  CHECK_EQ(framing->finish(result), caf::error{});
  CHECK_EQ(framing->lost_frames(), 0u);
  return result;
}

/// Checks that `err` is a protocol violation and that its text is `what`.
void check_violation(const caf::error& err, std::string_view what) {
  if (CHECK_EQ(err, errc::protocol_violation))
    CHECK_EQ(err.context().get_as<std::string>(0), what);
}

} // namespace

// -- writing ----------------------------------------------------------------------------------------------------------

CAF_TEST(a byte becomes two with its upper nibble first) {
  auto framing = peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::reject);
  // 0x0F = 0000 1111 -> 11 0000 11, 11 1111 11 = 0xC3 0xFF; its CRC-32 is 0x42BDF21C
  CHECK_EQ(to_hex(peer::detail::as_byte_span(make_frame(*framing, "\x0F"))), "C3C3C3C3C3C3C3C7"   // size: 0x00000001
                                                                             "C3FF"               // payload
                                                                             "D3CBEFF7FFCBC7F3"); // CRC-32
}

CAF_TEST(a frame equals the one that erl writes) {
  auto framing = peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::reject);
  auto payload = from_hex(started_payload);
  CHECK_EQ(to_hex(peer::detail::as_byte_span(make_frame(*framing, peer::detail::as_text(payload)))),
           to_hex(from_hex(started_frame)));
}

CAF_TEST(frames of all sizes around a block come back) {
  for (auto policy : {peer::internal::wire::damage::reject, peer::internal::wire::damage::resync}) {
    auto framing = peer::internal::wire::make_stdio_framing(policy);
    for (std::size_t size = 2; size < 300; ++size) {
      auto payload = "\x83\x68" + std::string(size - 2, static_cast<char>(size));
      frame_recorder seen;
      CHECK_EQ(framing->consume(peer::detail::as_byte_span(make_frame(*framing, payload)), seen), caf::error{});
      CHECK_EQ(seen.items, (std::vector<stream_item>{{true, payload}}));
    }
  }
}

CAF_TEST(a frame is appended to what the buffer holds) {
  auto framing = peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::reject);
  auto out = from_hex("616263");
  auto token = framing->begin_frame(out);
  peer::detail::append(out, from_hex(started_payload));
  CHECK_EQ(framing->end_frame(out, token), caf::error{});
  CHECK_EQ(to_hex(const_byte_span{out}.first(3)), "616263");
  auto code = to_code(*framing, const_byte_span{out}.subspan(3));
  CHECK_EQ(to_hex(peer::detail::as_byte_span(code)), to_hex(from_hex(started_frame)));
}

CAF_TEST(a payload over the limit is refused and removed) {
  auto framing = peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::reject, 4);
  auto out = from_hex("616263");
  auto token = framing->begin_frame(out);
  peer::detail::append(out, from_hex("8368010203"));
  check_violation(framing->end_frame(out, token), "outgoing frame: its size of 5 bytes exceeds the limit of 4");
  CHECK_EQ(to_hex(out), "616263");
  CHECK_EQ(make_frame(*framing, "1234").size(), 24u);
}

// -- reading ----------------------------------------------------------------------------------------------------------

CAF_TEST(the frame that erl writes is read) {
  for (auto policy : {peer::internal::wire::damage::reject, peer::internal::wire::damage::resync}) {
    auto seen = read(policy, peer::detail::as_text(from_hex(started_frame)), {});
    CHECK_EQ(seen.items,
             (std::vector<stream_item>{{true, std::string{peer::detail::as_text(from_hex(started_payload))}}}));
  }
}

CAF_TEST(frames and text come out the same wherever the input is cut) {
  auto stream = example_stream();
  for (auto policy : {peer::internal::wire::damage::reject, peer::internal::wire::damage::resync})
    for (std::size_t first = 0; first <= stream.size(); ++first)
      for (auto second = first; second <= stream.size(); ++second)
        CHECK_EQ(read(policy, stream, {first, second}).items, example_items());
}

CAF_TEST(frames and text come out the same byte by byte) {
  auto stream = example_stream();
  for (auto policy : {peer::internal::wire::damage::reject, peer::internal::wire::damage::resync}) {
    frame_recorder seen;
    auto framing = peer::internal::wire::make_stdio_framing(policy);
    for (auto byte : std::as_bytes(std::span{stream}))
      CHECK_EQ(framing->consume({&byte, 1}, seen), caf::error{});
    CHECK_EQ(framing->finish(seen), caf::error{});
    CHECK_EQ(seen.items, example_items());
  }
}

CAF_TEST(text may stand at every position of a frame) {
  auto frame = std::string{peer::detail::as_text(from_hex(started_frame))};
  auto payload = std::string{peer::detail::as_text(from_hex(started_payload))};
  for (auto text : {"!"s, "a line\n"s, std::string(1000, '\xFE')}) {
    for (std::size_t at = 0; at <= frame.size(); ++at) {
      auto stream = frame.substr(0, at) + text + frame.substr(at);
      auto seen = read(peer::internal::wire::damage::reject, stream, {});
      CHECK_EQ(seen.frames(), std::vector{payload});
      CHECK_EQ(seen.text(), text);
      seen = read(peer::internal::wire::damage::resync, stream, {});
      if (at > 0 && at < 12) { // the beginning cannot be told from text
        CHECK_EQ(seen.items, (std::vector<stream_item>{{false, stream}}));
      } else {
        CHECK_EQ(seen.frames(), std::vector{payload});
        CHECK_EQ(seen.text(), text);
      }
    }
  }
}

CAF_TEST(text may stand between any two nibbles) {
  auto framing = peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::reject);
  auto frame = make_frame(*framing, long_payload());
  std::string stream;
  for (auto nibble : frame)
    stream += nibble + "\n"s;
  auto seen = read(peer::internal::wire::damage::reject, stream, {});
  CHECK_EQ(seen.frames(), std::vector{long_payload()});
  CHECK_EQ(seen.text(), std::string(frame.size(), '\n'));
}

CAF_TEST(text passes as one piece while no frame begins) {
  struct counter : frame_recorder {
    void on_text(peer::const_byte_span bytes) override {
      ++calls;
      frame_recorder::on_text(bytes);
    }
    int calls = 0;
  };
  std::string text;
  for (int i = 0; i < 100000; ++i)
    text += "caf\xC3\xA9 \xCF\x80 \xFF\xFF\xFF\n";
  counter seen;
  CHECK_EQ(peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::resync)
               ->consume(peer::detail::as_byte_span(text), seen),
           caf::error{});
  CHECK_EQ(seen.calls, 1);
  CHECK_EQ(seen.text(), text);
}

// -- errors -----------------------------------------------------------------------------------------------------------

CAF_TEST(every changed nibble of a frame is rejected) {
  auto frame = std::string{peer::detail::as_text(from_hex(started_frame))};
  for (std::size_t at = 8; at < frame.size(); ++at) { // those of the size change where the frame ends
    auto damaged = frame;
    damaged[at] ^= 0x04;
    frame_recorder seen;
    auto err = peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::reject)
                   ->consume(peer::detail::as_byte_span("abc" + damaged), seen);
    CHECK_EQ(err, errc::protocol_violation);
    CHECK_EQ(to_string(err).find("frame at byte 3 of the stream: the CRC-32 of its 29 bytes is ") != std::string::npos,
             true);
    CHECK_EQ(seen.items, (std::vector<stream_item>{{false, "abc"}}));
  }
}

CAF_TEST(a wrong checksum names the place and both numbers) {
  auto framing = peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::reject);
  auto good = make_frame(*framing, "\x0F");
  auto damaged = good;
  damaged.back() = '\xC3'; // 0x42BDF21C becomes 0x42BDF210
  frame_recorder seen;
  check_violation(framing->consume(peer::detail::as_byte_span(good + "text" + damaged), seen),
                  "frame at byte 22 of the stream: the CRC-32 of its 1 bytes is 1119744540, but it says 1119744528");
}

CAF_TEST(a size over the limit is rejected at once) {
  auto framing = peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::reject, 255);
  frame_recorder seen;
  auto fits = make_frame(*framing, std::string(255, 'x'));
  CHECK_EQ(framing->consume(peer::detail::as_byte_span(fits), seen), caf::error{});
  CHECK_EQ(seen.frames(), std::vector{std::string(255, 'x')});
  auto size = from_hex("C3C3C3C3C3C7C3C3"); // 0x00000100
  check_violation(framing->consume(size, seen),
                  "frame at byte 526 of the stream: its size of 256 bytes exceeds the limit of 255");
}

CAF_TEST(the end of the stream inside of a frame is an error) {
  auto frame = std::string{peer::detail::as_text(from_hex(started_frame))};
  for (auto policy : {peer::internal::wire::damage::reject, peer::internal::wire::damage::resync}) {
    for (std::size_t size = 1; size < frame.size(); ++size) {
      frame_recorder seen;
      auto framing = peer::internal::wire::make_stdio_framing(policy);
      CHECK_EQ(framing->consume(peer::detail::as_byte_span(frame.substr(0, size)), seen), caf::error{});
      CHECK_EQ(seen.items.empty(), true);
      auto err = framing->finish(seen);
      if (policy == peer::internal::wire::damage::resync && size < 12) // not known to be one
        CHECK_EQ(err, caf::error{});
      else
        CHECK_EQ(err, errc::protocol_violation);
      CHECK_EQ(seen.text(), policy == peer::internal::wire::damage::resync ? frame.substr(0, size) : "");
      CHECK_EQ(framing->lost_frames(), policy == peer::internal::wire::damage::resync && size >= 12 ? 1u : 0u);
    }
  }
  frame_recorder seen;
  auto framing = peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::reject);
  CHECK_EQ(framing->consume(peer::detail::as_byte_span("ab" + frame.substr(0, 21)), seen), caf::error{});
  check_violation(framing->finish(seen),
                  "the stream ended after 23 bytes inside of a frame: 10 bytes of it had arrived "
                  "of 37");
}
