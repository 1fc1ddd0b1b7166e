// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "console/readers.hpp"

#include "caf/error.hpp"

#include <algorithm>
#include <utility>

namespace peer::internal::console {

readers::readers(input_ptr source, evaluator evaluate, poster post)
    : source_(std::move(source)), evaluate_(std::move(evaluate)), post_(std::move(post)) {}

void readers::read(wanted what, encoding as, completion done) {
  if (finished_)
    return;
  waiting_.push_back({std::move(what), as, std::move(done)});
  serve_all();
}

void readers::finish() {
  finished_ = true;
  auto abandoned = std::exchange(waiting_, {}); // destroyed when `waiting_` is empty
}

// -- serving ----------------------------------------------------------------------------------------------------------

void readers::serve_all() {
  while (!waiting_.empty() && !evaluating_)
    if (!serve_first())
      return ask_source();
}

/// Answers the first request, or makes the peer look at its next line, if the buffer has what that needs.
bool readers::serve_first() {
  return std::visit([this](auto& what) { return serve(what); }, waiting_.front().what);
}

bool readers::serve(const line&) {
  if (!has_line())
    return false;
  answer_text(take_line());
  return true;
}

bool readers::serve(const chars& what) {
  auto size = find_characters(rest(), what.count);
  if (!size && !end_of_input_)
    return false;
  if (what.count == 0)
    answer_first(binary_ ? term{std::string{}} : to_charlist({}));
  else
    answer_text(take(size.value_or(rest().size())));
  return true;
}

bool readers::serve(const until& what) {
  if (!has_line())
    return false;
  auto text = take_line();
  auto arguments = std::vector<term>{what.continuation, text.empty() ? term{atom{"eof"}} : to_charlist(text)};
  arguments.insert(arguments.end(), what.extra.begin(), what.extra.end());
  evaluating_ = true;
  auto [module, function] = std::pair{what.module, what.function}; // `what` ends if the call is answered at once
  evaluate_(module, function, erl::list{std::move(arguments)}, [self = weak_from_this()](caf::expected<term> result) {
    if (auto ptr = self.lock(); ptr && !ptr->finished_)
      ptr->on_evaluated(std::move(result));
  });
  return true;
}

/// `{done, Result, Rest}` ends the request, `{more, Continuation}` asks for the next line ("The Erlang I/O Protocol").
void readers::on_evaluated(caf::expected<term> result) {
  evaluating_ = false;
  auto& what = std::get<until>(waiting_.front().what);
  auto done = result ? match_tagged(*result, "done", 3) : nullptr;
  auto more = result ? match_tagged(*result, "more", 2) : nullptr;
  if (more) {
    what.continuation = (*more)[1];
  } else if (done) {
    if (auto left = flatten_chardata((*done)[2], encoding::unicode))
      give_back(*left);
    answer_first((*done)[1]);
  } else {
    answer_first(tagged("error", what.function));
  }
  serve_all();
}

// -- input ------------------------------------------------------------------------------------------------------------

void readers::ask_source() {
  if (std::exchange(asked_, true))
    return;
  source_->read([self = weak_from_this(), post = post_](std::optional<std::string> piece) {
    post([self, piece = std::move(piece)] {
      if (auto ptr = self.lock())
        ptr->on_input(piece);
    });
  });
}

void readers::on_input(const std::optional<std::string>& piece) {
  asked_ = false;
  if (piece)
    buffer_ += joiner_.feed(*piece);
  else
    buffer_ += joiner_.finish();
  end_of_input_ = end_of_input_ || !piece;
  serve_all();
}

/// Whether the next line has arrived, the last of the input without its newline included.
bool readers::has_line() const {
  return end_of_input_ || rest().find('\n') != std::string_view::npos;
}

std::string readers::take(std::size_t size) {
  auto result = std::string{rest().substr(0, size)};
  taken_ += size;
  if (2 * taken_ > buffer_.size()) // moved as often as there are bytes, at most
    buffer_.erase(0, std::exchange(taken_, 0));
  return result;
}

/// Puts `text` before the rest of the input. What fits into the place of what was taken moves nothing.
void readers::give_back(std::string_view text) {
  auto replaced = std::min(text.size(), taken_);
  taken_ -= replaced;
  buffer_.replace(taken_, replaced, text);
}

/// The next line with its newline; empty at the end of the input.
std::string readers::take_line() {
  auto end = rest().find('\n');
  return take(end == std::string_view::npos ? rest().size() : end + 1);
}

// -- answers ----------------------------------------------------------------------------------------------------------

void readers::answer_first(term result) {
  auto done = std::move(waiting_.front().done);
  waiting_.pop_front();
  done.answer(std::move(result));
}

/// Answers `text` in the form that the request wants; `eof` if there is none.
void readers::answer_text(std::string text) {
  if (text.empty())
    return answer_first(atom{"eof"});
  if (waiting_.front().as == encoding::latin1) {
    auto bytes = to_latin1(text);
    if (!bytes)
      return answer_first(tagged("error", erl::tuple{atom{"no_translation"}, atom{"unicode"}, atom{"latin1"}}));
    if (binary_)
      return answer_first(std::move(*bytes));
  }
  answer_first(binary_ ? term{std::move(text)} : to_charlist(text));
}

} // namespace peer::internal::console
