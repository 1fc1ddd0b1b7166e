// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "group/work_list.hpp"

#include "peer/failure.hpp"

#include "caf/all.hpp"

namespace peer::internal::group {

work_list::work_list(std::size_t items, std::size_t peers, const map_options& options)
    : options_(options), items_(items), open_(items), peers_(peers), serving_(peers) {
  // nop
}

std::optional<work_list::assignment> work_list::next() {
  for (auto i = repeats_.begin(); i != repeats_.end(); ++i)
    if (auto peer = free_peer(i->avoid)) {
      auto [item, attempt, avoid] = *i;
      repeats_.erase(i);
      return give(item, *peer, attempt);
    }
  if (fresh_ < items_)
    if (auto peer = free_peer(std::nullopt))
      return give(fresh_++, *peer, 1);
  return std::nullopt;
}

void work_list::finish(const assignment& x) {
  --peers_[x.peer].load;
  --open_;
}

bool work_list::fail(const assignment& x, const error& why) {
  auto what = delivery_of(why);
  if (what == delivery::not_delivered || failure_of(why) != nullptr || why == errc::noproc)
    retire(x.peer);
  if (what == delivery::not_delivered) {
    repeats_.push_back({x.item, x.attempt, x.peer});
  } else if (what == delivery::unanswered && options_.safe_to_repeat && x.attempt < options_.attempts) {
    repeats_.push_back({x.item, x.attempt + 1, x.peer});
  } else {
    finish(x);
    return false;
  }
  --peers_[x.peer].load;
  return true;
}

std::vector<std::size_t> work_list::take_stranded() {
  auto result = std::vector<std::size_t>{};
  if (serving_ > 0)
    return result;
  for (auto& x : repeats_)
    result.push_back(x.item);
  repeats_.clear();
  while (fresh_ < items_)
    result.push_back(fresh_++);
  open_ -= result.size();
  return result;
}

/// The peer with the fewest items of those that may have one more.
std::optional<std::size_t> work_list::free_peer(std::optional<std::size_t> avoid) const {
  auto result = std::optional<std::size_t>{};
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    auto& x = peers_[i];
    if (x.serves && x.load < options_.outstanding && (i != avoid || serving_ == 1)
        && (!result || x.load < peers_[*result].load))
      result = i;
  }
  return result;
}

work_list::assignment work_list::give(std::size_t item, std::size_t peer, std::size_t attempt) {
  ++peers_[peer].load;
  return {item, peer, attempt};
}

void work_list::retire(std::size_t peer) {
  if (std::exchange(peers_[peer].serves, false))
    --serving_;
}

} // namespace peer::internal::group
