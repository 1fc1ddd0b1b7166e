// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/timespan.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

namespace peer {

/// The calls that have not been answered, by their sequence number. `Waiter` is whatever receives an answer; each
/// leaves the table exactly once.
///
/// Deadlines cost nothing per call: the owner needs one timer, for `next_check`, which is almost always set already
/// when a call is added. At that time all calls are looked through.
template <class Waiter>
class outstanding_calls {
public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;

  /// Adds a call. Returns its sequence number. @param timeout the greatest value stands for none.
  std::uint64_t add(Waiter waiter, time_point now, caf::timespan timeout) {
    auto deadline = timeout >= never - now ? never : now + timeout;
    if (deadline < next_check_)
      next_check_ = deadline;
    calls_.try_emplace(next_seq_, std::move(waiter), deadline);
    return next_seq_++;
  }

  /// Takes the call of that number out of the table. Nothing if it has been answered already, or never existed.
  std::optional<Waiter> take(std::uint64_t seq) {
    auto found = calls_.find(seq);
    if (found == calls_.end())
      return std::nullopt;
    auto result = std::move(found->second.waiter);
    calls_.erase(found);
    return result;
  }

  /// Takes out the calls whose time has passed, with their numbers, and finds the time of the next check.
  std::vector<std::pair<std::uint64_t, Waiter>> take_expired(time_point now) {
    auto result = std::vector<std::pair<std::uint64_t, Waiter>>{};
    next_check_ = never;
    for (auto i = calls_.begin(); i != calls_.end();) {
      if (i->second.deadline <= now) {
        result.emplace_back(i->first, std::move(i->second.waiter));
        calls_.erase(i++); // moves no other
      } else {
        next_check_ = std::min(next_check_, i->second.deadline);
        ++i;
      }
    }
    return result;
  }

  /// Takes out all calls, in the order in which they were made.
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
    entry(Waiter&& who, time_point until) : waiter(std::move(who)), deadline(until) {}

    Waiter waiter;
    time_point deadline;
  };

  boost::unordered_flat_map<std::uint64_t, entry> calls_; // no memory of its own for each call
  std::uint64_t next_seq_ = 0;
  time_point next_check_ = never;
};

} // namespace peer
