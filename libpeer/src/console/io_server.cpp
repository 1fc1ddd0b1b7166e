// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "console/io_server.hpp"

#include "console/chardata.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/term.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"

#include <utility>

namespace peer::internal::console {

namespace {

term error_reply(term reason) {
  return tagged("error", std::move(reason));
}

bool is_encoding(const term& x) {
  return x.is_atom("unicode") || x.is_atom("latin1");
}

/// The number of elements, the name among them, of requests that have an encoding.
bool has_encoding(std::string_view name, std::size_t size) {
  return (name == "put_chars" && (size == 3 || size == 5)) || (name == "get_line" && size == 3)
      || (name == "get_chars" && size == 4) || (name == "get_until" && size == 6)
      || (name == "get_password" && size == 2);
}

/// A request without its encoding, which older programs leave out and which is then Latin-1.
struct normal_form {
  std::string_view name;
  std::vector<term> arguments;
  bool latin1 = true;
};

/// The tuple's name and arguments. Only the number of elements tells whether there is an encoding: in
/// `{put_chars, unicode, F, A}` and `{get_line, unicode}` there is none. Nothing if `what` is no request.
std::optional<normal_form> normalize(const term& what) {
  if (auto name = what.get_if<atom>())
    return normal_form{name->name(), {}, true};
  auto elements = what.get_if<erl::tuple>();
  if (elements == nullptr || elements->empty() || !(*elements)[0].is<atom>())
    return std::nullopt;
  auto result = normal_form{};
  result.name = (*elements)[0].get_if<atom>()->name();
  auto first = elements->begin() + 1;
  if (has_encoding(result.name, elements->size())) {
    if (!is_encoding(*first))
      return std::nullopt;
    result.latin1 = first->is_atom("latin1");
    ++first;
  }
  result.arguments.assign(first, elements->end());
  return result;
}

/// Whether the arguments from `at` on are `Module, Function, Arguments`.
bool is_function_call(const std::vector<term>& arguments, std::size_t at) {
  return arguments.size() == at + 3 && arguments[at].is<atom>() && arguments[at + 1].is<atom>()
      && arguments[at + 2].is<erl::list>();
}

} // namespace

/// A request for input that has not been answered.
struct io_server::reader {
  enum class kind { line, chars, until };

