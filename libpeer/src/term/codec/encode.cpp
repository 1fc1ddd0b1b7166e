// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "base/utf8.hpp"
#include "peer/detail/small_stack.hpp"
#include "peer/detail/writer.hpp"
#include "peer/error.hpp"
#include "term/codec/codec.hpp"
#include "term/codec/tags.hpp"
#include "term/value/elements.hpp"

#include "caf/expected.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace peer {

namespace {

constexpr std::size_t max_count = std::numeric_limits<std::uint32_t>::max();

/// A container whose header is written. Not initialised: a stack has room for some.
struct open_container {
  internal::value::elements rest;
  bool ends_with_nil;
};

/// Writes one alternative of a term after the other: of a container the header, whose elements then wait in `open`. A
/// member function that returns false has set `error`.
struct encoder {
  detail::term_writer& out;
  bool nested; ///< whether what is written is inside of another term
  detail::small_stack<open_container, 4> open = {};
  caf::error error = {};

  bool fail(std::string what) {
    error = peer::fail(errc::bad_term, "cannot encode: " + what);
    return false;
  }

  bool count(std::size_t size, const char* what) {
    return size <= max_count || fail(std::string{what} + " with more than 2^32 - 1 elements");
  }

  bool name(const atom& x) {
    if (internal::base::valid_atom(x.name()))
      return true;
    return fail(internal::base::count_utf8(x.name()) ? "an atom with more than 255 characters"
                                                     : "an atom that is not valid UTF-8");
  }

  /// Writes `x` with all of its elements.
  bool run(const term& x) {
    if (!write(x))
      return false;
    while (!open.empty()) {
      if (auto* next = open.back().rest.next()) {
        if (!write(*next))
          return false;
        continue;
      }
      if (open.back().ends_with_nil)
        out.nil();
      open.pop_back();
    }
    return true;
  }

  bool write(const term& x) { return detail::term_storage::visit(x, *this); }

  bool operator()(std::int64_t x) {
    out.integer(x);
    return true;
  }

  bool operator()(const erl::big_integer& x) {
    if (!count(x.magnitude().size(), "an integer"))
      return false;
    out.integer(x);
    return true;
  }

  bool operator()(double x) {
    if (!std::isfinite(x))
      return fail("a float that is infinite or not a number");
    out.real(x);
    return true;
  }

  bool operator()(const atom& x) {
    if (!name(x))
      return false;
    out.atom(x.name());
    return true;
  }

  bool operator()(const erl::bitstring& x) {
    if (x.unused_bits > 7 || (x.unused_bits != 0 && x.bytes.empty()))
      return fail("a bit string with " + std::to_string(x.unused_bits) + " unused bits in "
                  + std::to_string(x.bytes.size()) + " bytes");
    if (!count(x.bytes.size(), "a bit string"))
      return false;
    out.bits(x);
    return true;
  }

  bool operator()(const erl::tuple& x) {
    if (!count(x.size(), "a tuple"))
      return false;
    out.tuple(x.size());
    open.push_back({internal::value::elements{x}, false});
    return true;
  }

  /// Writes the empty list or a short list of bytes, which has a compact form. False if `x` is none.
  bool string(const erl::list& x) {
    auto is_byte = [](const term& element) {
      auto* value = element.get_if<std::int64_t>();
      return value != nullptr && *value >= 0 && *value <= 0xFF;
    };
    if (!x.proper() || x.size() > detail::max_string_size || !std::all_of(x.begin(), x.end(), is_byte))
      return false;
    byte_buffer bytes(x.size());
    std::transform(x.begin(), x.end(), bytes.begin(),
                   [](const term& element) { return static_cast<std::byte>(*element.get_if<std::int64_t>()); });
    out.string(bytes);
    return true;
  }

  bool operator()(const erl::list& x) {
    if (!count(x.size(), "a list"))
      return false;
    if (string(x))
      return true;
    out.list(x.size());
    open.push_back({internal::value::elements{x}, x.proper()});
    return true;
  }

  bool operator()(const erl::map& x) {
    if (!count(x.size(), "a map"))
      return false;
    out.map(x.size());
    open.push_back({internal::value::elements{x}, false});
    return true;
  }

  bool operator()(const pid& x) {
    if (!name(x.node))
      return false;
    out.identifier(x);
    return true;
  }

  bool operator()(const erl::port& x) {
    if (!name(x.node))
      return false;
    out.identifier(x);
    return true;
  }

  bool operator()(const erl::reference& x) {
    if (!name(x.node))
      return false;
    if (x.ids.empty() || x.ids.size() > detail::max_reference_ids)
      return fail("a reference of " + std::to_string(x.ids.size()) + " numbers instead of 1 to 5");
    out.identifier(x);
    return true;
  }

  bool operator()(const erl::export_fun& x) {
    if (!name(x.module) || !name(x.function))
      return false;
    out.function(x);
    return true;
  }

  bool operator()(const erl::opaque& x) {
    if (x.encoded.empty())
      return fail("an opaque term without bytes");
    // Only the runtime that made such a term knows where it ends, so nothing may follow or contain it.
    if ((nested || !open.empty()) && static_cast<detail::tag>(x.encoded[0]) == detail::tag::local)
      return fail("a term in a local format inside of another term");
    out.encoded(detail::as_byte_span(x.encoded));
    return true;
  }
};

} // namespace

caf::error detail::write(detail::term_writer& writer, const term& value, bool nested) {
  encoder f{writer, nested};
  f.run(value);
  return std::move(f.error);
}

caf::expected<byte_buffer> internal::codec::encode(const term& value) {
  byte_buffer result;
  detail::term_writer writer{result};
  writer.version();
  if (auto err = detail::write(writer, value))
    return err;
  return result;
}

} // namespace peer
