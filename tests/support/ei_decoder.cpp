// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "tests/support/ei_decoder.hpp"

#include <vector>

#include <ei.h>

namespace peer::test {

namespace {

/// libei's interface: a buffer, an index into it, and a function for each type that returns a negative number at an
/// error. It does not know where the buffer ends, so nothing but our own output may be given to it.
class ei_decoder {
public:
  explicit ei_decoder(const_byte_span bytes) : bytes_(bytes), buffer_(reinterpret_cast<const char*>(bytes.data())) {}

  std::optional<term> all() {
    int version = 0;
    if (ei_decode_version(buffer_, &index_, &version) < 0)
      return std::nullopt;
    auto result = any();
    if (static_cast<std::size_t>(index_) != bytes_.size())
      return std::nullopt;
    return result;
  }

private:
  std::optional<term> any() {
    int type = 0;
    int size = 0;
    if (ei_get_type(buffer_, &index_, &type, &size) < 0)
      return std::nullopt;
    switch (type) {
    case ERL_SMALL_INTEGER_EXT:
    case ERL_INTEGER_EXT: {
      long value = 0;
      return ei_decode_long(buffer_, &index_, &value) < 0 ? std::nullopt : std::optional{term{value}};
    }
    case ERL_SMALL_BIG_EXT:
    case ERL_LARGE_BIG_EXT:
      return big(size);
    case ERL_FLOAT_EXT:
    case NEW_FLOAT_EXT: {
      double value = 0;
      return ei_decode_double(buffer_, &index_, &value) < 0 ? std::nullopt : std::optional{term{value}};
    }
    case ERL_ATOM_EXT:
      return name(size);
    case ERL_BINARY_EXT:
    case ERL_BIT_BINARY_EXT:
      return bits();
    case ERL_SMALL_TUPLE_EXT:
    case ERL_LARGE_TUPLE_EXT:
      return elements();
    case ERL_NIL_EXT:
    case ERL_LIST_EXT:
      return sequence();
    case ERL_STRING_EXT:
      return string(size);
    case ERL_MAP_EXT:
      return associations();
    case ERL_PID_EXT:
    case ERL_NEW_PID_EXT:
      return process();
    case ERL_PORT_EXT:
    case ERL_NEW_PORT_EXT:
    case ERL_V4_PORT_EXT:
      return channel();
    case ERL_REFERENCE_EXT:
    case ERL_NEW_REFERENCE_EXT:
    case ERL_NEWER_REFERENCE_EXT:
      return ref();
    case ERL_EXPORT_EXT:
    case ERL_FUN_EXT:
    case ERL_NEW_FUN_EXT:
      return fun();
    default:
      return std::nullopt;
    }
  }

  std::optional<term> big(int size) {
    auto* value = ei_alloc_big(static_cast<unsigned>(size));
    if (value == nullptr || ei_decode_big(buffer_, &index_, value) < 0)
      return std::nullopt;
    // The digits are 16 bits each, the least significant first.
    std::string magnitude;
    auto* digits = static_cast<const unsigned short*>(value->digits);
    for (unsigned i = 0; i < (value->arity + 1) / 2; ++i) {
      magnitude += static_cast<char>(digits[i] & 0xFF);
      magnitude += static_cast<char>(digits[i] >> 8);
    }
    auto result = term{peer::erl::big_integer{value->is_neg != 0, std::move(magnitude)}};
    ei_free_big(value);
    return result;
  }

  std::optional<term> name(int size) {
    char text[MAXATOMLEN_UTF8] = {};
    if (ei_decode_atom_as(buffer_, &index_, text, sizeof(text), ERLANG_UTF8, nullptr, nullptr) < 0)
      return std::nullopt;
    // An atom may hold the character 0, which ends no C string here.
    return term{atom{std::string(text, static_cast<std::size_t>(size))}};
  }

