// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "tests/fuzz/target.hpp"
#include "tests/support/frame_recorder.hpp"
#include "wire/framing.hpp"

#include "caf/error.hpp"

namespace peer::fuzz {

namespace {

constexpr std::uint32_t limit = 0xFFF;

struct result {
  std::vector<test::stream_item> items;
  std::size_t lost_frames = 0;
  caf::error error;
  caf::error end;
};

/// Reads `bytes` in pieces of at most `piece` bytes.
result read(peer::internal::wire::damage policy, const_byte_span bytes, std::size_t piece) {
  auto framing =
      peer::internal::wire::make_stdio_framing(policy, limit, std::string::npos); // the model has none over it
  test::frame_recorder sink;
  result out;
  while (!bytes.empty() && !out.error) {
    auto n = std::min(piece, bytes.size());
    out.error = framing->consume(bytes.first(n), sink);
    bytes = bytes.subspan(n);
  }
  if (!out.error)
    out.end = framing->finish(sink);
  out.items = std::move(sink.items);
  out.lost_frames = framing->lost_frames();
  return out;
}

void check_cuts(peer::internal::wire::damage policy, const_byte_span bytes, const result& whole) {
  for (std::size_t piece : {1, 3, 1000}) {
    auto pieces = read(policy, bytes, piece);
    require(pieces.items == whole.items, "frames and text do not depend on how the stream is cut");
    require(pieces.error == whole.error && pieces.end == whole.end, "errors do not either");
  }
}

/// Without damage nothing moves, so that writing what was read gives the stream.
void check_written(const_byte_span bytes, const result& whole) {
  auto framing = peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::reject, limit);
  std::size_t size = 0;
  for (auto& item : whole.items)
    size += item.frame ? test::make_frame(*framing, item.bytes).size() : item.bytes.size();
  require(size == bytes.size(), "no byte is lost or comes twice");
}

} // namespace

std::vector<std::string> corpus() {
  using namespace std::literals;
  auto framing = peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::reject, limit);
  auto frame = test::make_frame(*framing, "\x83\x68\x02\x77\x02ok\x6A");
  auto empty = test::make_frame(*framing, "");
  auto large = test::make_frame(*framing, "\x83\x68" + std::string(200, 'x'));
  auto header = frame.substr(0, 12);
  return {"text\n"s,
          frame,
          empty,
          "boot\n" + frame + frame + "\xC3\xA9" + frame,
          frame.substr(0, 30) + "text" + frame.substr(30),
          header + frame + frame,
          header + header + header + large,
          large + std::string(100, '\xFF') + frame};
}

} // namespace peer::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace peer;
  auto bytes = fuzz::as_bytes(data, size);
  auto strict = fuzz::read(peer::internal::wire::damage::reject, bytes, size);
  fuzz::check_cuts(peer::internal::wire::damage::reject, bytes, strict);
  fuzz::require(strict.lost_frames == 0, "only resynchronisation loses frames");
  if (!strict.error && !strict.end)
    fuzz::check_written(bytes, strict);
  auto tolerant = fuzz::read(peer::internal::wire::damage::resync, bytes, size);
  fuzz::require(!tolerant.error, "resynchronisation accepts every stream");
  fuzz::check_written(bytes, tolerant);
  // More damaged frames on top of one another may exhaust the budget, which the model does not have.
  if (tolerant.lost_frames > 8)
    return 0;
  fuzz::check_cuts(peer::internal::wire::damage::resync, bytes, tolerant);
  if (size < 4000) {
    test::resync_model model{std::string{peer::detail::as_text(bytes)}, fuzz::limit};
    fuzz::require(model.items == tolerant.items, "frames and text are those of the model");
    fuzz::require(model.lost_frames == tolerant.lost_frames, "lost frames are those of the model");
  }
  return 0;
}
