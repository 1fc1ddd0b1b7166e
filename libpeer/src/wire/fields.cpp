// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "wire/fields.hpp"

#include "peer/error.hpp"

namespace peer::internal::wire {

namespace {

using kind = detail::term_reader::kind;

const char* describe(kind what) noexcept {
  switch (what) {
  case kind::integer:
    return "an integer";
  case kind::real:
    return "a float";
  case kind::atom:
    return "an atom";
  case kind::binary:
    return "a binary";
  case kind::bits:
    return "a bit string";
  case kind::tuple:
    return "a tuple";
  case kind::nil:
  case kind::list:
  case kind::string:
    return "a list";
  case kind::map:
    return "a map";
  case kind::pid:
    return "a pid";
  case kind::port:
    return "a port";
  case kind::reference:
    return "a reference";
  case kind::export_fun:
  case kind::opaque:
    return "a fun";
  }
  return "a term";
}

// -- checking ---------------------------------------------------------------------------------------------------------

/// Passes over that many terms. Decoding them later cannot fail.
bool check_elements(detail::term_reader& reader, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    if (!reader.check())
      return false;
  return true;
}

/// Skips a list and records whether it is proper. As in a decoder, a tail that is a list continues this one.
bool check_list(detail::term_reader& reader, bool& proper) {
  const_byte_span skipped;
  proper = true;
  for (;;) {
    auto what = kind::nil;
    if (!reader.peek(what))
      return false;
    if (what == kind::string)
      return reader.skip(skipped);
    if (what != kind::nil && what != kind::list) {
      proper = false;
      return check_elements(reader, 1);
    }
    std::size_t size = 0;
    if (!reader.list(size))
      return false;
    if (size == 0)
      return true;
    if (!check_elements(reader, size))
      return false;
  }
}

} // namespace

// -- the message as a whole -----------------------------------------------------------------------------------------

bool fields::open() {
  auto what = kind::nil;
  if (!reader_.version() || !reader_.peek(what))
    return malformed("message");
  if (what != kind::tuple)
    return violation(std::string{"a message must be a tuple, found "} + describe(what));
  if (!reader_.tuple(arity_))
    return malformed("message");
  if (arity_ == 0)
    return violation("a message must not be an empty tuple");
  if (!reader_.peek(what))
    return malformed("message");
  if (what != kind::atom)
    return violation(std::string{"a message must begin with an atom, found "} + describe(what));
  return reader_.atom(tag_, converted_tag_) || malformed("message");
}

bool fields::arity(std::size_t expected) {
  return arity_ == expected
      || violation(place() + "must have " + std::to_string(expected) + " elements, found " + std::to_string(arity_));
}

bool fields::close() {
  return reader_.at_end() || violation(place() + std::to_string(reader_.remaining().size()) + " bytes follow it");
}

bool fields::unknown(const char* sender) {
  return violation("unknown message from the " + std::string{sender} + ": a tuple of " + std::to_string(arity_)
                   + " elements that begins with '" + std::string{tag_} + "'");
}

// -- elements ---------------------------------------------------------------------------------------------------------

bool fields::any(const char* field, encoded_view& value) {
  auto begin = reader_.remaining();
  return reader_.check() ? view(begin, value) : malformed(field);
}

bool fields::proper_list(const char* field, encoded_view& value) {
  constexpr auto expected = "a proper list";
  auto what = kind::nil;
  if (!peek(field, what))
    return false;
  if (what != kind::nil && what != kind::list && what != kind::string)
    return mismatch(field, expected, describe(what));
  auto begin = reader_.remaining();
  auto proper = false;
  if (!check_list(reader_, proper))
    return malformed(field);
  return proper ? view(begin, value) : mismatch(field, expected, "an improper one");
}

bool fields::integer(const char* field, std::uint64_t& value) {
  constexpr auto expected = "an integer from 0 to 2^64 - 1";
  if (!require(field, kind::integer, expected))
    return false;
  detail::term_reader::number number;
  if (!reader_.integer(number))
    return malformed(field);
  value = number.magnitude;
  return (!number.negative && !number.wide) ? done() : mismatch(field, expected, "another one");
}

bool fields::atom(const char* field, std::string_view& name, std::string& converted) {
  return require(field, kind::atom, "an atom") && (reader_.atom(name, converted) ? done() : malformed(field));
}

bool fields::pid(const char* field, encoded_view& value) {
  return require(field, kind::pid, "a pid") && any(field, value);
}

bool fields::destination(const char* field, encoded_view& value) {
  constexpr auto expected = "a pid, an atom or {Name, Node}";
  auto what = kind::nil;
  if (!peek(field, what))
    return false;
  if (what == kind::pid || what == kind::atom)
    return any(field, value);
  if (what != kind::tuple)
    return mismatch(field, expected, describe(what));
  auto begin = reader_.remaining();
  std::size_t size = 0;
  if (!reader_.tuple(size))
    return malformed(field);
  if (size != 2)
    return mismatch(field, expected, "a tuple of " + std::to_string(size));
  for (auto element = 0; element < 2; ++element) {
    std::string_view name;
    std::string converted;
    if (!peek(field, what))
      return false;
    if (what != kind::atom)
      return mismatch(field, expected, std::string{"a tuple with "} + describe(what));
    if (!reader_.atom(name, converted))
      return malformed(field);
  }
  return view(begin, value);
}

bool fields::exception(const char* field, encoded_view& value) {
  constexpr auto expected = "{Reason, Stacktrace}";
  if (!require(field, kind::tuple, expected))
    return false;
  auto begin = reader_.remaining();
  std::size_t size = 0;
  if (!reader_.tuple(size) || !check_elements(reader_, size))
    return malformed(field);
  return size == 2 ? view(begin, value) : mismatch(field, expected, "a tuple of " + std::to_string(size));
}

bool fields::peek(const char* field, kind& what) {
  return reader_.peek(what) || malformed(field);
}

bool fields::require(const char* field, kind wanted, const char* expected) {
  auto what = kind::nil;
  return peek(field, what) && (what == wanted || mismatch(field, expected, describe(what)));
}

bool fields::view(const_byte_span begin, encoded_view& value) noexcept {
  value = begin.first(begin.size() - reader_.remaining().size());
  return done();
}

// -- errors -----------------------------------------------------------------------------------------------------------

std::string fields::place() const {
  return tag_.empty() ? std::string{} : "message " + std::string{tag_} + ": ";
}

bool fields::mismatch(const char* field, const char* expected, std::string_view found) {
  auto what = place() + field + " must be " + expected + ", found ";
  return violation(what.append(found));
}

bool fields::violation(std::string what) {
  error_ = fail(errc::protocol_violation, std::move(what));
  return false;
}

bool fields::malformed(const char* field) {
  auto what = place() + field;
  if (auto& found = reader_.error().context(); found.match_elements<std::string>())
    what += ": " + found.get_as<std::string>(0);
  error_ = fail(errc::bad_term, std::move(what));
  return false;
}

} // namespace peer::internal::wire
