// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/detail/reader.hpp"
#include "peer/error.hpp"
#include "term/codec/codec.hpp"
#include "term/codec/tags.hpp"

#include "caf/expected.hpp"

#include <memory>
#include <new>

#include <libdeflate.h>

namespace peer {

namespace {

/// zlib cannot do better than this, so that a size beyond it is a lie ("zlib Technical Details": 1032:1).
constexpr std::uint64_t max_compression = 1040;

struct free_decompressor {
  void operator()(libdeflate_decompressor* x) const noexcept { libdeflate_free_decompressor(x); }
};

/// Inflates `input`, a whole zlib stream, to exactly `output`. Returns what is wrong, or null.
const char* inflate_to(const_byte_span input, std::span<std::byte> output) {
  auto inflater = std::unique_ptr<libdeflate_decompressor, free_decompressor>{libdeflate_alloc_decompressor()};
  if (!inflater)
    throw std::bad_alloc{};
  std::size_t used = 0;
  std::size_t written = 0;
  switch (libdeflate_zlib_decompress_ex(inflater.get(), input.data(), input.size(), output.data(), output.size(), &used,
                                        &written)) {
  case LIBDEFLATE_SUCCESS:
    break;
  case LIBDEFLATE_INSUFFICIENT_SPACE:
    return "the zlib stream is longer than announced";
  default:
    return "the zlib stream is damaged or cut off";
  }
  if (written < output.size())
    return "the zlib stream is shorter than announced";
  return used == input.size() ? nullptr : "bytes follow the zlib stream";
}

} // namespace

// -- version ----------------------------------------------------------------------------------------------------------

bool detail::term_reader::version() {
  if (left() == 0)
    return fail("the input is empty");
  if (input_[position_] != std::byte{detail::version_byte})
    return fail("expected the version 131, found " + std::to_string(static_cast<unsigned>(input_[position_])));
  ++position_;
  start_ = position_;
  if (left() > 0 && input_[position_] == static_cast<std::byte>(detail::tag::compressed))
    return inflate();
  return true;
}

bool detail::term_reader::inflate() {
  detail::tag which;
  if (!take_tag(which) || !need(4))
    return false;
  auto size = take(4);
  if (size > limits_.max_inflated)
    return fail_at(tag_at_, "tag 80 announces " + std::to_string(size) + " inflated bytes, the limit is "
                                + std::to_string(limits_.max_inflated));
  if (size > max_compression * left())
    return fail_at(tag_at_, "tag 80 announces " + std::to_string(size) + " inflated bytes, which "
                                + std::to_string(left()) + " cannot hold");
  inflated_.resize(size);
  if (auto* what = inflate_to(remaining(), inflated_))
    return fail_at(tag_at_, std::string{"tag 80: "} + what);
  input_ = inflated_;
  position_ = 0;
  start_ = 0;
  return true;
}

caf::expected<term> internal::codec::decode(const_byte_span bytes, const detail::term_limits& limits) {
  detail::term_reader reader{bytes, limits};
  term result;
  if (!reader.version() || !reader.read(result)
      || (!reader.at_end() && !reader.fail(std::to_string(reader.remaining().size()) + " bytes follow the term")))
    return reader.error();
  return result;
}

} // namespace peer
