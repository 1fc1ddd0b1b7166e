// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/error.hpp"
#include "peer/group.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

namespace peer::internal::group {

/// Which items of a list wait, which peer has which, and which are returned: the rules of `group::map`, without a
/// clock, an actor or the items themselves. Items and peers are numbers from 0.
///
/// An item goes to the peer that has the fewest. A returned one goes before the others and to another peer, unless
/// there is only one. A peer that has ended, or that refuses a call, gets no more items.
class work_list {
public:
  struct assignment {
    std::size_t item = 0;
    std::size_t peer = 0;
    std::size_t attempt = 1; ///< Those before this one may have run.

    friend bool operator==(const assignment&, const assignment&) = default;
  };

  work_list(std::size_t items, std::size_t peers, const map_options& options);

  /// Gives an item to a peer. `nullopt` if no item waits, or no peer may have one more.
  std::optional<assignment> next();

  /// The call was answered with a result.
  void finish(const assignment& x);

  /// The call failed. Returns whether the item waits again; if not, the error is its answer.
  bool fail(const assignment& x, const error& why);

  /// Removes the items that wait although no peer is left. The caller must answer them with an error.
  std::vector<std::size_t> take_stranded();

  /// Whether each item has its answer.
  bool done() const noexcept { return open_ == 0; }

private:
  struct repeat {
    std::size_t item;
    std::size_t attempt;
    std::size_t avoid; ///< the peer that had it
  };

  struct member {
    bool serves = true;
    std::size_t load = 0; ///< items that it has
  };

  std::optional<std::size_t> free_peer(std::optional<std::size_t> avoid) const;
  assignment give(std::size_t item, std::size_t peer, std::size_t attempt);
  void retire(std::size_t peer);

  map_options options_;
  std::size_t items_;
  std::size_t fresh_ = 0; ///< the first item that no peer has got
  std::size_t open_;      ///< items without an answer
  std::deque<repeat> repeats_;
  std::vector<member> peers_;
  std::size_t serving_; ///< peers that get items
};

} // namespace peer::internal::group
