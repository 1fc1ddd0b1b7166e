// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/error.hpp"
#include "term/codec/codec.hpp"
#include "wire/frame_buffer.hpp"
#include "wire/framing.hpp"
#include "wire/nibbles.hpp"
#include "wire/numbers.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <libdeflate.h>

// The framing of OTP's `standard_io` connection:
//
//     size:32 big-endian, payload:size bytes, crc:32 big-endian (CRC-32 of the payload, as zlib computes it)
//
// Every byte of it is sent as two that carry a nibble each (see nibbles.hpp). All other bytes are text, between frames
// and inside of them.
//
// Text may contain bytes that look like nibbles. With `damage::resync` the reader resynchronizes:
//
// * A frame begins only at twelve nibbles in a row that are a size within the limit and then the bytes 131, 104: every
//   message is a tuple. Fewer nibbles before another byte are text. Up to eleven nibbles at the end of the input are
//   held until more input arrives, without a time limit.
// * After a wrong CRC, the first nibble of the frame becomes text, and the search continues at the second. Text from
//   between its nibbles has been passed on already, so it now precedes them.
//
// A beginning with a size over the limit is text. If `default_proof` nibbles in a row follow it as text, it was a frame
// all the same: it counts as lost, and the rest of it is dropped instead of becoming text, which it would be for
// hundreds of MiB.
//
// Each wrong CRC may make the reader scan its bytes again, and beginnings of frames may overlap. To keep the work
// linear even for a stream of nothing but such beginnings, rescanning has a budget: `rescan_factor` bytes for each byte
// received. When it is exhausted, all nibbles of a false frame become text at once. A valid frame is lost that way only
// if more than `rescan_factor` false frames overlap, which no program prints by chance (and one that does so on purpose
// could print valid frames as well).

namespace peer::internal::wire {

namespace {

/// Bytes of a frame besides its payload.
constexpr std::size_t size_bytes = 4;
constexpr std::size_t crc_bytes = 4;

/// The bytes by which a frame is recognized: the size and two bytes of payload.
constexpr std::size_t header_nibbles = 12;
constexpr std::size_t size_nibbles = 8;
constexpr std::uint32_t least_payload = 2;

/// Bytes that may be scanned again for each byte received.
constexpr std::uint64_t rescan_factor = 8;

std::uint32_t crc_of(const_byte_span payload) noexcept {
  return libdeflate_crc32(0, payload.data(), payload.size());
}

class stdio_framing final : public framing {
public:
  stdio_framing(damage policy, std::uint32_t max_frame, std::size_t proof)
      : policy_(policy), max_frame_(max_frame), proof_size_(proof) {}

  // -- outgoing ---

  std::size_t begin_frame(byte_buffer& out) override {
    out.resize(out.size() + size_bytes);
    return out.size() - size_bytes;
  }

  caf::error end_frame(byte_buffer& out, std::size_t token) override {
    auto payload = const_byte_span{out}.subspan(token + size_bytes);
    if (payload.size() > max_frame_) {
      auto err = too_long("outgoing frame", payload.size());
      out.resize(token);
      return err;
    }
    store_u32(out.data() + token, static_cast<std::uint32_t>(payload.size()));
    std::array<std::byte, crc_bytes> crc;
    store_u32(crc.data(), crc_of(payload));
    detail::append(out, crc);
    return {};
  }

  std::size_t code_width() const noexcept override { return 2; }

  void encode(const_byte_span bytes, std::byte* out) const noexcept override { code_.encode(bytes, out); }

  // -- incoming ---

  caf::error consume(const_byte_span bytes, sink& out) override {
    received_ += bytes.size();
    auto most = rescan_factor * 2 * (size_bytes + std::uint64_t{max_frame_} + crc_bytes);
    rescan_budget_ = std::min(rescan_budget_ + rescan_factor * bytes.size(), most);
    for (;;) {
      bytes = advance(bytes, out);
      switch (state_) {
      case state::text:
      case state::frame:
        return {};
      case state::bad_size:
        return too_long(place(), load_u32(frame_.data()));
      case state::bad_crc:
        if (policy_ == damage::reject)
          return wrong_crc();
        recover(out, false);
      }
    }
  }