  std::optional<term> bits() {
    const char* bytes = nullptr;
    unsigned offset = 0;
    std::size_t bit_count = 0;
    if (ei_decode_bitstring(buffer_, &index_, &bytes, &offset, &bit_count) < 0 || offset != 0)
      return std::nullopt;
    auto size = (bit_count + 7) / 8;
    return term{peer::erl::bitstring{std::string(bytes, size), static_cast<std::uint8_t>(8 * size - bit_count)}};
  }

  bool append(std::vector<term>& result, int count) {
    for (int i = 0; i < count; ++i) {
      auto element = any();
      if (!element)
        return false;
      result.push_back(std::move(*element));
    }
    return true;
  }

  std::optional<term> elements() {
    int arity = 0;
    std::vector<term> result;
    if (ei_decode_tuple_header(buffer_, &index_, &arity) < 0 || !append(result, arity))
      return std::nullopt;
    return term{peer::erl::tuple{std::move(result)}};
  }

  std::optional<term> sequence() {
    int count = 0;
    std::vector<term> result;
    if (ei_decode_list_header(buffer_, &index_, &count) < 0 || !append(result, count))
      return std::nullopt;
    if (count == 0)
      return term{};
    auto tail = any();
    return tail ? std::optional{peer::erl::list::cons(std::move(result), std::move(*tail))} : std::nullopt;
  }

  std::optional<term> string(int size) {
    std::string bytes(static_cast<std::size_t>(size) + 1, '\0');
    if (ei_decode_string(buffer_, &index_, bytes.data()) < 0)
      return std::nullopt;
    std::vector<term> result;
    for (int i = 0; i < size; ++i)
      result.emplace_back(static_cast<std::uint8_t>(bytes[static_cast<std::size_t>(i)]));
    return term{peer::erl::list{std::move(result)}};
  }

  std::optional<term> associations() {
    int count = 0;
    std::vector<term> items;
    if (ei_decode_map_header(buffer_, &index_, &count) < 0 || !append(items, 2 * count))
      return std::nullopt;
    std::vector<peer::erl::map::value_type> entries;
    for (std::size_t i = 0; i < items.size(); i += 2)
      entries.emplace_back(std::move(items[i]), std::move(items[i + 1]));
    auto result = peer::erl::map::unique(std::move(entries));
    return result ? std::optional{term{std::move(*result)}} : std::nullopt;
  }

  std::optional<term> process() {
    erlang_pid value = {};
    if (ei_decode_pid(buffer_, &index_, &value) < 0)
      return std::nullopt;
    return term{pid{atom{value.node}, value.num, value.serial, value.creation}};
  }

  std::optional<term> channel() {
    erlang_port value = {};
    if (ei_decode_port(buffer_, &index_, &value) < 0)
      return std::nullopt;
    return term{peer::erl::port{atom{value.node}, value.id, value.creation}};
  }

  std::optional<term> ref() {
    erlang_ref value = {};
    if (ei_decode_ref(buffer_, &index_, &value) < 0)
      return std::nullopt;
    return term{peer::erl::reference{atom{value.node}, value.creation, {value.n, value.n + value.len}}};
  }

  std::optional<term> fun() {
    auto start = index_;
    erlang_fun value = {};
    if (ei_decode_fun(buffer_, &index_, &value) < 0)
      return std::nullopt;
    auto end = index_;
    auto is_export = value.type == erlang_fun::EI_FUN_EXPORT;
    free_fun(&value);
    if (!is_export)
      return term{peer::erl::opaque{std::string(buffer_ + start, buffer_ + end)}};
    // The names are C strings there, too. Behind the tag they are atoms like any other.
    index_ = start + 1;
    auto module = any();
    auto function = any();
    auto arity = any();
    if (!module || !function || !arity || index_ != end)
      return std::nullopt;
    return term{peer::erl::export_fun{*module->get_if<atom>(), *function->get_if<atom>(),
                                      static_cast<std::uint8_t>(*arity->get_if<std::int64_t>())}};
  }

  const_byte_span bytes_;
  const char* buffer_;
  int index_ = 0;
};

} // namespace

std::optional<term> decode_with_ei(const_byte_span bytes) {
  return ei_decoder{bytes}.all();
}

} // namespace peer::test
