// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "group/conversation.hpp"

#include "caf/all.hpp"

namespace peer::internal::group {

caf::error of_member(const caf::error& why, std::size_t index) {
  auto whose = "member " + std::to_string(index) + " of the group";
  if (auto ended = failure_of(why)) {
    auto details = *ended;
    details.who = whose + ", " + details.who;
    return caf::make_error(static_cast<errc>(why.code()), std::move(details));
  }
  auto text = text_of(why);
  if (text.empty() || why.category() != caf::type_id_v<errc>)
    return why;
  return caf::make_error(static_cast<errc>(why.code()), whose + ": " + text);
}

} // namespace peer::internal::group