  caf::error finish(sink& out) override {
    if (state_ == state::text) {
      release_held(out, held_size_);
      return {};
    }
    auto arrived = frame_.size();
    auto what = "the stream ended after " + std::to_string(received_)
              + " bytes inside of a frame: " + std::to_string(arrived) + " bytes of it had arrived";
    if (arrived >= size_bytes)
      what += " of " + std::to_string(goal_);
    if (policy_ == damage::resync)
      recover(out, true);
    return fail(errc::protocol_violation, std::move(what));
  }

  // -- introspection ---

  std::size_t lost_frames() const noexcept override { return lost_frames_; }

private:
  enum class state : std::uint8_t {
    text,     ///< between frames
    frame,    ///< inside of one
    bad_size, ///< has read a size over the limit; `reject` only
    bad_crc,  ///< has read a whole frame, which is in `frame_`, with a wrong CRC
  };

  // -- reading ---

  /// Reads until the end of the input or until a frame turns out to be damaged; returns what is left of the input.
  const_byte_span advance(const_byte_span in, sink& out) {
    while (!in.empty() && (state_ == state::text || state_ == state::frame)) {
      auto before = in.size();
      if (state_ == state::frame)
        in = fill(in, out);
      else if (policy_ == damage::reject)
        in = skip_text(in, out);
      else if (held_size_ > 0)
        in = search_held(in, out);
      else
        in = search(in, out);
      position_ += before - in.size();
    }
    return in;
  }

  /// `reject`: every nibble begins a frame.
  const_byte_span skip_text(const_byte_span in, sink& out) {
    auto n = code_.count_text(in);
    pass_text(in.first(n), out);
    if (n < in.size()) {
      frame_position_ = position_ + n;
      start_frame();
    }
    return in.subspan(n);
  }

  /// `resync`: finds the next header.
  const_byte_span search(const_byte_span in, sink& out) {
    auto found = find_header(in);
    if (found.too_long && excess_ == 0) {
      pass_text(in.first(*found.too_long + 1), out);
      suspect(found.excess - 1);
      return in.subspan(*found.too_long + 1);
    }
    if (auto begin = found.index) {
      pass_text(in.first(*begin), out);
      start_frame();
      return in.subspan(*begin);
    }
    auto n = in.size() - count_last_nibbles(in);
    pass_text(in.first(n), out);
    hold(in.subspan(n));
    return {};
  }

  /// `resync`: finds a header that begins with nibbles of previous input.
  const_byte_span search_held(const_byte_span in, sink& out) {
    std::array<std::byte, 2 * (header_nibbles - 1)> joined;
    auto added = in.first(std::min(in.size(), header_nibbles - 1));
    auto* end = std::copy_n(held_.begin(), held_size_, joined.begin());
    end = std::copy(added.begin(), added.end(), end);
    auto window = const_byte_span{joined.data(), end};
    auto found = find_header(window);
    if (auto begin = found.index) {
      auto last = *begin + header_nibbles - held_size_; // where the header ends in the new input
      release_held(out, *begin);
      start_frame();
      for (auto header = window.subspan(*begin, header_nibbles); !header.empty();)
        header = fill(header, out);
      return in.subspan(last);
    }
    if (added.size() == header_nibbles - 1) {
      auto passed = held_size_;
      release_held(out, held_size_);
      if (found.too_long && excess_ == 0)
        suspect(found.excess - (passed - *found.too_long));
      return in;
    }
    auto n = window.size() - count_last_nibbles(window);
    pass_text(window.first(n), out);
    if (found.too_long && n > *found.too_long && excess_ == 0)
      suspect(found.excess - (n - *found.too_long));
    hold(window.subspan(n));
    return {};
  }

