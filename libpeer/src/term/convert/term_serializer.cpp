// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "term/convert/term_serializer.hpp"

#include "peer/term.hpp"

#include "caf/message.hpp"

namespace peer {

bool internal::convert::term_serializer::begin_object(caf::type_id_t type, detail::caf_string_view name) {
  if (type == caf::type_id_v<caf::strong_actor_ptr>)
    return out_.refuse_actor_handle();
  if (type == caf::type_id_v<caf::error> || type == caf::type_id_v<caf::message>)
    return out_.fail(std::string{detail::to_std(name)} + " inside of a message element whose type is not registered");
  objects_.emplace_back(detail::to_std(name));
  return out_.begin_object(type, name);
}

bool internal::convert::term_serializer::end_object() {
  auto name = std::move(objects_.back());
  objects_.pop_back();
  if (!out_.object_is_empty() || !name.ends_with("_atom"))
    return out_.end_object();
  return out_.end_object_as_atom(detail::unit_atom_name(name));
}

// -- terms inside of what CAF knows only by type ID -------------------------------------------------------------------

bool inspect(caf::serializer& f, term& x) {
  if (auto* sink = dynamic_cast<internal::convert::term_serializer*>(&f))
    return sink->inspector().builtin_inspect(x);
  return detail::inspect_term(f, x);
}

bool inspect(caf::serializer& f, atom& x) {
  if (auto* sink = dynamic_cast<internal::convert::term_serializer*>(&f))
    return sink->inspector().builtin_inspect(x);
  return detail::inspect_term(f, x);
}

} // namespace peer
