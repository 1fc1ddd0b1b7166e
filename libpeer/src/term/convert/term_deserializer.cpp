// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "term/convert/term_deserializer.hpp"

#include "caf/message.hpp"

namespace peer {

bool internal::convert::term_deserializer::fetch_next_object_type(caf::type_id_t& type) {
  if (level_ != 1)
    return in_.fail("a message inside of a message element whose type is not registered");
  type = type_;
  return true;
}

bool internal::convert::term_deserializer::begin_object(caf::type_id_t type, detail::caf_string_view name) {
  if (type == caf::type_id_v<caf::strong_actor_ptr>)
    return in_.refuse_actor_handle();
  if (type == caf::type_id_v<caf::error> || type == caf::type_id_v<caf::message>)
    return in_.fail(std::string{detail::to_std(name)} + " inside of a message element whose type is not registered");
  auto what = detail::term_reader::kind::nil;
  if (!in_.reader().peek(what))
    return false;
  objects_.push_back(what == detail::term_reader::kind::atom && detail::to_std(name).ends_with("_atom"));
  return objects_.back() ? in_.expect_atom(detail::unit_atom_name(detail::to_std(name))) : in_.begin_object(type, name);
}

bool internal::convert::term_deserializer::end_object() {
  auto is_atom = objects_.back();
  objects_.pop_back();
  return is_atom || in_.end_object();
}

bool internal::convert::term_deserializer::begin_sequence(std::size_t& size) {
  if (level_++ > 0)
    return in_.begin_sequence(size);
  size = 1;
  return true;
}

// -- terms inside of what CAF knows only by type ID -------------------------------------------------------------------

bool inspect(caf::deserializer& f, term& x) {
  if (auto* source = dynamic_cast<internal::convert::term_deserializer*>(&f))
    return source->inspector().builtin_inspect(x);
  return detail::inspect_term(f, x);
}

bool inspect(caf::deserializer& f, atom& x) {
  if (auto* source = dynamic_cast<internal::convert::term_deserializer*>(&f))
    return source->inspector().builtin_inspect(x);
  return detail::inspect_term(f, x);
}

} // namespace peer
