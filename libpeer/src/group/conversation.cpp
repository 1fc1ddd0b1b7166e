// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "group/conversation.hpp"

#include "caf/all.hpp"

namespace peer::internal::group {

caf::error of_member(const caf::error& why, std::size_t index) {
  auto whose = "member " + std::to_string(index) + " of the group";
  if (auto ended = failure_of(why); ended && text_of(why).empty()) {
    auto details = *ended;
    details.who = whose + ", " + details.who;
    return caf::make_error(static_cast<errc>(why.code()), std::move(details));
  }
  auto text = text_of(why);
  if (!text.empty())
    whose += ": " + text;
  if (why.category() == caf::type_id_v<caf::sec> && (!text.empty() || why.context().empty()))
    return caf::make_error(static_cast<caf::sec>(why.code()), std::move(whose));
  if (why.category() != caf::type_id_v<errc>)
    return why;
  auto named = with_details_of(why, static_cast<errc>(why.code()), std::move(whose));
  return why == errc::noproc ? with_delivery(named, *delivery_of(why)) : named;
}

} // namespace peer::internal::group
