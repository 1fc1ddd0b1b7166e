// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.wire.packet_framing

#include "peer/error.hpp"
#include "tests/support/frame_recorder.hpp"
#include "tests/support/hex.hpp"
#include "wire/framing.hpp"

#include "caf/all.hpp"
#include "caf/test/bdd_dsl.hpp"

using namespace std::literals;

using peer::errc;
using peer::detail::append;
using peer::detail::as_byte_span;
using peer::internal::wire::make_packet_framing;
using peer::test::frame_recorder;
using peer::test::from_hex;
using peer::test::make_frame;
using peer::test::to_hex;

namespace {

/// Frames of sizes 0, 1, 2 and 300.
std::vector<std::string> example_payloads() {
  return {"", "a", "\x83\x68", std::string(300, 'x')};
}

std::string example_stream() {
  auto framing = peer::internal::wire::make_packet_framing();
  std::string result;
  for (auto& payload : example_payloads())
    result += make_frame(*framing, payload);
  return result;
}

void check_violation(const caf::error& err, std::string_view what) {
  if (CHECK_EQ(err, errc::protocol_violation))
    CHECK_EQ(err.context().get_as<std::string>(0), what);
}

} // namespace

CAF_TEST(a frame is its size in four bytes and its payload) {
  // gen_tcp with {packet, 4} sends <<131,104,0>> so.
  CHECK_EQ(
      to_hex(peer::detail::as_byte_span(make_frame(*peer::internal::wire::make_packet_framing(), "\x83\x68\x00"s))),
      "00000003"
      "836800");
  CHECK_EQ(to_hex(peer::detail::as_byte_span(
                      make_frame(*peer::internal::wire::make_packet_framing(), std::string(258, 'a'))))
               .substr(0, 10),
           "0000010261");
}

CAF_TEST(a frame is appended to what the buffer holds) {
  auto framing = peer::internal::wire::make_packet_framing();
  auto out = from_hex("6162");
  auto token = framing->begin_frame(out);
  peer::detail::append(out, from_hex("836800"));
  CHECK_EQ(framing->end_frame(out, token), caf::error{});
  CHECK_EQ(to_hex(out), "616200000003836800");
}

CAF_TEST(a payload over the limit is refused and removed) {
  auto framing = peer::internal::wire::make_packet_framing(2);
  auto out = from_hex("6162");
  auto token = framing->begin_frame(out);
  peer::detail::append(out, from_hex("836800"));
  check_violation(framing->end_frame(out, token), "outgoing frame: its size of 3 bytes exceeds the limit of 2");
  CHECK_EQ(to_hex(out), "6162");
}

CAF_TEST(frames come out the same wherever the input is cut) {
  auto stream = example_stream();
  for (std::size_t first = 0; first <= stream.size(); ++first) {
    for (auto second = first; second <= std::min(first + 20, stream.size()); ++second) {
      frame_recorder seen;
      auto framing = peer::internal::wire::make_packet_framing();
      CHECK_EQ(framing->consume(peer::detail::as_byte_span(stream.substr(0, first)), seen), caf::error{});
      CHECK_EQ(framing->consume(peer::detail::as_byte_span(stream.substr(first, second - first)), seen), caf::error{});
      CHECK_EQ(framing->consume(peer::detail::as_byte_span(stream.substr(second)), seen), caf::error{});
      CHECK_EQ(framing->finish(seen), caf::error{});
      CHECK_EQ(seen.frames(), example_payloads());
      CHECK_EQ(seen.text(), "");
    }
  }
}

CAF_TEST(frames come out the same byte by byte) {
  auto stream = example_stream();
  frame_recorder seen;
  auto framing = peer::internal::wire::make_packet_framing();
  for (auto byte : std::as_bytes(std::span{stream}))
    CHECK_EQ(framing->consume({&byte, 1}, seen), caf::error{});
  CHECK_EQ(framing->finish(seen), caf::error{});
  CHECK_EQ(seen.frames(), example_payloads());
}

CAF_TEST(a frame that arrives whole is not copied) {
  struct : peer::internal::wire::framing::sink {
    void on_frame(peer::const_byte_span payload) override { where.push_back(payload.data()); }
    void on_text(peer::const_byte_span) override { CAF_FAIL("there is no text"); }
    std::vector<const std::byte*> where;
  } seen;
  auto stream = from_hex("00000001AA 00000002BBBB");
  CHECK_EQ(peer::internal::wire::make_packet_framing()->consume(stream, seen), caf::error{});
  CHECK_EQ(seen.where, (std::vector<const std::byte*>{stream.data() + 4, stream.data() + 9}));
}

CAF_TEST(a size over the limit is rejected wherever the input is cut) {
  auto stream = make_frame(*peer::internal::wire::make_packet_framing(), "abc") + "\x00\x00\x00\x04"s;
  for (std::size_t cut = 0; cut < stream.size(); ++cut) {
    frame_recorder seen;
    auto framing = peer::internal::wire::make_packet_framing(3);
    CHECK_EQ(framing->consume(peer::detail::as_byte_span(stream.substr(0, cut)), seen), caf::error{});
    check_violation(framing->consume(peer::detail::as_byte_span(stream.substr(cut)), seen),
                    "frame at byte 7 of the stream: its size of 4 bytes exceeds the limit of 3");
    CHECK_EQ(seen.frames(), std::vector{"abc"s});
  }
}

CAF_TEST(the end of the stream inside of a frame is an error) {
  auto stream = make_frame(*peer::internal::wire::make_packet_framing(), "abc");
  for (std::size_t size = 1; size < stream.size(); ++size) {
    frame_recorder seen;
    auto framing = peer::internal::wire::make_packet_framing();
    CHECK_EQ(framing->consume(peer::detail::as_byte_span(stream + stream.substr(0, size)), seen), caf::error{});
    check_violation(framing->finish(seen),
                    "frame at byte 7 of the stream: the stream ended after " + std::to_string(size) + " bytes of it");
    CHECK_EQ(seen.frames(), std::vector{"abc"s});
  }
}
