// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/bytes.hpp"
#include "peer/detail/limits.hpp"
#include "peer/detail/small_stack.hpp"
#include "peer/term.hpp"

#include "caf/error.hpp"
#include "caf/fwd.hpp"

#include <array>

namespace peer::detail {

enum class tag : std::uint8_t;

/// Reads terms in the external format from a buffer, value by value: the source of everything that is decoded, be it
/// into a `term` or straight into C++ types.
///
/// A function that returns `bool` returns false after an error, which `error()` then returns: `errc::bad_term` with a
/// sentence that names the offset, the tag that was found and what was expected. The reader must not be used after
/// that. Counts are checked against the bytes that are left before anything is allocated.
class term_reader {
public:
  /// The kind of the next term according to its tag.
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

  /// An integer as far as 64 bits can hold it.
  struct number {
    bool negative = false;
    std::uint64_t magnitude = 0;
    bool wide = false; ///< The magnitude needs more than 64 bits; `magnitude` is then meaningless.
  };

  /// Reads from `input`, which must outlive the reader.
  explicit term_reader(const_byte_span input, const term_limits& limits = {}) noexcept;

  term_reader(const term_reader&) = delete;
  term_reader& operator=(const term_reader&) = delete;

  /// Reads the version byte 131 and, if the term is compressed, inflates it: from then on the reader reads what was
  /// inflated.
  bool version();

  /// Tells the kind of the next term without consuming it. Fails at the end of the input and at an unknown tag.
  bool peek(kind& result) {
    tag_at_ = position_;
    if (left() == 0)
      return fail_peek();
    auto found = kinds[std::to_integer<std::size_t>(input_[position_])];
    if (found == no_kind)
      return fail_peek();
    result = static_cast<kind>(found);
    return true;
  }

  // Each of these consumes one term of that kind and fails at any other.

  bool integer(number& value);
  bool integer(std::int64_t& value);
  bool integer(std::uint64_t& value);
  bool integer(term& value); ///< of any size
  bool real(double& value);
  bool atom(std::string& name); ///< as UTF-8

  /// Reads an atom. `name` views the input, or `converted` if it had to be converted to UTF-8.
  bool atom(std::string_view& name, std::string& converted);

  bool binary(const_byte_span& bytes); ///< views the input
  bool bits(erl::bitstring& value);    ///< a binary, too
  bool identifier(pid& value);
  bool identifier(erl::port& value);
  bool identifier(erl::reference& value);
  bool function(erl::export_fun& value);

  /// Reads the header of a tuple; `arity` terms follow.
  bool tuple(std::size_t& arity);

  /// Reads the header of a list, `size` elements follow and then a tail, which `list_end` or `read` consumes. For `[]`
  /// the size is 0 and no tail follows. Fails at `kind::string`, which has no elements on the wire.
  bool list(std::size_t& size);

  /// Reads `kind::string`: a list of integers from 0 to 255.
  bool string(const_byte_span& bytes);

  /// Reads the tail of a list that must end there.
  bool list_end();

  /// Reads the header of a map; `size` times a key and a value follow.
  bool map(std::size_t& size);

  /// Reads any term, however deeply it is nested, without recursion. After an error `value` may hold a part of it.
  bool read(term& value);

  /// Passes over any term, however deeply it is nested, without recursion. `skipped` receives its bytes, which view the
  /// input.
  bool skip(const_byte_span& skipped);

  /// Passes over any term as `skip`, and fails where `read` would: at a map that holds the same key twice, too.
  bool check();

  // -- nesting of C++ types ---

  /// Notes that the elements of a container are going to be read into a C++ type. Fails where the limit of nesting is
  /// reached.
  bool enter();
  void leave() noexcept { --depth_; }

  // -- position ---

  bool at_end() const noexcept { return position_ == input_.size(); }

  /// Bytes consumed so far, of the inflated input if the term was compressed.
  std::size_t position() const noexcept { return position_; }

