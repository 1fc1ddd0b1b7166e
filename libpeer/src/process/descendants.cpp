// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/descendants.hpp"

#include "base/utf8.hpp"
#include "peer/detail/defaults.hpp"
#include "process/proc_stat.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <iterator>
#include <sstream>
#include <utility>

#include <poll.h>
#include <unistd.h>

extern "C" {
#include <sys/pidfd.h> // glibc 2.36 forgot that C++ includes it, too
}

namespace peer::internal::process {

namespace {

std::string command_of(pid_t process, const process_facts& facts) {
  auto result = read_proc_file("/proc/" + std::to_string(process) + "/cmdline", defaults::command_bytes);
  while (!result.empty() && result.back() == '\0')
    result.pop_back();
  std::replace(result.begin(), result.end(), '\0', ' ');
  return base::printable(result.empty() ? "[" + facts.name + "]" : result);
}

/// The process with that id, if it still runs and `belongs` accepts its facts.
template <class Predicate>
std::optional<descendant> find(pid_t id, Predicate belongs) {
  auto result = descendant{id, 0, {}, descriptor{pidfd_open(id, 0)}};
  if (!result.pidfd)
    return std::nullopt;
  // If these are another process's, that of the pidfd has ended.
  auto facts = facts_of(id);
  if (!facts || facts->ended() || !belongs(*facts))
    return std::nullopt;
  result.group = facts->group;
  result.command = command_of(id, *facts);
  return result;
}

// -- parents and children ---------------------------------------------------------------------------------------------

/// Appends the children that the kernel lists for a process. Returns false if it does not keep such lists.
bool add_listed_children(pid_t parent, std::vector<pid_t>& result) {
  auto directory = "/proc/" + std::to_string(parent) + "/task";
  constexpr auto enough_for_all_numbers = std::size_t{64} << 20;
  for_each_number(directory, [&](pid_t thread) {
    auto list = read_proc_file(directory + "/" + std::to_string(thread) + "/children", enough_for_all_numbers);
    auto in = std::istringstream{list};
    for (auto id = pid_t{0}; in >> id;)
      result.push_back(id);
    return true;
  });
  static const auto kept = access(("/proc/self/task/" + std::to_string(getpid()) + "/children").c_str(), R_OK) == 0;
  return kept;
}

/// All processes by their parents.
std::multimap<pid_t, pid_t> all_children() {
  auto result = std::multimap<pid_t, pid_t>{};
  for_each_number("/proc", [&result](pid_t id) {
    if (auto facts = facts_of(id))
      result.emplace(facts->parent, id);
    return true;
  });
  return result;
}

} // namespace

bool descendant::alive() const noexcept {
  auto ended = pollfd{pidfd.get(), POLLIN, 0};
  return poll(&ended, 1, 0) == 0;
}

void descendant::kill() const noexcept {
  pidfd_send_signal(pidfd.get(), SIGKILL, nullptr, 0);
}

descendant_search::descendant_search(pid_t without_group, bool use_lists)
    : without_group_(without_group), use_lists_(use_lists) {}

std::vector<descendant> descendant_search::below(pid_t ancestor) {
  auto result = std::vector<descendant>{};
  if (known_.insert(ancestor).second)
    unvisited_.push_back(ancestor);
  visit_unvisited(result);
  return result;
}

std::vector<descendant> descendant_search::session(pid_t session) {
  auto result = std::vector<descendant>{};
  auto belongs = [session](const process_facts& facts) { return facts.session == session; };
  for_each_number("/proc", [&](pid_t id) {
    if (auto facts = facts_of(id); facts && belongs(*facts))
      visit(id, belongs, result);
    return true;
  });
  visit_unvisited(result);
  return result;
}

template <class Predicate>
void descendant_search::visit(pid_t id, Predicate belongs, std::vector<descendant>& result) {
  if (known_.size() >= defaults::max_visited || known_.contains(id))
    return;
  auto found = find(id, belongs);
  if (!found)
    return;
  known_.insert(id);
  unvisited_.push_back(id);
  if (found->group == without_group_ || found_ == defaults::max_descendants)
    return;
  ++found_;
  result.push_back(std::move(*found));
}

void descendant_search::visit_unvisited(std::vector<descendant>& result) {
  // A listed process may have lost its parent since and have been adopted by another process of the family.
  auto belongs = [this](const process_facts& facts) { return known_.contains(facts.parent); };
  while (!unvisited_.empty()) {
    auto parent = unvisited_.back();
    unvisited_.pop_back();
    for (auto id : children_of(parent))
      visit(id, belongs, result);
  }
}

std::vector<pid_t> descendant_search::children_of(pid_t parent) {
  auto result = std::vector<pid_t>{};
  if (use_lists_ && add_listed_children(parent, result))
    return result;
  if (!by_parent_)
    by_parent_ = all_children();
  auto [begin, end] = by_parent_->equal_range(parent);
  std::transform(begin, end, std::back_inserter(result), [](auto& x) { return x.second; });
  return result;
}

std::vector<descendant> descendants_of(pid_t ancestor) {
  return descendant_search{}.below(ancestor);
}

bool has_living_member(pid_t group) {
  if (::kill(-group, 0) != 0 && errno == ESRCH)
    return false;
  if (!has_own_proc())
    return true; // zombies count: they cannot be distinguished there
  return !for_each_number("/proc", [group](pid_t id) {
    auto facts = facts_of(id);
    if (!facts)
      return !is_shortage(errno); // then the answer is unknown
    return facts->group != group || facts->ended();
  });
}

} // namespace peer::internal::process
