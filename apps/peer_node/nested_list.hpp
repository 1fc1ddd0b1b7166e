// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include <utility>
#include <vector>

namespace peer_node {

/// Calls `use(part, is_tail)` for each element and tail of `list` that is not a list itself, and so for the lists in
/// it, from left to right and without recursion.
template <class Use>
void for_each_part(const peer::erl::list& list, Use use) {
  using iterator = peer::erl::list::const_iterator;
  auto open = std::vector<std::pair<const peer::erl::list*, iterator>>{{&list, list.begin()}};
  while (!open.empty()) {
    auto& [innermost, next] = open.back();
    if (next != innermost->end()) {
      const auto& part = *next++;
      if (auto* inner = part.get_if<peer::erl::list>())
        open.emplace_back(inner, inner->begin());
      else
        use(part, false);
      continue;
    }
    if (auto* tail = innermost->tail())
      use(*tail, true);
    open.pop_back();
  }
}

} // namespace peer_node
