// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "console/io_server.hpp"

#include "console/batch.hpp"
#include "console/chardata.hpp"
#include "term/text/print.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

namespace peer::internal::console {

namespace {

/// The protocol's answer to a request that the server does not know.
void refuse(const completion& done) {
  done.fail(atom{"request"});
}

/// Whether the option of `setopts` that is `previous` up to now is on with `option`; nothing if that is not known.
std::optional<bool> binary_with(const term& option, bool previous) {
  if (option.is_atom("binary"))
    return true;
  if (option.is_atom("list"))
    return false;
  if (auto pair = match_tagged(option, "binary", 2); pair && (*pair)[1].is<atom>())
    return (*pair)[1].is_atom("true");
  // Encodings are accepted and have no effect: each request names its own.
  if (auto pair = match_tagged(option, "encoding", 2);
      pair && (parse_encoding((*pair)[1]) || (*pair)[1].is_atom("utf8")))
    return previous;
  return parse_encoding(option) ? std::optional{previous} : std::nullopt;
}

} // namespace

io_server::io_server(sink_ptr output, input_ptr input, evaluator evaluate, poster post)
    : output_(std::make_shared<bounded_output>(std::move(output), post)),
      input_(std::make_shared<readers>(std::move(input), evaluate, post)),
      evaluate_(std::move(evaluate)),
      post_(std::move(post)) {}

// -- requests ---------------------------------------------------------------------------------------------------------

/// The number of elements shows whether there is an encoding: in `{put_chars, unicode, F, A}` and `{get_line, unicode}`
/// there is none. Older programs leave it out.
const io_server::entry* io_server::find(const console::request& what) {
  constexpr auto plain = false;
  constexpr auto encoded = true;
  static constexpr auto table = std::array{
      entry{"put_chars", 2, encoded, &io_server::put_chars},  // Encoding, Characters
      entry{"put_chars", 1, plain, &io_server::put_chars},    // Characters
      entry{"put_chars", 4, encoded, &io_server::put_result}, // Encoding, Module, Function, Arguments
      entry{"put_chars", 3, plain, &io_server::put_result},   // Module, Function, Arguments
      entry{"put_bytes", 1, plain, &io_server::put_bytes},    // Binary: libpeer's own
      entry{"get_line", 2, encoded, &io_server::get_line},    // Encoding, Prompt
      entry{"get_line", 1, plain, &io_server::get_line},      // Prompt
      entry{"get_chars", 3, encoded, &io_server::get_chars},  // Encoding, Prompt, Count
      entry{"get_chars", 2, plain, &io_server::get_chars},    // Prompt, Count
      entry{"get_until", 5, encoded, &io_server::get_until},  // Encoding, Prompt, Module, Function, Extra
      entry{"get_until", 4, plain, &io_server::get_until},    // Prompt, Module, Function, Extra
      entry{"get_password", 1, encoded, &io_server::unsupported},
      entry{"get_password", 0, plain, &io_server::unsupported},
      entry{"get_geometry", 1, plain, &io_server::unsupported},
      entry{"getopts", 0, plain, &io_server::get_options},
      entry{"setopts", 1, plain, &io_server::set_options},  // Options
      entry{"requests", 1, plain, &io_server::serve_batch}, // Requests
      entry{"ready", 0, plain, &io_server::ready},          // libpeer's own
  };
  auto found = std::ranges::find_if(table, [&](const entry& row) { //
    return row.name == what.name && row.arity == what.arguments.size();
  });
  return found == table.end() ? nullptr : &*found;
}

void io_server::request(const term& what, completion done) {
  if (finished_)
    return;
  auto parsed = parse_request(what);
  auto row = parsed ? find(*parsed) : nullptr;
  if (row == nullptr)
    return refuse(done);
  if (!row->encoded)
    return (this->*row->serve)(parsed->arguments, encoding::latin1, done);
  if (auto chars = parse_encoding(parsed->arguments.front()))
    return (this->*row->serve)(parsed->arguments.subspan(1), *chars, done);
  refuse(done);
}

/// A peer has no terminal.
void io_server::unsupported(arguments, encoding, const completion& done) {
  done.fail(atom{"enotsup"});
}

void io_server::ready(arguments, encoding, const completion& done) {
  if (on_ready_)
    on_ready_();
  done.answer(atom{"ok"});
}

void io_server::serve_batch(arguments args, encoding, const completion& done) {
  auto items = args[0].get_if<erl::list>();
  if (items == nullptr)
    return refuse(done);
  auto serve = [weak = weak_from_this()](const term& what, completion each) {
    if (auto self = weak.lock())
      self->request(what, std::move(each));
  };
  std::make_shared<batch>(*items, std::move(serve), post_, done)->run();
}

void io_server::finish() {
  if (std::exchange(finished_, true))
    return;
  on_ready_ = nullptr;
  output_->finish();
  input_->finish();
}

// -- options ----------------------------------------------------------------------------------------------------------

void io_server::get_options(arguments, encoding, const completion& done) {
  done.answer(erl::list{tagged("binary", input_->binary()), tagged("encoding", atom{"unicode"})});
}

void io_server::set_options(arguments args, encoding, const completion& done) {
  auto options = args[0].get_if<erl::list>();
  if (options == nullptr)
    return done.fail(atom{"enotsup"});
  auto binary = std::optional{input_->binary()};
  for (auto& option : *options) {
    binary = binary_with(option, *binary);
    if (!binary)
      return done.fail(atom{"enotsup"});
  }
  input_->binary(*binary);
  done.answer(atom{"ok"});
}

// -- output -----------------------------------------------------------------------------------------------------------

void io_server::put_chars(arguments args, encoding chars, const completion& done) {
  print(args[0], chars, done);
}

void io_server::put_result(arguments args, encoding chars, const completion& done) {
  auto what = parse_function(args);
  if (!what)
    return refuse(done);
  print_result_of(*what, chars, done);
}

/// Bytes that a libpeer node's program printed and that are not UTF-8. OTP has no such request.
void io_server::put_bytes(arguments args, encoding, const completion& done) {
  auto bytes = args[0].get_if<erl::bitstring>();
  if (bytes == nullptr)
    return refuse(done);
  if (bytes->unused_bits != 0)
    return done.fail(atom{"put_bytes"});
  output_->write(stream::standard_output, bytes->bytes, done);
}

void io_server::print(const term& chars, encoding from, const completion& done) {
  auto text = flatten_chardata(chars, from);
  if (!text)
    return done.fail(atom{"put_chars"});
  output_->write(stream::standard_output, *text, done);
}

void io_server::print_result_of(const function_ref& what, encoding from, const completion& done) {
  evaluate_(what.module, what.function, what.arguments,
            [weak = weak_from_this(), function = what.function, from, done](caf::expected<term> chars) {
              auto self = weak.lock();
              if (!self || self->finished_)
                return;
              if (chars)
                self->print(*chars, from, done);
              else
                done.fail(function);
            });
}

// -- input ------------------------------------------------------------------------------------------------------------

/// Prints an atom, a format, character data or (its start) any other term, as `io_lib:format_prompt/1` does. The peer
/// formats: `then` is called when it has, so that a prompt costs its peer a request for as long as that takes.
void io_server::prompt(const term& what, std::function<void()> then) {
  if (auto format = match_tagged(what, "format", 3))
    return evaluate_(atom{"io_lib"}, atom{"format"}, erl::list{(*format)[1], (*format)[2]},
                     [weak = weak_from_this(), then = std::move(then)](caf::expected<term> text) {
                       auto self = weak.lock();
                       if (!self || self->finished_)
                         return;
                       if (text) // or it could not be made, which does not matter
                         self->print(*text, encoding::unicode, {});
                       then();
                     });
  if (auto name = what.get_if<atom>()) {
    if (!name->name().empty())
      output_->write(stream::standard_output, name->name());
  } else {
    auto text = flatten_chardata(what, encoding::unicode);
    if (!text)
      text = text::print_limited(what);
    if (!text->empty())
      output_->write(stream::standard_output, *text);
  }
  then();
}

void io_server::read(const term& prompted, readers::wanted what, encoding chars, const completion& done) {
  prompt(prompted, [weak = weak_from_this(), what = std::move(what), chars, done] {
    if (auto self = weak.lock())
      self->input_->read(what, chars, done);
  });
}

void io_server::get_line(arguments args, encoding chars, const completion& done) {
  read(args[0], readers::line{}, chars, done);
}

void io_server::get_chars(arguments args, encoding chars, const completion& done) {
  auto count = args[1].get_if<std::int64_t>();
  if (count == nullptr || *count < 0)
    return refuse(done);
  read(args[0], readers::chars{static_cast<std::size_t>(*count)}, chars, done);
}

void io_server::get_until(arguments args, encoding chars, const completion& done) {
  auto what = parse_function(args.subspan(1));
  if (!what)
    return refuse(done);
  auto extra = std::vector<term>{what->arguments.begin(), what->arguments.end()};
  read(args[0], readers::until{what->module, what->function, std::move(extra)}, chars, done);
}

} // namespace peer::internal::console