  /// Reads nibbles of the current frame, or text between them.
  const_byte_span fill(const_byte_span in, sink& out) {
    auto wanted = 2 * (goal_ - frame_.size()) - (has_half_ ? 1 : 0);
    auto n = code_.count_nibbles(in.first(std::min(in.size(), wanted)));
    if (n > 0) {
      take(in.first(n));
      if (n == wanted)
        reach_goal(out);
    } else {
      n = code_.count_text(in);
      out.on_text(in.first(n));
    }
    return in.subspan(n);
  }

  /// Decodes the nibbles and appends the bytes to the frame.
  void take(const_byte_span in) {
    if (has_half_) {
      *frame_.extend(1, goal_) = static_cast<std::byte>(nibbles::to_value(half_) << 4 | nibbles::to_value(in.front()));
      has_half_ = false;
      in = in.subspan(1);
    }
    auto pairs = in.size() / 2;
    code_.decode(in.first(2 * pairs), frame_.extend(pairs, goal_));
    if (in.size() % 2 != 0) {
      half_ = in.back();
      has_half_ = true;
    }
  }

  /// The size, or the rest of the frame, is complete.
  void reach_goal(sink& out) {
    auto size = load_u32(frame_.data());
    if (goal_ == size_bytes) {
      if (size > max_frame_)
        state_ = state::bad_size;
      goal_ = size_bytes + std::size_t{size} + crc_bytes;
      return;
    }
    auto payload = const_byte_span{frame_}.subspan(size_bytes, size);
    if (crc_of(payload) != load_u32(frame_.data() + size_bytes + size)) {
      state_ = state::bad_crc;
      return;
    }
    state_ = state::text;
    excess_ = 0;
    out.on_frame(payload);
    frame_.clear();
  }

  void start_frame() noexcept {
    state_ = state::frame;
    goal_ = size_bytes;
    frame_.clear();
    has_half_ = false;
  }

  // -- resynchronisation ---

  struct search_result {
    std::optional<std::size_t> index;    ///< of the first header
    std::optional<std::size_t> too_long; ///< of what is like a header before that, but for a size over the limit
    std::uint64_t excess = 0;            ///< the nibbles of the frame that this one would begin
  };

  /// Finds the first header in `in`.
  search_result find_header(const_byte_span in) const noexcept {
    auto result = search_result{};
    for (auto mark = size_nibbles; mark < in.size(); ++mark) {
      mark += code_.find_mark(in.subspan(mark));
      if (mark == in.size())
        break;
      auto size = in.subspan(mark - size_nibbles, size_nibbles);
      if (code_.count_nibbles(size) < size_nibbles)
        continue;
      std::uint32_t value = 0;
      for (auto x : size)
        value = value << 4 | nibbles::to_value(x);
      if (value >= least_payload && value <= max_frame_) {
        result.index = mark - size_nibbles;
        return result;
      }
      if (value > max_frame_ && !result.too_long) {
        result.too_long = mark - size_nibbles;
        result.excess = 2 * (size_bytes + std::uint64_t{value} + crc_bytes);
      }
    }
    return result;
  }

  /// What follows may be the rest of a frame over the limit, of that many nibbles.
  void suspect(std::uint64_t excess) noexcept {
    excess_ = excess;
    proof_ = 0;
  }

  /// Converts the current frame back to nibbles and reads them again, from the second one on.
  /// @param at_end no more input follows, so that an incomplete frame counts as damaged.
  void recover(sink& out, bool at_end) {
    auto again = byte_buffer(2 * frame_.size());
    code_.encode(frame_, again.data());
    if (has_half_)
      again.push_back(half_);
    auto input = const_byte_span{again};
    auto end = input.size(); // of the damaged frame
    do {
      ++lost_frames_;
      auto length = 2 * frame_.size() + (has_half_ ? 1 : 0);
      auto begin = end - length;
      auto affordable = rescan_budget_ >= length;
      if (affordable)
        rescan_budget_ -= length;
      auto text = input.subspan(begin, affordable ? 1 : length);
      state_ = state::text;
      pass_text(text, out);
      end = input.size() - advance(input.subspan(begin + text.size()), out).size();
    } while (state_ == state::bad_crc || (at_end && state_ == state::frame));
    if (at_end)
      release_held(out, held_size_);
  }

