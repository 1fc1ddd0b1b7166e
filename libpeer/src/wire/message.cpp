// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "wire/message.hpp"

#include "base/large_memory.hpp"
#include "peer/detail/writer.hpp"
#include "peer/error.hpp"
#include "term/codec/tags.hpp"
#include "wire/fields.hpp"

#include "caf/expected.hpp"

#include <array>
#include <cstring>

namespace peer::internal::wire {

namespace {

constexpr auto small_tuple = static_cast<std::uint8_t>(detail::tag::small_tuple);
constexpr auto small_atom = static_cast<std::uint8_t>(detail::tag::small_atom_utf8);

/// In the order of `reply_class`.
constexpr auto class_names = std::array<std::string_view, 5>{"ok", "throw", "error", "exit", "crash"};

// -- messages ---------------------------------------------------------------------------------------------------------

bool read(fields& in, names& texts, call& x) {
  if (!in.arity(5) || !in.integer("Seq", x.seq) || !in.atom("M", x.module, texts.module)
      || !in.atom("F", x.function, texts.function) || !in.proper_list("A", x.arguments))
    return false;
  return true;
}

bool read(fields& in, names& texts, cast& x) {
  if (!in.arity(4) || !in.atom("M", x.module, texts.module) || !in.atom("F", x.function, texts.function)
      || !in.proper_list("A", x.arguments))
    return false;
  return true;
}

bool read(fields& in, names&, message& x) {
  return in.arity(3) && in.destination("To", x.to) && in.any("Content", x.content);
}

bool read(fields& in, names&, io_reply& x) {
  return in.arity(4) && in.pid("From", x.from) && in.any("ReplyAs", x.reply_as) && in.any("Reply", x.reply);
}

bool read(fields& in, names& texts, started& x) {
  std::string_view name;
  if (!in.arity(2) || !in.atom("Node", name, texts.module))
    return false;
  x.node = atom{name};
  return true;
}

bool read(fields& in, const char* field, reply_class& x) {
  std::string_view name;
  std::string converted;
  if (!in.atom(field, name, converted))
    return false;
  for (std::size_t i = 0; i < class_names.size(); ++i) {
    if (class_names[i] == name) {
      x = static_cast<reply_class>(i);
      return true;
    }
  }
  return in.mismatch(field, "ok, throw, error, exit or crash", "'" + std::string{name} + "'");
}

bool read(fields& in, names&, reply& x) {
  if (!in.arity(4) || !in.integer("Seq", x.seq) || !read(in, "Class", x.cls))
    return false;
  switch (x.cls) {
  case reply_class::ok:
  case reply_class::crash:
    return in.any("Result", x.result);
  case reply_class::throw_:
  case reply_class::error:
  case reply_class::exit:
    return in.exception("Result", x.result);
  }
  return false;
}

bool read(fields& in, names&, io_request& x) {
  return in.arity(4) && in.pid("From", x.from) && in.any("ReplyAs", x.reply_as) && in.any("Request", x.request);
}

/// A message with a bad term, reduced to its valid part. `nullopt` if the error affects the whole connection.
template <class Message>
std::optional<std::variant<undecodable, Message>> salvage(const fields& in, const Message& x) {
  if (in.error() != errc::bad_term)
    return std::nullopt;
  if constexpr (std::is_same_v<Message, call> || std::is_same_v<Message, reply>) {
    if (in.read_elements() >= 1)
      return undecodable{std::string{in.tag()}, x.seq, in.error()};
  } else if constexpr (std::is_same_v<Message, io_request>) {
    if (in.read_elements() >= 2)
      return x;
  } else if constexpr (!std::is_same_v<Message, started>) {
    return undecodable{std::string{in.tag()}, std::nullopt, in.error()};
  }
  return std::nullopt;
}

template <class Message, class Result>
caf::expected<Result> parse_as(fields& in, names& texts) {
  Message x{};
  if (read(in, texts, x) && in.close())
    return Result{std::move(x)};
  if (auto rest = salvage(in, x))
    return std::visit([](auto& y) { return Result{std::move(y)}; }, *rest);
  return in.error();
}

/// A compressed payload makes its receiver allocate many times the bytes that arrive.
bool is_compressed(const_byte_span payload) {
  return payload.size() > 1 && payload[1] == static_cast<std::byte>(detail::tag::compressed);
}

/// Bytes of a message besides terms and names: its beginning, a number, sizes, and those added by the framing.
constexpr std::size_t room_around = 64;

/// Starts the payload of a frame, a tuple that begins with `name`, and makes room for `room` bytes of terms and names.
detail::term_writer open(byte_buffer& out, std::string_view name, std::size_t arity, std::size_t room) {
  detail::make_room(out, room + room_around);
  std::array<std::byte, 32> head{std::byte{detail::version_byte}, std::byte{small_tuple}, static_cast<std::byte>(arity),
                                 std::byte{small_atom}, static_cast<std::byte>(name.size())};
  constexpr std::size_t head_size = 5;
  std::memcpy(head.data() + head_size, name.data(), name.size());
  detail::append(out, const_byte_span{head}.first(head_size + name.size()));
  return detail::term_writer{out};
}

} // namespace

std::string_view to_string(reply_class value) noexcept {
  return class_names[static_cast<std::size_t>(value)];
}

exception_class to_exception_class(reply_class value) noexcept {
  switch (value) {
  case reply_class::throw_:
    return exception_class::throw_;
  case reply_class::error:
    return exception_class::error_;
  case reply_class::ok:
  case reply_class::exit:
  case reply_class::crash:
    break;
  }
  return exception_class::exit_;
}

reply_class to_reply_class(exception_class value) noexcept {
  switch (value) {
  case exception_class::throw_:
    return reply_class::throw_;
  case exception_class::error_:
    return reply_class::error;
  case exception_class::exit_:
    break;
  }
  return reply_class::exit;
}

// -- writing ----------------------------------------------------------------------------------------------------------

void write(byte_buffer& out, const call& x) {
  auto writer = open(out, "call", 5, x.module.size() + x.function.size() + x.arguments.size());
  writer.integer(x.seq);
  writer.atom(x.module);
  writer.atom(x.function);
  writer.encoded(x.arguments);
}

void write(byte_buffer& out, const cast& x) {
  auto writer = open(out, "cast", 4, x.module.size() + x.function.size() + x.arguments.size());
  writer.atom(x.module);
  writer.atom(x.function);
  writer.encoded(x.arguments);
}

void write(byte_buffer& out, const message& x) {
  auto writer = open(out, "message", 3, x.to.size() + x.content.size());
  writer.encoded(x.to);
  writer.encoded(x.content);
}

void write(byte_buffer& out, const io_reply& x) {
  auto writer = open(out, "io_reply", 4, x.from.size() + x.reply_as.size() + x.reply.size());
  writer.encoded(x.from);
  writer.encoded(x.reply_as);
  writer.encoded(x.reply);
}

void write(byte_buffer& out, const started& x) {
  auto writer = open(out, "started", 2, x.node.name().size());
  writer.atom(x.node.name());
}

void write(byte_buffer& out, const reply& x) {
  auto writer = open(out, "reply", 4, x.result.size());
  writer.integer(x.seq);
  writer.atom(to_string(x.cls));
  writer.encoded(x.result);
}

void write(byte_buffer& out, const io_request& x) {
  auto writer = open(out, "io_request", 4, x.from.size() + x.reply_as.size() + x.request.size());
  writer.encoded(x.from);
  writer.encoded(x.reply_as);
  writer.encoded(x.request);
}

void write(byte_buffer& out, const token& x) {
  auto writer = open(out, "token", 2, x.secret.size());
  writer.binary(x.secret);
}

// -- reading ----------------------------------------------------------------------------------------------------------

std::optional<token> parse_token(const_byte_span payload) {
  detail::term_reader reader{payload};
  std::size_t arity = 0;
  std::string name;
  token result;
  if (is_compressed(payload) || !reader.version() || !reader.tuple(arity) || arity != 2 || !reader.atom(name)
      || name != "token" || !reader.binary(result.secret) || !reader.at_end())
    return std::nullopt;
  return result;
}

caf::expected<to_origin> parser::parse_to_origin(const_byte_span payload) {
  if (is_compressed(payload)) // neither OTP's peers nor ours do that
    return fail(errc::protocol_violation, "a message from a peer must not be compressed");
  fields in{reader_.emplace(payload, limits_)};
  if (!in.open())
    return in.error();
  if (in.tag() == "reply")
    return parse_as<reply, to_origin>(in, names_);
  if (in.tag() == "message")
    return parse_as<message, to_origin>(in, names_);
  if (in.tag() == "io_request")
    return parse_as<io_request, to_origin>(in, names_);
  if (in.tag() == "started")
    return parse_as<started, to_origin>(in, names_);
  in.unknown("peer");
  return in.error();
}

caf::expected<to_peer> parser::parse_to_peer(const_byte_span payload) {
  fields in{reader_.emplace(payload, limits_)};
  if (!in.open())
    return in.error();
  if (in.tag() == "call")
    return parse_as<call, to_peer>(in, names_);
  if (in.tag() == "cast")
    return parse_as<cast, to_peer>(in, names_);
  if (in.tag() == "message")
    return parse_as<message, to_peer>(in, names_);
  if (in.tag() == "io_reply")
    return parse_as<io_reply, to_peer>(in, names_);
  in.unknown("origin");
  return in.error();
}

} // namespace peer::internal::wire
