// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/base/bytes.hpp"
#include "peer/term/limits.hpp"
#include "peer/term/term.hpp"

#include "caf/error.hpp"
#include "caf/fwd.hpp"

namespace peer {

/// Reads terms in the external format from a buffer, value by value: the source of everything that is decoded, be it into
/// a `term` or straight into C++ types.
///
/// A function that returns `bool` returns false after an error, which `error()` then tells: `errc::bad_term` with a
/// sentence that names the offset, the tag that was found and what was expected. The reader must not be used after that.
/// Counts are checked against the bytes that are left before anything is allocated.
class term_reader {
public:
  /// What the next term is, as far as its tag tells.
  enum class kind : std::uint8_t {
    integer,
    real,
    atom,
    binary,
    bits,
    tuple,
    nil,
    list,   ///< LIST_EXT
    string, ///< STRING_EXT: a list of bytes in compact form
    map,
    pid,
    port,
    reference,
    export_fun,
    opaque,
  };

  /// Reads from `input`, which must outlive the reader.
  explicit term_reader(const_byte_span input, const term_limits& limits = {}) noexcept;

  term_reader(const term_reader&) = delete;
  term_reader& operator=(const term_reader&) = delete;

  /// Reads the version byte 131 and, if the term is compressed, inflates it: from then on the reader reads what was
  /// inflated.
  bool version();

  /// Tells the kind of the next term without consuming it. Fails at the end of the input and at an unknown tag.
  bool peek(kind& result);

  // Each of these consumes one term of that kind and fails at any other.

  bool integer(std::int64_t& value);
  bool integer(std::uint64_t& value);
  bool integer(term& value); ///< of any size
  bool real(double& value);
  bool atom(std::string& name);        ///< as UTF-8
  bool binary(const_byte_span& bytes); ///< views the input
  bool bits(bitstring& value);         ///< a binary, too
  bool identifier(pid& value);
  bool identifier(port& value);
  bool identifier(reference& value);
  bool function(export_fun& value);

  /// Reads the header of a tuple; `arity` terms follow.
  bool tuple(std::size_t& arity);

  /// Reads the header of a list, `size` elements follow and then a tail, which `list_end` or `read` consumes. For `[]` the
  /// size is 0 and no tail follows. Fails at `kind::string`, which has no elements on the wire.
  bool list(std::size_t& size);

  /// Reads `kind::string`: a list of integers from 0 to 255.
  bool string(const_byte_span& bytes);

  /// Reads the tail of a list that has to be proper.
  bool list_end();

  /// Reads the header of a map; `size` times a key and a value follow.
  bool map(std::size_t& size);

  /// Reads any term.
  bool read(term& value);

  /// Passes over any term. `skipped` receives its bytes, which view the input.
  bool skip(const_byte_span& skipped);

  // -- nesting ---

  /// Notes that the elements of a container are going to be read. Fails where the limit of nesting is reached.
  bool enter();
  void leave() noexcept { --depth_; }

  // -- position ---

  bool at_end() const noexcept { return position_ == input_.size(); }

  /// Bytes consumed so far, of the inflated input if the term was compressed.
  std::size_t position() const noexcept { return position_; }

  const_byte_span remaining() const noexcept { return input_.subspan(position_); }

  /// Fails with `errc::bad_term` and a sentence: "byte P: `what`". Always returns false.
  bool fail(std::string what);

  const caf::error& error() const noexcept { return error_; }

private:
  const_byte_span input_;
  std::size_t position_ = 0;
  std::size_t depth_ = 0;
  term_limits limits_;
  byte_buffer inflated_;
  caf::error error_;
};

/// Decodes one term that fills `bytes`, version byte included, as `binary_to_term/1` does.
caf::expected<term> decode(const_byte_span bytes, const term_limits& limits = {});

} // namespace peer