  /// The number of nibbles that the end of `in` may contribute to a header.
  static std::size_t count_last_nibbles(const_byte_span in) noexcept {
    auto most = std::min(in.size(), header_nibbles - 1);
    std::size_t n = 0;
    while (n < most && nibbles::is_nibble(in[in.size() - n - 1]))
      ++n;
    return n;
  }

  void hold(const_byte_span in) noexcept {
    std::copy(in.begin(), in.end(), held_.begin());
    held_size_ = in.size();
  }

  /// Releases the held nibbles; the first `n` of them are text.
  void release_held(sink& out, std::size_t n) {
    held_size_ = 0;
    pass_text(const_byte_span{held_}.first(n), out);
  }

  void pass_text(const_byte_span text, sink& out) {
    while (excess_ > 0 && !text.empty())
      text = text.subspan(pass_excess(text, out));
    if (!text.empty())
      out.on_text(text);
  }

  /// Passes on or drops the first bytes of what may be in a frame over the limit. Returns their number.
  std::size_t pass_excess(const_byte_span text, sink& out) {
    auto n = code_.count_nibbles(text.first(std::min<std::uint64_t>(text.size(), excess_)));
    if (n == 0) {
      n = code_.count_text(text);
      if (proof_ < proof_size_) // it is no frame
        excess_ = 0;
      out.on_text(text.first(n));
      return n;
    }
    excess_ -= n;
    auto shown = std::min(n, proof_size_ - proof_);
    proof_ += shown;
    if (shown > 0 && proof_ == proof_size_)
      ++lost_frames_;
    if (shown > 0)
      out.on_text(text.first(shown));
    return n;
  }

  // -- errors ---

  caf::error too_long(std::string where, std::size_t size) const {
    where += ": its size of " + std::to_string(size) + " bytes exceeds the limit of " + std::to_string(max_frame_);
    return fail(errc::protocol_violation, std::move(where));
  }

  caf::error wrong_crc() const {
    auto payload = const_byte_span{frame_}.subspan(size_bytes, frame_.size() - size_bytes - crc_bytes);
    auto what = place() + ": the CRC-32 of its " + std::to_string(payload.size()) + " bytes is "
              + std::to_string(crc_of(payload)) + ", but it says "
              + std::to_string(load_u32(payload.data() + payload.size()));
    return fail(errc::protocol_violation, std::move(what));
  }

  std::string place() const { return "frame at byte " + std::to_string(frame_position_) + " of the stream"; }

  // -- member variables ---

  const nibbles::method& code_ = nibbles::best();
  damage policy_;
  state state_ = state::text;
  std::uint32_t max_frame_;

  /// The decoded bytes of the current frame: size, payload, CRC.
  frame_buffer frame_;

  /// The next size of `frame_` to reach: first that of the size field, then that of the frame.
  std::size_t goal_ = size_bytes;

  /// The upper nibble of the frame's next byte, if it has arrived.
  std::byte half_{};
  bool has_half_ = false;

  /// Nibbles at the end of the input that may begin a header; `resync` only.
  std::array<std::byte, header_nibbles - 1> held_{};
  std::size_t held_size_ = 0;

  /// Nibbles that may be the rest of a frame over the limit, how many in a row show that, and how many have been seen.
  std::uint64_t excess_ = 0;
  std::size_t proof_size_;
  std::size_t proof_ = 0;

  /// Bytes that may still be scanned again.
  std::uint64_t rescan_budget_ = 0;

  std::size_t lost_frames_ = 0;

  /// Bytes passed to `consume`.
  std::uint64_t received_ = 0;

  /// Positions of the reader and of the current frame in the stream. Exact with `reject` only, which never goes back.
  std::uint64_t position_ = 0;
  std::uint64_t frame_position_ = 0;
};

} // namespace

framing_ptr make_stdio_framing(damage policy, std::uint32_t max_frame, std::size_t proof) {
  return std::make_unique<stdio_framing>(policy, max_frame, proof);
}

} // namespace peer::internal::wire
