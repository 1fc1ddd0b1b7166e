// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "console/callbacks.hpp"
#include "console/chardata.hpp"
#include "console/completion.hpp"
#include "console/input.hpp"
#include "console/line_splitter.hpp"
#include "peer/term.hpp"

#include "caf/expected.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace peer::internal::console {

/// The requests for input that wait, answered in their order as far as the input reaches. The source is asked for more
/// when the first request needs it, not before.
///
/// Belongs to the loop's thread.
class readers : public std::enable_shared_from_this<readers> {
public:
  /// `get_line`: one line with its newline.
  struct line {};

  /// `get_chars`: that many characters.
  struct chars {
    std::size_t count;
  };

  /// `get_until`: line after line is passed to `Module:Function(Continuation, Line, Extra…)` in the peer, where the
  /// line is `eof` at the end of the input, until that returns `{done, Result, Rest}`.
  struct until {
    atom module;
    atom function;
    std::vector<term> extra;
    term continuation = {};
  };

  using wanted = std::variant<line, chars, until>;

  readers(input_ptr source, evaluator evaluate, poster post);

  /// Adds a request, which is answered with what it wants, with `eof`, or with an error.
  /// @param as input that has no form in this encoding is an error
  void read(wanted what, encoding as, completion done);

  /// The option of that name: whether input is answered as binaries.
  bool binary() const noexcept { return binary_; }
  void binary(bool on) noexcept { binary_ = on; }

  /// Abandons all requests, now and later.
  void finish();

private:
  struct reader {
    wanted what;
    encoding as;
    completion done;
  };

  void serve_all();
  bool serve_first();
  bool serve(const line& what);
  bool serve(const chars& what);
  bool serve(const until& what);
  void on_evaluated(caf::expected<term> result);
  void ask_source();
  void on_input(const std::optional<std::string>& piece);
  std::string_view rest() const noexcept { return std::string_view{buffer_}.substr(taken_); }
  bool has_line() const;
  std::string take(std::size_t size);
  std::string take_line();
  void give_back(std::string_view text);
  void answer_first(term result);
  void answer_text(std::string text);

  input_ptr source_;
  evaluator evaluate_;
  poster post_;
  utf8_joiner joiner_;
  std::string buffer_; ///< input, of which readers have taken the first `taken_` bytes
  std::size_t taken_ = 0;
  bool end_of_input_ = false;
  bool asked_ = false;      ///< the source has not answered yet
  bool evaluating_ = false; ///< the peer runs the first reader's function
  bool finished_ = false;
  bool binary_ = false;
  std::deque<reader> waiting_;
};

} // namespace peer::internal::console
