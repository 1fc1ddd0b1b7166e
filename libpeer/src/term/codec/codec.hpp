// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/reader.hpp"
#include "peer/detail/writer.hpp"
#include "peer/term.hpp"

#include "caf/expected.hpp"

namespace peer::internal::codec {

/// Encodes `value` with its version byte, as `term_to_binary/1` does.
caf::expected<byte_buffer> encode(const term& value);

/// Decodes one term that fills `bytes`, version byte included, as `binary_to_term/1` does; but bytes after it are an
/// error.
caf::expected<term> decode(const_byte_span bytes, const detail::term_limits& limits = {});

} // namespace peer::internal::codec
