// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "tests/fuzz/target.hpp"
#include "tests/support/frame_recorder.hpp"
#include "wire/framing.hpp"

#include "caf/error.hpp"

namespace peer::fuzz {

namespace {

constexpr std::uint32_t limit = 0x3FF;

struct result {
  std::vector<test::stream_item> items;
  caf::error error;
  caf::error end;
};

/// Reads `bytes` in pieces of at most `piece` bytes.
result read(const_byte_span bytes, std::size_t piece) {
  auto framing = peer::internal::wire::make_packet_framing(limit);
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
  return out;
}

} // namespace

std::vector<std::string> corpus() {
  using namespace std::literals;
  return {"\0\0\0\0"s, "\0\0\0\3\x83\x68\0"s, "\0\0\0\1a\0\0\0\2bb\0\0\0\0"s, "\0\0\3\xFF"s + std::string(0x3FF, 'x'),
          "\0\0\4\0"s};
}

} // namespace peer::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace peer;
  auto bytes = fuzz::as_bytes(data, size);
  auto whole = fuzz::read(bytes, size);
  for (std::size_t piece : {1, 3, 1000}) {
    auto pieces = fuzz::read(bytes, piece);
    fuzz::require(pieces.items == whole.items, "frames do not depend on how the stream is cut");
    fuzz::require(pieces.error == whole.error && pieces.end == whole.end, "errors do not either");
  }
  auto framing = peer::internal::wire::make_packet_framing(fuzz::limit);
  std::string written;
  for (auto& item : whole.items) {
    fuzz::require(item.frame, "there is no text");
    written += test::make_frame(*framing, item.bytes);
  }
  fuzz::require(peer::detail::as_text(bytes).starts_with(written), "frames that were read are written as they came");
  fuzz::require(whole.error || whole.end || written.size() == size, "nothing is left over without an error");
  return 0;
}
