// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.wire.resync

#include "peer/error.hpp"
#include "tests/support/frame_recorder.hpp"
#include "wire/framing.hpp"

#include "caf/all.hpp"
#include "caf/test/bdd_dsl.hpp"

#include <random>

using namespace std::literals;

using peer::errc;
using peer::detail::as_byte_span;
using peer::internal::wire::damage;
using peer::internal::wire::framing_ptr;
using peer::internal::wire::make_stdio_framing;
using peer::test::frame_recorder;
using peer::test::make_frame;
using peer::test::resync_model;
using peer::test::stream_item;

namespace {

/// Small, so that random sizes are often within it.
constexpr std::uint32_t limit = 0x3FFF;

framing_ptr make_resync() {
  return peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::resync, limit);
}

/// The code of `bytes` without size and checksum.
std::string nibbles_of(std::string_view bytes) {
  std::string result;
  for (auto x : bytes) {
    result += static_cast<char>(0xC3 | (static_cast<unsigned char>(x) >> 4) << 2);
    result += static_cast<char>(0xC3 | (static_cast<unsigned char>(x) & 0x0F) << 2);
  }
  return result;
}

/// Draws what a peer may send.
class generator {
public:
  explicit generator(unsigned seed) : engine_(seed) {}

  std::size_t below(std::size_t bound) { return engine_() % bound; }

  std::string payload() {
    auto result = "\x83\x68"s;
    for (auto n = below(20) == 0 ? below(limit - 2) : below(40); n > 0; --n)
      result += static_cast<char>(below(256));
    return result;
  }

  std::string frame() { return make_frame(*framing_, payload()); }

  /// Console output, much of it with bytes that look like nibbles.
  std::string text() {
    switch (below(9)) {
    case 0:
      return "hello\n";
    case 1:
      return "\xC3"s;
    case 2:
      return "caf\u00E9 "s;
    case 3:
      return "\xEF\xBB\xBF"s; // BOM
    case 4:
      return std::string(below(200), '\xFF');
    case 5:
      return burst(below(60), 256);
    case 6: // the 16 special values
      return nibbles_of(burst(below(40), 256));
    case 7:
      return "\u3053\u3093\u306B\u3061\u306F\n"s;
    default: {
      std::string result;
      for (int i = 0; i < 16; ++i)
        result += static_cast<char>(0xC3 | i << 2);
      return result;
    }
    }
  }

  /// What looks like a frame, or was one.
  std::string damaged() {
    auto size = below(30) + 2;
    switch (below(5)) {
    case 0: // a header only
      return nibbles_of("\0\0\0"s + static_cast<char>(size) + "\x83\x68");
    case 1: { // a changed nibble
      auto result = frame();
      result[below(result.size())] = static_cast<char>(0xC3 | below(16) << 2);
      return result;
    }
    case 2: { // a lost byte
      auto result = frame();
      return result.erase(below(result.size()), 1);
    }
    case 3: { // a part
      auto result = frame();
      return result.substr(0, below(result.size()));
    }
    default: { // text inside
      auto result = frame();
      return result.insert(below(result.size()), text());
    }
    }
  }

private:
  std::string burst(std::size_t size, std::size_t values) {
    std::string result;
    while (result.size() < size)
      result += static_cast<char>(below(values));
    return result;
  }

  std::mt19937 engine_;
  framing_ptr framing_ = peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::reject);
};

/// Consumes all of `stream` in pieces of 1 to `largest` bytes.
frame_recorder read(peer::internal::wire::framing& framing, std::string_view stream, generator& random,
                    std::size_t largest) {
  frame_recorder result;
  while (!stream.empty()) {
    auto n = std::min(stream.size(), random.below(largest) + 1);
    CHECK_EQ(framing.consume(peer::detail::as_byte_span(stream.substr(0, n)), result), caf::error{});
    stream.remove_prefix(n);
  }
  std::ignore = framing.finish(result);
  return result;
}

/// Consumes `stream` at once.
frame_recorder read(std::string_view stream) {
  frame_recorder result;
  auto framing = make_resync();
  CHECK_EQ(framing->consume(peer::detail::as_byte_span(stream), result), caf::error{});
  CHECK_EQ(framing->finish(result), caf::error{});
  return result;
}

} // namespace

// -- text that looks like nibbles -------------------------------------------------------------------------------------

CAF_TEST(text of special bytes is exact and loses no frame) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    generator random{seed};
    auto writer = make_resync();
    std::string stream;
    std::string text;
    std::vector<std::string> payloads;
    for (int i = 0; i < 20; ++i) {
      auto piece = random.text();
      text += piece;
      stream += piece;
      payloads.push_back(random.payload());
      stream += make_frame(*writer, payloads.back());
    }
    auto framing = make_resync();
    auto seen = read(*framing, stream, random, seed % 2 == 0 ? 3 : 500);
    CHECK_EQ(seen.text(), text);
    CHECK_EQ(seen.frames(), payloads);
    CHECK_EQ(framing->lost_frames(), 0u);
  }
}

