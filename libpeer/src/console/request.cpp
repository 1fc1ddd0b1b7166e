// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "console/request.hpp"

namespace peer::internal::console {

std::optional<request> parse_request(const term& what) {
  if (auto name = what.get_if<atom>())
    return request{name->name(), {}};
  auto elements = what.get_if<erl::tuple>();
  if (elements == nullptr || elements->empty() || !(*elements)[0].is<atom>())
    return std::nullopt;
  return request{(*elements)[0].get_if<atom>()->name(), {elements->begin() + 1, elements->end()}};
}

std::optional<encoding> parse_encoding(const term& what) {
  if (what.is_atom("unicode"))
    return encoding::unicode;
  if (what.is_atom("latin1"))
    return encoding::latin1;
  return std::nullopt;
}

std::optional<function_ref> parse_function(std::span<const term> what) {
  auto module = what[0].get_if<atom>();
  auto function = what[1].get_if<atom>();
  auto arguments = what[2].get_if<erl::list>();
  if (module == nullptr || function == nullptr || arguments == nullptr)
    return std::nullopt;
  return function_ref{*module, *function, *arguments};
}

} // namespace peer::internal::console
