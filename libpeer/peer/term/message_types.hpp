// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term/load_inspector.hpp"
#include "peer/term/save_inspector.hpp"

#include "caf/is_error_code_enum.hpp"
#include "caf/message.hpp"

#include <string>

/// @file
/// The elements of a `caf::message` come without their static types. CAF can still write and read them through its
/// virtual `caf::serializer` and `caf::deserializer`, which do not see everything: an enum is a string then, a sequence
/// of bytes a list, an array a tuple, and messages and errors inside of a struct are refused. Types that are registered
/// here are mapped as convert.hpp says. CAF's numbers, strings, atoms, errors, messages, times and byte buffers, and
/// libpeer's own types, are registered already.

namespace peer {

/// How the elements of one type are written and read.
struct message_type {
  std::string_view name;
  bool (*save)(term_save_inspector& f, const caf::message& source, std::size_t index);
  bool (*load)(term_load_inspector& f, caf::message& result);

  /// Makes an error of this category if it has a code of that name, else an empty one. Null if the type is no category.
  caf::error (*make_error)(const std::string& code, std::string text);
};

/// Adds or replaces the entry of `id`. May be called by any thread, but what is loaded before does not see it.
void set_message_type(caf::type_id_t id, const message_type& entry);

/// Makes the static mapping of types with a CAF type ID known for elements of messages and, where they are CAF error
/// codes, for errors. Call it beside `caf::init_global_meta_objects`.
template <class... Ts>
void register_message_types();

/// Writes one element.
bool save_message_element(term_save_inspector& f, const caf::message& source, std::size_t index);

/// Reads an element of the type `name` and makes it a message of its own.
bool load_message_element(term_load_inspector& f, const std::string& name, caf::message& result);

/// Makes an error of that category and code; if there is none, a `caf::sec::runtime_error` that names them.
caf::error make_error_by_name(const std::string& category, const std::string& code, std::string text);

/// What an actor receives for a term: the values of a `caf::message` if it is one, the value if it is a struct of a
/// type that `register_message_types` knows (Erlang's `{job, 7, <<"text">>}` for `job`), else the term itself. Fails
/// with `errc::bad_term`. @param encoded without version byte
caf::expected<caf::message> load_message(const_byte_span encoded);

// -- implementation ---------------------------------------------------------------------------------------------------

template <class T>
message_type make_message_type() {
  message_type result{detail::alternative_name<T>(), nullptr, nullptr, nullptr};
  result.save = [](term_save_inspector& f, const caf::message& source, std::size_t index) {
    return f.apply(source.get_as<T>(index));
  };
  result.load = [](term_load_inspector& f, caf::message& element) {
    T value{};
    if (!f.apply(value))
      return false;
    element = caf::make_message(std::move(value));
    return true;
  };
  if constexpr (caf::is_error_code_enum<T>::value && detail::parsable_enum<T>)
    result.make_error = [](const std::string& code, std::string text) -> caf::error {
      T value{};
      if (!detail::enum_value(code, value))
        return {};
      return text.empty() ? caf::make_error(value) : caf::make_error(value, std::move(text));
    };
  return result;
}

template <class... Ts>
void register_message_types() {
  (set_message_type(caf::type_id_v<Ts>, make_message_type<Ts>()), ...);
}

} // namespace peer
