// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/timespan.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace peer::internal::origin {

/// The calls that have not been answered, by their sequence number. `Waiter` receives the answer; each leaves the table
/// exactly once.
///
/// Deadlines cost nothing per call: the owner needs one timer, for `next_check`, which is almost always set already
/// when a call is added. `take_expired` then visits all calls.
template <class Waiter>
class outstanding_calls {
public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;

  /// Adds a call. Returns its sequence number. @param timeout `caf::infinite` for none.
  std::uint64_t add(Waiter waiter, time_point now, caf::timespan timeout) {
    auto deadline = timeout >= never - now ? never : now + timeout;
    if (deadline < next_check_)
      next_check_ = deadline;
    insert({std::move(waiter), deadline});
    return next_seq_++;
  }

  /// Removes a call from the table. `nullopt` if it has been answered or never existed.
  std::optional<Waiter> take(std::uint64_t seq) {
    auto found = calls_.extract(seq);
    if (!found)
      return std::nullopt;
    auto result = std::optional<Waiter>{std::move(found.mapped().waiter)};
    if (spare_.size() < max_spare)
      spare_.push_back(std::move(found));
    return result;
  }

  /// Removes the calls whose time has passed, with their numbers, and updates `next_check`.
  std::vector<std::pair<std::uint64_t, Waiter>> take_expired(time_point now) {
    auto result = std::vector<std::pair<std::uint64_t, Waiter>>{};
    next_check_ = never;
    for (auto i = calls_.begin(); i != calls_.end();) {
      if (i->second.deadline <= now) {
        result.emplace_back(i->first, std::move(i->second.waiter));
        i = calls_.erase(i);
      } else {
        next_check_ = std::min(next_check_, i->second.deadline);
        ++i;
      }
    }
    return result;
  }

  /// Removes all calls, in the order in which they were made.
  std::vector<Waiter> take_all() {
    auto sorted = std::vector<std::pair<std::uint64_t, Waiter>>{};
    for (auto& [seq, call] : calls_)
      sorted.emplace_back(seq, std::move(call.waiter));
    calls_.clear();
    next_check_ = never;
    std::sort(sorted.begin(), sorted.end(), [](auto& x, auto& y) { return x.first < y.first; });
    auto result = std::vector<Waiter>{};
    for (auto& [seq, waiter] : sorted)
      result.push_back(std::move(waiter));
    return result;
  }

  /// When `take_expired` has to be called next; `never` if no call has a deadline.
  time_point next_check() const noexcept { return next_check_; }

  std::size_t size() const noexcept { return calls_.size(); }

  /// The number that the next call gets.
  std::uint64_t next_seq() const noexcept { return next_seq_; }

  /// Calls `f(seq, waiter)` for each call, in no order.
  template <class Function>
  void for_each(Function f) const {
    for (auto& [seq, call] : calls_)
      f(seq, call.waiter);
  }

  static constexpr time_point never = time_point::max();

private:
  struct entry {
    Waiter waiter;
    time_point deadline;
  };

  using map_type = std::unordered_map<std::uint64_t, entry>;

  /// Reuses the memory of an earlier call if there is some.
  void insert(entry call) {
    if (spare_.empty()) {
      calls_.emplace(next_seq_, std::move(call));
      return;
    }
    auto node = std::move(spare_.back());
    spare_.pop_back();
    node.key() = next_seq_;
    node.mapped() = std::move(call);
    calls_.insert(std::move(node));
  }

  static constexpr std::size_t max_spare = 64;

  map_type calls_;
  std::vector<typename map_type::node_type> spare_; ///< memory of calls that are over
  std::uint64_t next_seq_ = 0;
  time_point next_check_ = never;
};

} // namespace peer::internal::origin