  /// Goes back to a position returned by `position()`.
  void rewind(std::size_t position) noexcept { position_ = position; }

  const_byte_span remaining() const noexcept { return input_.subspan(position_); }

  /// Fails with `errc::bad_term` and a sentence: "byte P: `what`". Always returns false.
  bool fail(std::string what);

  const caf::error& error() const noexcept { return error_; }

private:
  // -- bytes ---

  std::size_t left() const noexcept { return input_.size() - position_; }

  /// Reads a big-endian number. @pre the bytes are there.
  std::uint64_t take(std::size_t size) noexcept {
    std::uint64_t result = 0;
    for (auto byte : take_bytes(size))
      result = (result << 8) | static_cast<std::uint64_t>(byte);
    return result;
  }

  const_byte_span take_bytes(std::size_t size) noexcept {
    auto result = input_.subspan(position_, size);
    position_ += size;
    return result;
  }

  /// Reads a tag, to which the errors that follow refer.
  bool take_tag(tag& result);

  /// Checks that `size` more bytes are there.
  bool need(std::uint64_t size) { return size <= left() || fail_need(size); }

  bool fail_need(std::uint64_t size);

  /// Checks that `count` more elements, of a byte at least, are there.
  bool need_elements(std::uint64_t count);

  // -- errors ---

  bool fail_peek();
  bool fail_at(std::size_t position, std::string what);
  bool mismatch(const char* expected);

  // -- parts of terms; the tag is read already ---

  bool number_body(tag which, bool& negative, const_byte_span& magnitude, std::uint64_t& small);
  bool real_text(double& value);
  bool atom_body(tag which, std::string_view& name, std::string& converted);
  bool bits_header(std::size_t& size, std::uint8_t& used_bits);
  bool pid_body(tag which, pid& value);
  bool port_body(tag which, erl::port& value);
  bool reference_body(tag which, erl::reference& value);
  bool export_body(erl::export_fun& value);

  // -- any term ---

  template <class T, class Read>
  static bool read_as(term& value, Read read) {
    T result;
    if (!read(result))
      return false;
    value = std::move(result);
    return true;
  }

  template <class T, class Read>
  static bool skip_as(Read read) {
    T ignored;
    return read(ignored);
  }

  struct open_container;
  using open_containers = small_stack<open_container, 8>;

  static bool is_container(kind what) noexcept {
    return what == kind::tuple || what == kind::nil || what == kind::list || what == kind::string || what == kind::map;
  }

  bool read_leaf(kind what, term& value);
  bool read_containers(kind what, term& value);
  bool begin_container(kind what, term& value, open_containers& open);
  bool announce(std::uint64_t count);
  bool read_items(open_containers& open);
  bool read_entries(open_containers& open);
  bool finish_container(open_containers& open);
  bool finish_list(open_containers& open);
  bool read_string(std::vector<term>& items);
  bool skip_terms(bool checked);
  bool skip_rest(std::uint64_t children, std::size_t fun_end, bool checked);
  bool skip_map();
  bool skip_one(std::uint64_t& children, std::size_t& fun_end);
  bool skip_fun(std::uint64_t& children, std::size_t& fun_end);
  bool inflate();

  /// For each byte what it is as a tag.
  static const std::array<std::uint8_t, 256> kinds;
  static constexpr std::uint8_t no_kind = 0xFF;

  const_byte_span input_;
  std::size_t position_ = 0;
  std::size_t start_ = 0; ///< Where the outermost term starts.
  std::size_t tag_at_ = 0;
  std::size_t depth_ = 0;
  std::uint64_t announced_ = 0; ///< Elements of open containers that have not begun.
  term_limits limits_;
  byte_buffer inflated_;
  caf::error error_;
};

/// Turns `encoded`, if it is a whole binary without version byte, into that binary's bytes. Else leaves it and returns
/// false.
bool remove_binary_header(byte_buffer& encoded);

} // namespace peer::detail
