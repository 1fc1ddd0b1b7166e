// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/error.hpp"
#include "term/codec/codec.hpp"
#include "wire/frame_buffer.hpp"
#include "wire/framing.hpp"
#include "wire/numbers.hpp"

#include <algorithm>
#include <cstring>

// The framing of OTP's `tcp` connection, Erlang's `{packet, 4}`. Every byte of the stream belongs to a frame:
//
//     size:32 big-endian, payload:size bytes

namespace peer::internal::wire {

namespace {

constexpr std::size_t header_size = 4;

class packet_framing final : public framing {
public:
  explicit packet_framing(std::uint32_t max_frame) noexcept : max_frame_(max_frame) {}

  // -- outgoing ---

  std::size_t begin_frame(byte_buffer& out) override {
    out.resize(out.size() + header_size);
    return out.size() - header_size;
  }

  caf::error end_frame(byte_buffer& out, std::size_t token) override {
    auto size = out.size() - token - header_size;
    if (size > max_frame_) {
      out.resize(token);
      return too_long("outgoing frame", size);
    }
    store_u32(out.data() + token, static_cast<std::uint32_t>(size));
    return {};
  }

  std::size_t code_width() const noexcept override { return 1; }

  void encode(const_byte_span bytes, std::byte* out) const noexcept override {
    std::memcpy(out, bytes.data(), bytes.size());
  }

  // -- incoming ---

  caf::error consume(const_byte_span bytes, sink& out) override {
    while (!bytes.empty()) {
      if (partial_.empty() && bytes.size() >= header_size) { // complete frames are not copied
        auto size = load_u32(bytes.data());
        if (size > max_frame_)
          return too_long(place(), size);
        if (bytes.size() - header_size >= size) {
          auto frame = bytes.first(header_size + size);
          bytes = bytes.subspan(frame.size());
          begin_ += frame.size();
          out.on_frame(frame.subspan(header_size));
          continue;
        }
      }
      bytes = collect(bytes);
      if (partial_.size() < header_size)
        continue;
      auto size = load_u32(partial_.data());
      if (size > max_frame_)
        return too_long(place(), size);
      if (partial_.size() == header_size + size)
        pass_on(out);
    }
    return {};
  }

  caf::error finish(sink&) override {
    if (partial_.empty())
      return {};
    auto what = place() + ": the stream ended after " + std::to_string(partial_.size()) + " bytes of it";
    return fail(errc::protocol_violation, std::move(what));
  }

  // -- introspection ---

  std::size_t lost_frames() const noexcept override { return 0; }

private:
  /// Appends bytes of the current frame, or of its header if that is incomplete, and returns the rest.
  const_byte_span collect(const_byte_span bytes) {
    auto goal = header_size;
    if (partial_.size() >= header_size)
      goal += load_u32(partial_.data());
    auto n = std::min(bytes.size(), goal - partial_.size());
    std::memcpy(partial_.extend(n, goal), bytes.data(), n);
    return bytes.subspan(n);
  }

  void pass_on(sink& out) {
    begin_ += partial_.size();
    out.on_frame(const_byte_span{partial_}.subspan(header_size));
    partial_.clear();
  }

  caf::error too_long(std::string where, std::size_t size) const {
    where += ": its size of " + std::to_string(size) + " bytes exceeds the limit of " + std::to_string(max_frame_);
    return fail(errc::protocol_violation, std::move(where));
  }

  std::string place() const { return "frame at byte " + std::to_string(begin_) + " of the stream"; }

  std::uint32_t max_frame_;

  /// The beginning of a frame that arrives in pieces, header included.
  frame_buffer partial_;

  /// Where in the stream the current frame begins.
  std::uint64_t begin_ = 0;
};

} // namespace

framing_ptr make_packet_framing(std::uint32_t max_frame) {
  return std::make_unique<packet_framing>(max_frame);
}

} // namespace peer::internal::wire
