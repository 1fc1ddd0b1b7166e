// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "wire/framing.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace peer::test {

/// What came out of a framing, in its order. Adjacent pieces of text are one, however they were cut.
struct stream_item {
  bool frame = false;
  std::string bytes;

  friend bool operator==(const stream_item&, const stream_item&) = default;
};

/// Remembers what a framing passes on.
class frame_recorder : public peer::internal::wire::framing::sink {
public:
  void on_frame(const_byte_span payload) override {
    items.push_back({true, std::string{peer::detail::as_text(payload)}});
  }

  void on_text(const_byte_span bytes) override;

  /// The payloads of all frames.
  std::vector<std::string> frames() const;

  /// All text.
  std::string text() const;

  std::vector<stream_item> items;
};

/// The bytes of a frame with `payload`. Ends the program if it exceeds the framing's limit.
std::string make_frame(peer::internal::wire::framing& framing, std::string_view payload);

/// What finished frames are in the stream.
std::string to_code(const peer::internal::wire::framing& framing, const_byte_span frames);

/// What `resync` mode makes of a whole stream, by the letter of the protocol: simple, with unbounded work, and sharing
/// no code with the library.
struct resync_model {
  explicit resync_model(std::string stream, std::uint32_t max_frame);

  std::vector<stream_item> items;
  std::size_t lost_frames = 0;

private:
  void add_text(std::string_view bytes);
};

} // namespace peer::test