CAF_TEST(each special byte passes before and after a frame) {
  auto frame = make_frame(*make_resync(), "\x83h\x01x");
  for (int i = 0; i < 16; ++i) {
    for (std::size_t n = 1; n < 30; ++n) {
      auto text = std::string(n, static_cast<char>(0xC3 | i << 2));
      CHECK_EQ(read(text + frame + text + frame).items,
               (std::vector<stream_item>{{false, text}, {true, "\x83h\x01x"}, {false, text}, {true, "\x83h\x01x"}}));
    }
  }
}

CAF_TEST(up to eleven special bytes wait for more and no other byte does) {
  for (std::size_t n = 0; n < 30; ++n) {
    frame_recorder seen;
    auto framing = make_resync();
    auto text = "abc" + std::string(n, '\xFF');
    CHECK_EQ(framing->consume(peer::detail::as_byte_span(text), seen), caf::error{});
    CHECK_EQ(seen.text(), text.substr(0, text.size() - std::min(n, std::size_t{11})));
    CHECK_EQ(framing->consume(peer::detail::as_byte_span("\n"), seen), caf::error{});
    CHECK_EQ(seen.text(), text + "\n");
  }
}

CAF_TEST(a size over the limit or below two bytes begins no frame) {
  for (auto size : {"\x00\x00\x00\x00"s, "\x00\x00\x00\x01"s, "\x00\x00\x40\x00"s, "\xFF\xFF\xFF\xFF"s}) {
    auto text = nibbles_of(size + "\x83\x68rest") + "\n";
    frame_recorder seen;
    auto framing = make_resync();
    CHECK_EQ(framing->consume(peer::detail::as_byte_span(text), seen), caf::error{});
    CHECK_EQ(seen.items, (std::vector<stream_item>{{false, text}}));
    CHECK_EQ(framing->lost_frames(), 0u);
  }
  CHECK_EQ(read(make_frame(*make_resync(), "\x83\x68" + std::string(limit - 2, 'x'))).frames().size(), 1u);
}

CAF_TEST(a frame over the limit is lost and does not become text) {
  constexpr auto size = std::size_t{100'000};
  auto huge = make_frame(*make_stdio_framing(damage::resync), "\x83\x68" + std::string(size, 'x'));
  auto next = make_frame(*make_resync(), "\x83\x68next");
  auto stream = "before\n" + huge + "after\n" + next + "caf\u00E9\n";
  for (auto step : {std::size_t{1}, std::size_t{7}, std::size_t{1000}, stream.size()}) {
    frame_recorder seen;
    auto framing = make_resync();
    for (auto i = std::size_t{0}; i < stream.size(); i += step)
      CHECK_EQ(framing->consume(as_byte_span(std::string_view{stream}.substr(i, step)), seen), caf::error{});
    auto text = std::string{};
    for (auto& item : seen.items)
      if (!item.frame)
        text += item.bytes;
    CHECK_EQ(seen.frames(), std::vector{"\x83\x68next"s});
    CHECK_EQ(framing->lost_frames(), 1u);
    CHECK(text.size() < 5000);
    CHECK(text.starts_with("before\n"));
    CHECK(text.ends_with("after\ncaf\u00E9\n"));
  }
}

CAF_TEST(a payload that is no tuple begins no frame) {
  auto text = make_frame(*make_resync(), "\x83\x69\x01") + "\n";
  CHECK_EQ(read(text).items, (std::vector<stream_item>{{false, text}}));
}

// -- damage -----------------------------------------------------------------------------------------------------------

CAF_TEST(every damage inside of a frame loses that frame only) {
  auto writer = make_resync();
  auto frame = make_frame(*writer, "\x83h\x02yy");
  auto first = make_frame(*writer, "\x83h\x01x");
  auto last = make_frame(*writer, "\x83h\x03zzz");
  auto check = [&](const std::string& damaged, std::size_t lost) {
    frame_recorder seen;
    auto framing = make_resync();
    auto stream = first + damaged + last;
    CHECK_EQ(framing->consume(peer::detail::as_byte_span(stream), seen), caf::error{});
    std::ignore = framing->finish(seen);
    CHECK_EQ(seen.frames(), (std::vector{"\x83h\x01x"s, "\x83h\x03zzz"s}));
    CHECK_EQ(seen.text(), damaged);
    CHECK_EQ(framing->lost_frames(), lost);
  };
  for (std::size_t at = 0; at < frame.size(); ++at) {
    auto changed = frame;
    changed[at] ^= 0x04;
    // Sizes over the limit and other first bytes do not even look like a frame.
    check(changed, at < 4 || (at >= 8 && at < 12) ? 0 : 1);
    auto shorter = frame;
    check(shorter.erase(at, 1), at < 12 ? 0 : 1);
  }
}

CAF_TEST(text from inside of a false frame comes first) {
  auto damaged = make_frame(*make_resync(), "\x83h\x02yy");
  damaged.back() ^= 0x04;
  auto stream = damaged.substr(0, 20) + "text" + damaged.substr(20);
  frame_recorder seen;
  auto framing = make_resync();
  CHECK_EQ(framing->consume(peer::detail::as_byte_span(stream), seen), caf::error{});
  CHECK_EQ(framing->finish(seen), caf::error{});
  CHECK_EQ(seen.text(), "text" + damaged);
  CHECK_EQ(framing->lost_frames(), 1u);
}

CAF_TEST(a frame inside of a false frame is found) {
  auto frame = make_frame(*make_resync(), "\x83h\x01x");
  auto header = nibbles_of("\0\0\0\x30\x83\x68"s);
  auto stream = header + frame + frame + frame; // the false one ends within the last frame
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    frame_recorder seen;
    auto framing = make_resync();
    CHECK_EQ(framing->consume(peer::detail::as_byte_span(stream.substr(0, cut)), seen), caf::error{});
    CHECK_EQ(framing->consume(peer::detail::as_byte_span(stream.substr(cut)), seen), caf::error{});
    std::ignore = framing->finish(seen);
    CHECK_EQ(seen.text(), header);
    CHECK_EQ(seen.frames().size(), 3u);
    CHECK_EQ(framing->lost_frames(), 1u);
  }
}

