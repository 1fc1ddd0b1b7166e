// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "badarg.hpp"
#include "format.hpp"
#include "functions.hpp"
#include "nested_list.hpp"
#include "peer/term.hpp"
#include "utf8.hpp"

#include <cerrno>

#include <unistd.h>

namespace peer_node {

using peer::atom;
using peer::call_context;
using peer::term;

namespace {

// -- text -------------------------------------------------------------------------------------------------------------

term to_charlist(const std::u32string& characters) {
  auto result = std::vector<term>{};
  for (auto c : characters)
    result.emplace_back(static_cast<std::uint32_t>(c));
  return peer::erl::list{std::move(result)};
}

std::string to_utf8(const std::u32string& characters) {
  auto result = std::string{};
  for (auto c : characters)
    append_utf8(result, std::int64_t{c});
  return result;
}

/// Appends `unicode:chardata()`: a binary, or a nested list of characters and binaries whose tail may be a binary.
void append_chardata(std::string& out, const term& data) {
  if (auto bytes = data.as_binary()) {
    out.append(*bytes);
    return;
  }
  auto* parts = data.get_if<peer::erl::list>();
  if (!parts)
    badarg();
  for_each_part(*parts, [&out](const term& part, bool is_tail) {
    auto* code = part.get_if<std::int64_t>();
    auto bytes = part.as_binary();
    if (code && !is_tail)
      append_utf8(out, *code);
    else if (bytes)
      out.append(*bytes);
    else
      badarg();
  });
}

std::string to_utf8(const term& chardata) {
  auto result = std::string{};
  append_chardata(result, chardata);
  if (!decode_utf8(result))
    badarg();
  return result;
}

// -- devices ----------------------------------------------------------------------------------------------------------

void write_standard_error(std::string_view text) {
  while (!text.empty()) {
    auto count = ::write(STDERR_FILENO, text.data(), text.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return; // its reader has closed it
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

/// Sends a request to the origin's I/O server and returns the answer; `{error, terminated}` without one.
term ask(peer::node& node, peer::erl::tuple request) {
  auto reply = node.io_request(std::move(request));
  return reply ? std::move(*reply) : term{peer::tagged("error", atom{"terminated"})};
}

/// The exception that module `io` makes of a refusal.
term reason_of(const term& refusal) {
  if (refusal.is_atom("terminated") || refusal.is_atom("calling_self"))
    return refusal;
  return atom{peer::match_tagged(refusal, "no_translation", 3) ? "no_translation" : "badarg"};
}

atom put(peer::node& node, const call_context& context, const term& device, const std::string& text) {
  if (device.is_atom("standard_error")) {
    write_standard_error(text);
    return atom{"ok"};
  }
  auto request = peer::tagged("put_chars", atom{"unicode"}, text);
  if (device.is_atom("standard_io") || device.is_atom("user")) {
    auto reply = ask(node, std::move(request));
    if (auto* refused = peer::match_tagged(reply, "error", 2))
      throw peer::raised{peer::exception_class::error_, reason_of((*refused)[1])};
    return atom{"ok"};
  }
  auto* process = device.get_if<peer::pid>();
  if (!process || node.send(*process, term{peer::tagged("io_request", context.self, context.self, std::move(request))}))
    badarg();
  return atom{"ok"};
}

/// A line with its newline, `eof`, or `{error, Reason}`.
term get_line(peer::node& node, const term& prompt) {
  auto* name = prompt.get_if<atom>();
  auto text = name ? name->name() : to_utf8(prompt);
  auto reply = ask(node, peer::tagged("get_line", atom{"unicode"}, text));
  auto line = reply.as_binary();
  return line ? peer::to_charlist(*line) : reply;
}

} // namespace

void add_io_functions(peer::node& node) {
  auto user = term{atom{"user"}};
  node.function("io", "format",
                [&node, user](const call_context& context, const term& text) {
                  return put(node, context, user, to_utf8(format(text, {})));
                })
      .function("io", "format",
                [&node, user](const call_context& context, const term& text, const term& arguments) {
                  return put(node, context, user, to_utf8(format(text, arguments)));
                })
      .function("io", "format",
                [&node](const call_context& context, const term& device, const term& text, const term& arguments) {
                  return put(node, context, device, to_utf8(format(text, arguments)));
                })
      .function("io", "put_chars",
                [&node, user](const call_context& context, const term& text) {
                  return put(node, context, user, to_utf8(text));
                })
      .function("io", "put_chars",
                [&node](const call_context& context, const term& device, const term& text) {
                  return put(node, context, device, to_utf8(text));
                })
      .function("io", "get_line", [&node](const term& prompt) { return get_line(node, prompt); })
      .function("io_lib", "format",
                [](const term& text, const term& arguments) { return to_charlist(format(text, arguments)); });
}

} // namespace peer_node
