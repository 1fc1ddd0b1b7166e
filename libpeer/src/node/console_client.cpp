// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "node/console_client.hpp"

#include "base/utf8.hpp"
#include "peer/convert.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"

#include "caf/all.hpp"

#include <utility>

namespace peer::internal::node {

namespace {

/// Whether a request waits for input: `get_line`, `get_chars` and the like.
bool asks_for_input(const term& request) {
  auto elements = request.get_if<erl::tuple>();
  auto name = elements != nullptr && !elements->empty() ? (*elements)[0].get_if<atom>() : nullptr;
  return name != nullptr && name->name().substr(0, 4) == "get_";
}

bool is_utf8(std::string_view text) {
  return base::count_utf8(text).has_value();
}

} // namespace

console_client::console_client(connection::channel& connection, pid from, std::size_t queue_limit, bool takes_bytes)
    : connection_(connection), from_(std::move(from)), queue_limit_(queue_limit), takes_bytes_(takes_bytes) {}

// -- requests ---------------------------------------------------------------------------------------------------------

caf::error console_client::request(const term& what, replied done) {
  if (auto err = check_room())
    return err;
  return send_request(what, {std::move(done), asks_for_input(what)});
}

caf::error console_client::check_room() const {
  if (waiting_.size() >= defaults::max_io_requests)
    return fail(errc::overload,
                "the origin does not answer: " + std::to_string(waiting_.size()) + " requests wait for it");
  if (connection_.queued() > queue_limit_)
    return fail(errc::overload,
                "the origin does not read: " + std::to_string(connection_.queued()) + " bytes wait for it");
  return {};
}

caf::error console_client::send_request(const term& what, waiter next) {
  auto number = ++last_request_;
  auto from = byte_buffer{};
  auto reply_as = byte_buffer{};
  auto encoded = byte_buffer{};
  if (auto err = save_term(encoded, what))
    return err;
  static_cast<void>(save_term(from, from_));
  static_cast<void>(save_term(reply_as, erl::reference{from_.node, from_.creation, {number}}));
  if (auto err = connection_.send(wire::io_request{from, reply_as, encoded}))
    return err;
  waiting_.emplace(number, std::move(next));
  return {};
}

void console_client::on_reply(const wire::io_reply& reply) {
  auto id = load_term<erl::reference>(reply.reply_as);
  auto found = id && !id->ids.empty() ? waiting_.find(id->ids.front()) : waiting_.end();
  if (found == waiting_.end())
    return;
  auto done = std::move(found->second.done);
  waiting_.erase(found);
  auto content = load_term<term>(reply.reply);
  done(content ? std::move(*content) : tagged("error", atom{"bad_term"}));
}

void console_client::abandon() {
  auto readers = std::vector<replied>{};
  for (auto i = waiting_.begin(); i != waiting_.end();) {
    if (i->second.input)
      readers.push_back(std::move(i->second.done));
    i = i->second.input ? waiting_.erase(i) : std::next(i);
  }
  for (auto& done : readers)
    done(tagged("error", atom{"terminated"}));
}

// -- standard output --------------------------------------------------------------------------------------------------

void console_client::forward(boost::asio::io_context& io, process::descriptor printed) {
  printed_ = connection::stream_reader::make(
      io, std::move(printed), [this](const_byte_span bytes) { print(joiner_.feed(detail::as_text(bytes))); },
      [this](std::error_code) { print(joiner_.finish()); });
}

void console_client::catch_up() {
  if (printed_)
    printed_->catch_up();
}

void console_client::finish() {
  if (!printed_)
    return;
  printed_->drain();
  print(joiner_.finish());
}

void console_client::print(std::string_view text) {
  if (text.empty())
    return;
  backlog_ += text.size();
  balance();
  if (is_utf8(text))
    send_text(text);
  else if (takes_bytes_)
    send_output(tagged("put_bytes", std::string{text}), text.size());
  else
    send_mixture(text);
}

void console_client::send_text(std::string_view text) {
  send_output(tagged("put_chars", atom{"unicode"}, std::string{text}), text.size());
}

/// Keeps UTF-8 characters and converts other bytes from Latin-1.
void console_client::send_mixture(std::string_view bytes) {
  while (!bytes.empty()) {
    auto rest = bytes;
    while (!rest.empty() && base::take_utf8(rest))
      ;
    auto text = bytes.substr(0, bytes.size() - rest.size());
    if (!text.empty())
      send_text(text);
    bytes = rest;
    while (!rest.empty()) {
      auto next = rest;
      if (base::take_utf8(next))
        break;
      rest.remove_prefix(1);
    }
    auto others = bytes.substr(0, bytes.size() - rest.size());
    if (!others.empty())
      send_output(tagged("put_chars", atom{"latin1"}, std::string{others}), others.size());
    bytes = rest;
  }
}

void console_client::send_output(const term& request, std::size_t size) {
  auto done = [this, size](const term&) { accepted(size); };
  if (send_request(request, {std::move(done), false}))
    accepted(size);
}

void console_client::accepted(std::size_t size) {
  backlog_ -= std::min(size, backlog_);
  balance();
}

/// Pauses reading, so that the program blocks, when it prints faster than the origin accepts.
void console_client::balance() {
  auto full = backlog_ > defaults::console_window;
  if (!printed_ || full == std::exchange(paused_, full))
    return;
  if (full)
    printed_->pause();
  else
    printed_->resume();
}

} // namespace peer::internal::node