CAF_TEST(the end of the stream releases the frames that a false frame hid) {
  auto frame = make_frame(*make_resync(), "\x83h\x01x");
  auto header = nibbles_of("\0\0\x3F\xFF\x83\x68"s);
  frame_recorder seen;
  auto framing = make_resync();
  CHECK_EQ(framing->consume(peer::detail::as_byte_span(header + frame + "text" + header + frame), seen), caf::error{});
  CHECK_EQ(seen.items, (std::vector<stream_item>{{false, "text"}}));
  CHECK_EQ(framing->finish(seen), errc::protocol_violation);
  CHECK_EQ(seen.frames().size(), 2u);
  CHECK_EQ(seen.text(), "text" + header + header);
  CHECK_EQ(framing->lost_frames(), 2u);
}

CAF_TEST(random streams come out as the protocol says) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    generator random{seed};
    std::string stream;
    for (int i = 0; i < 12; ++i) {
      switch (random.below(3)) {
      case 0:
        stream += random.text();
        break;
      case 1:
        stream += random.frame();
        break;
      default:
        stream += random.damaged();
      }
    }
    auto framing =
        make_stdio_framing(damage::resync, limit, std::string::npos); // the model has no frames over the limit
    auto seen = read(*framing, stream, random, seed % 2 == 0 ? 5 : 5000);
    resync_model expected{stream, limit};
    CHECK_EQ(seen.items == expected.items, true);
    CHECK_EQ(framing->lost_frames(), expected.lost_frames);
  }
}

// -- bounded work -----------------------------------------------------------------------------------------------------

CAF_TEST(false frames on top of one another cost linear work and keep all bytes) {
  // Each header announces 1 MiB, so each CRC over it covers 87381 others. Without a bound this takes an hour.
  auto header = nibbles_of("\x00\x10\x00\x00\x83\x68"s);
  std::string stream;
  while (stream.size() < (8u << 20))
    stream += header;
  frame_recorder seen;
  auto framing = peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::resync, 1 << 20);
  CHECK_EQ(framing->consume(peer::detail::as_byte_span(stream), seen), caf::error{});
  CHECK_EQ(framing->finish(seen), errc::protocol_violation);
  CHECK_EQ(seen.items.size(), 1u);
  CHECK_EQ(seen.text() == stream, true);
  CHECK_GE(framing->lost_frames(), 4u);
  // The budget: eight bytes looked at again for each byte received, 2 MiB for each false frame.
  CHECK_LE(framing->lost_frames(), 8u * 8 / 2 + 8);
}

CAF_TEST(a frame after false frames without end is found) {
  auto header = nibbles_of("\x00\x00\x20\x00\x83\x68"s);
  auto framing = make_resync();
  frame_recorder seen;
  for (int i = 0; i < 100000; ++i)
    CHECK_EQ(framing->consume(peer::detail::as_byte_span(header), seen), caf::error{});
  auto filler = std::string(0x3000, '\xC3');
  auto frame = make_frame(*make_resync(), "\x83h\x01x");
  CHECK_EQ(framing->consume(peer::detail::as_byte_span(filler + filler + frame), seen), caf::error{});
  CHECK_EQ(seen.frames(), std::vector{"\x83h\x01x"s});
}
