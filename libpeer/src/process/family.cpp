// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/family.hpp"

#include "peer/detail/defaults.hpp"
#include "process/proc_stat.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <utility>

namespace peer::internal::process {

family::family(pid_t leader, survivor_policy policy, std::optional<cgroup> place)
    : leader_(leader), policy_(policy), cgroup_(std::move(place)) {}

void family::note() {
  auto search = descendant_search{leader_};
  add(search.below(leader_));
  note_more(std::move(search));
}

void family::kill(leader_state leader) {
  if (leader == leader_state::stolen)
    has_group_ = is_left_behind();
  else if (policy_ == survivor_policy::kill)
    note();
  if (has_group_) {
    if (policy_ == survivor_policy::kill)
      add(descendant_search{leader_}.session(leader_));
    ::kill(-leader_, SIGKILL);
  }
  kill_rest();
}

void family::kill_rest() {
  if (cgroup_)
    cgroup_->kill();
  if (policy_ != survivor_policy::kill)
    return;
  note_more(descendant_search{leader_});
  for (auto& each : noted_)
    each.kill();
}

bool family::ended() {
  // Most end at once. What is left may be a zombie that is never reaped.
  constexpr auto quick_looks = 3;
  if (has_group_)
    has_group_ = ++looks_ > quick_looks ? has_living_member(leader_) : ::kill(-leader_, 0) == 0 || errno != ESRCH;
  return !has_group_ && !(cgroup_ && cgroup_->populated());
}

std::vector<survivor> family::survivors() const {
  auto result = std::vector<survivor>{};
  for (auto& each : noted_)
    if (each.alive())
      result.push_back({each.id, each.command});
  return result;
}

void family::add(std::vector<descendant> found) {
  for (auto& each : found)
    if (noted_.size() < defaults::max_descendants
        && std::none_of(noted_.begin(), noted_.end(), [&each](auto& x) { return x.id == each.id; }))
      noted_.push_back(std::move(each));
}

void family::note_more(descendant_search search) {
  std::erase_if(noted_, [](auto& x) { return !x.alive(); });
  for (auto i = std::size_t{0}; i < noted_.size(); ++i)
    if (auto found = search.below(noted_[i].id); noted_[i].alive()) // so the number was not reused
      add(std::move(found));
}

bool family::is_left_behind() const {
  // The number belongs to the group as long as it has members. After that, another process may get it.
  if ((::kill(-leader_, 0) != 0 && errno == ESRCH) || facts_of(leader_))
    return false;
  auto result = false;
  for_each_number("/proc", [&](pid_t id) {
    auto facts = facts_of(id);
    result = facts && !facts->ended() && facts->session == leader_ && facts->group == leader_;
    return !result;
  });
  return result;
}

} // namespace peer::internal::process