  kind what;
  bool latin1;
  answer done;
  std::size_t count = 0;        ///< characters wanted
  atom module = {};             ///< for `until`
  atom function = {};           ///< for `until`
  std::vector<term> extra = {}; ///< for `until`
  term continuation = {};       ///< for `until`
};

/// The requests of `{requests, List}` that have not been served.
struct io_server::batch {
  std::deque<term> rest;
  answer done;
  term last = atom{"ok"};  ///< the answer to the request before
  bool requesting = false; ///< inside of the call that serves the current request
  bool answered = false;   ///< the current request has been answered
};

io_server::io_server(sink_ptr output, input_ptr input, evaluator evaluate, poster post)
    : output_(std::move(output)), input_(std::move(input)), evaluate_(std::move(evaluate)), post_(std::move(post)) {}

io_server::~io_server() = default;

// -- requests ---------------------------------------------------------------------------------------------------------

void io_server::request(const term& what, answer done) {
  if (finished_)
    return;
  auto form = normalize(what);
  if (!form)
    return done(error_reply(atom{"request"}));
  auto& args = form->arguments;
  auto is = [&](std::string_view name, std::size_t arity) { return form->name == name && args.size() == arity; };
  if (is("put_chars", 1))
    put_chars(args[0], form->latin1, std::move(done));
  else if (is("put_bytes", 1) && args[0].is<erl::bitstring>())
    put_bytes(*args[0].get_if<erl::bitstring>(), std::move(done));
  else if (form->name == "put_chars" && is_function_call(args, 0))
    put_result(*args[0].get_if<atom>(), *args[1].get_if<atom>(), args[2], form->latin1, std::move(done));
  else if (is("get_line", 1)) {
    prompt(args[0]);
    read(std::make_shared<reader>(reader{reader::kind::line, form->latin1, std::move(done)}));
  } else if (is("get_chars", 2) && args[1].is<std::int64_t>() && *args[1].get_if<std::int64_t>() >= 0) {
    prompt(args[0]);
    auto count = static_cast<std::size_t>(*args[1].get_if<std::int64_t>());
    read(std::make_shared<reader>(reader{reader::kind::chars, form->latin1, std::move(done), count}));
  } else if (form->name == "get_until" && is_function_call(args, 1)) {
    prompt(args[0]);
    auto& extra = *args[3].get_if<erl::list>();
    read(std::make_shared<reader>(reader{reader::kind::until,
                                         form->latin1,
                                         std::move(done),
                                         0,
                                         *args[1].get_if<atom>(),
                                         *args[2].get_if<atom>(),
                                         {extra.begin(), extra.end()}}));
  } else if (is("get_password", 0) || is("get_geometry", 1))
    done(error_reply(atom{"enotsup"}));
  else if (is("ready", 0)) {
    if (on_ready_)
      on_ready_();
    done(atom{"ok"});
  } else if (is("getopts", 0))
    done(options());
  else if (is("setopts", 1))
    set_options(args[0], std::move(done));
  else if (is("requests", 1) && args[0].is<erl::list>()) {
    auto& items = *args[0].get_if<erl::list>();
    serve_batch(std::make_shared<batch>(batch{{items.begin(), items.end()}, std::move(done)}));
  } else
    done(error_reply(atom{"request"}));
}

/// One request after the other until one fails; the last answer counts. Requests that are answered at once are a loop
/// here, not a recursion: a peer may send a batch of any length.
void io_server::serve_batch(const std::shared_ptr<batch>& requests) {
  while (!requests->rest.empty() && match_tagged(requests->last, "error", 2) == nullptr) {
    auto next = std::move(requests->rest.front());
    requests->rest.pop_front();
    requests->answered = false;
    requests->requesting = true;
    request(next, [self = weak_from_this(), requests](term result) {
      requests->last = std::move(result);
      requests->answered = true;
      if (auto ptr = self.lock(); ptr && !requests->requesting)
        ptr->serve_batch(requests);
    });
    requests->requesting = false;
    if (!requests->answered)
      return;
  }
  requests->done(std::move(requests->last));
}

void io_server::set_options(const term& what, answer done) {
  auto options = what.get_if<erl::list>();
  if (options == nullptr)
    return done(error_reply(atom{"enotsup"}));
  auto binary = binary_;
  for (auto& option : *options) {
    if (option.is_atom("binary"))
      binary = true;
    else if (option.is_atom("list"))
      binary = false;
    else if (auto pair = match_tagged(option, "binary", 2); pair && (*pair)[1].is<atom>())
      binary = (*pair)[1].is_atom("true");
    else if (auto enc = match_tagged(option, "encoding", 2);
             !(enc && (is_encoding((*enc)[1]) || (*enc)[1].is_atom("utf8"))) && !is_encoding(option))
      return done(error_reply(atom{"enotsup"}));
  }
  binary_ = binary;
  done(atom{"ok"});
}

term io_server::options() const {
  return erl::list{tagged("binary", binary_), tagged("encoding", atom{"unicode"})};
}

// -- output -----------------------------------------------------------------------------------------------------------

void io_server::put_chars(const term& chars, bool latin1, answer done) {
  auto text = flatten_chardata(chars, latin1 ? encoding::latin1 : encoding::unicode);
  if (!text)
    return done(error_reply(atom{"put_chars"}));
  write(stream::standard_output, *text, [done = std::move(done)] { done(atom{"ok"}); });
}

/// What a libpeer node's program printed that is no text. OTP has no such request.
void io_server::put_bytes(const erl::bitstring& bytes, answer done) {
  if (bytes.unused_bits != 0)
    return done(error_reply(atom{"put_bytes"}));
  if (bytes.bytes.empty()) // a node asks whether the request is known, and is not to wait for the sink
    return done(atom{"ok"});
  write(stream::standard_output, bytes.bytes, [done = std::move(done)] { done(atom{"ok"}); });
}

void io_server::put_result(const atom& module, const atom& function, const term& arguments, bool latin1, answer done) {
  evaluate_(module, function, arguments,
            [self = weak_from_this(), function, latin1, done = std::move(done)](caf::expected<term> chars) {
              auto ptr = self.lock();
              if (!ptr || ptr->finished_)
                return;
              if (chars)
                ptr->put_chars(*chars, latin1, done);
              else
                done(error_reply(function));
            });
}

void io_server::text(stream from, std::string_view bytes) {
  auto whole = state_of(from).joiner.feed(bytes);
  if (!whole.empty())
    write(from, whole, [] {});
}

void io_server::write(stream from, std::string_view text, std::function<void()> then) {
  auto& state = state_of(from);
  if (state.dropped > 0 || (backlog_ > 0 && backlog_ + text.size() > defaults::output_limit)) {
    state.dropped += text.size(); // the hole has one place, and the line that tells of it stands there
    return then();
  }
  pass_on(from, text, std::move(then));
}

void io_server::pass_on(stream from, std::string_view text, std::function<void()> then) {
  if (!text.empty())
    state_of(from).in_line = text.back() != '\n';
  backlog_ += text.size();
  output_->write(from, text, [self = weak_from_this(), post = post_, size = text.size(), then = std::move(then)] {
    post([self, size, then] {
      auto ptr = self.lock();
      if (!ptr)
        return;
      ptr->written(size);
      if (!ptr->finished_)
        then();
    });
  });
}

void io_server::written(std::size_t size) {
  backlog_ -= size;
  if (backlog_ <= defaults::output_high_water)
    tell_dropped();
  if (on_progress_)
    on_progress_();
}

void io_server::tell_dropped() {
  for (auto from : {stream::standard_output, stream::standard_error}) {
    auto& state = state_of(from);
    if (auto count = std::exchange(state.dropped, 0); count > 0)
      pass_on(from,
              (state.in_line ? "\n" : "") + ("libpeer: " + std::to_string(count))
                  + " bytes of output were dropped: what receives it did not keep up\n",
              [] {});
  }
}

void io_server::finish() {
  if (std::exchange(finished_, true))
    return;
  for (auto from : {stream::standard_output, stream::standard_error})
    if (auto rest = state_of(from).joiner.finish(); !rest.empty())
      write(from, rest, [] {});
  tell_dropped();
  output_->finish();
  readers_.clear();
  on_progress_ = nullptr;
  on_ready_ = nullptr;
}

// -- input ------------------------------------------------------------------------------------------------------------

void io_server::prompt(const term& what) {
  if (auto name = what.get_if<atom>())
    return name->name().empty() ? void() : write(stream::standard_output, name->name(), [] {});
  if (auto format = match_tagged(what, "format", 3))
    return put_result(atom{"io_lib"}, atom{"format"}, erl::list{(*format)[1], (*format)[2]}, false, [](term) {});
  auto text = flatten_chardata(what, encoding::unicode);
  if (!text)
    text = to_string(what);
  if (!text->empty())
    write(stream::standard_output, *text, [] {});
}

void io_server::read(std::shared_ptr<reader> next) {
  readers_.push_back(std::move(next));
  serve_readers();
}

/// Answers readers in their order as far as the buffer reaches, then asks the source.
void io_server::serve_readers() {
  while (!readers_.empty() && !until_running_ && !finished_) {
    auto next = readers_.front();
    if (next->what == reader::kind::until ? !serve_until(next) : !serve(*next))
      return more_input();
  }
}

void io_server::more_input() {
  if (std::exchange(reading_, true))
    return;
  input_->read([self = weak_from_this(), post = post_](std::optional<std::string> piece) {
    post([self, piece = std::move(piece)] {
      auto ptr = self.lock();
      if (!ptr)
        return;
      ptr->reading_ = false;
      if (piece) {
        ptr->buffer_ += ptr->input_joiner_.feed(*piece);
      } else {
        ptr->buffer_ += ptr->input_joiner_.finish();
        ptr->end_of_input_ = true;
      }
      ptr->serve_readers();
    });
  });
}

/// Answers the first reader if the buffer has what it wants.
bool io_server::serve(reader& next) {
  return next.what == reader::kind::line ? serve_line(next) : serve_chars(next);
}

bool io_server::serve_line(reader& next) {
  auto end = buffer_.find('\n');
  if (end == std::string::npos && !end_of_input_)
    return false;
  auto line = buffer_.substr(0, end == std::string::npos ? end : end + 1);
  buffer_.erase(0, line.size());
  finish_reader(line.empty() ? term{atom{"eof"}} : input_term(std::move(line), next.latin1));
  return true;
}

bool io_server::serve_chars(reader& next) {
  auto size = find_characters(buffer_, next.count);
  if (!size && !end_of_input_)
    return false;
  auto text = buffer_.substr(0, size.value_or(buffer_.size()));
  buffer_.erase(0, text.size());
  auto eof = text.empty() && next.count > 0;
  finish_reader(eof ? term{atom{"eof"}} : input_term(std::move(text), next.latin1));
  return true;
}

/// Lets the peer look at the next line: `Module:Function(Continuation, Line, Extra…)`, where the line is `eof` at the
/// end.
bool io_server::serve_until(const std::shared_ptr<reader>& next) {
  auto end = buffer_.find('\n');
  if (end == std::string::npos && !end_of_input_)
    return false;
  auto line = buffer_.substr(0, end == std::string::npos ? end : end + 1);
  buffer_.erase(0, line.size());
  auto arguments = std::vector<term>{next->continuation, line.empty() ? term{atom{"eof"}} : to_charlist(line)};
  arguments.insert(arguments.end(), next->extra.begin(), next->extra.end());
  until_running_ = true;
  evaluate_(next->module, next->function, erl::list{std::move(arguments)},
            [self = weak_from_this(), next](caf::expected<term> result) {
              if (auto ptr = self.lock(); ptr && !ptr->finished_)
                ptr->until_result(next, std::move(result));
            });
  return true;
}

/// `{done, Result, Rest}` ends the request, `{more, Continuation}` asks for the next line ("The Erlang I/O Protocol").
void io_server::until_result(const std::shared_ptr<reader>& next, caf::expected<term> result) {
  until_running_ = false;
  if (!result) {
    finish_reader(error_reply(next->function));
  } else if (auto done = match_tagged(*result, "done", 3)) {
    if (auto rest = flatten_chardata((*done)[2], encoding::unicode))
      buffer_.insert(0, *rest);
    finish_reader((*done)[1]);
  } else if (auto more = match_tagged(*result, "more", 2)) {
    next->continuation = (*more)[1];
  } else {
    finish_reader(error_reply(next->function));
  }
  serve_readers();
}

void io_server::finish_reader(term result) {
  auto done = std::move(readers_.front()->done);
  readers_.pop_front();
  done(std::move(result));
}

term io_server::input_term(std::string text, bool latin1) const {
  if (latin1) {
    auto bytes = to_latin1(text);
    if (!bytes)
      return error_reply(erl::tuple{atom{"no_translation"}, atom{"unicode"}, atom{"latin1"}});
    if (binary_)
      return std::move(*bytes);
  }
  return binary_ ? term{std::move(text)} : to_charlist(text);
}

} // namespace peer::internal::console
