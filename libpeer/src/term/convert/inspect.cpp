// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "base/utf8.hpp"
#include "peer/detail/reader.hpp"
#include "peer/detail/writer.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"
#include "term/codec/codec.hpp"

#include "caf/expected.hpp"

namespace peer::detail {

bool to_bytes(const term& x, std::string& bytes) {
  auto encoded = internal::codec::encode(x);
  if (!encoded)
    return false;
  bytes = as_text(*encoded);
  return true;
}

bool from_bytes(const std::string& bytes, term& x) {
  auto decoded = internal::codec::decode(as_byte_span(bytes));
  if (!decoded)
    return false;
  x = std::move(*decoded);
  return true;
}

bool from_text(const std::string& text, term& x) {
  auto parsed = parse_term(text);
  if (!parsed)
    return false;
  x = std::move(*parsed);
  return true;
}

bool from_text(const std::string& text, atom& x) {
  if (!internal::base::valid_atom(text))
    return false;
  x = atom{text};
  return true;
}

const caf::error& inspect_error() noexcept {
  // Never destroyed: threads may use it while the program exits.
  static const auto& result = *new caf::error{fail(errc::bad_term, "a term cannot be converted")};
  return result;
}

} // namespace peer::detail
