// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "tree_view.hpp"
#include "peer/peer.hpp"
#include "peer/supervisor.hpp"

#include "caf/all.hpp"

#include <chrono>

namespace peerctl {

namespace {

/// The shortest time over which the use of the CPU is measured.
constexpr auto least_interval = std::chrono::milliseconds{500};

/// CPU time of a process, in seconds.
double cpu_seconds(const peer::process_usage& x) {
  return std::chrono::duration<double>(x.user_time + x.system_time).count();
}

/// A short description of an end.
std::string brief(const caf::error& end) {
  if (!end)
    return {};
  if (auto details = peer::failure_of(end); details != nullptr && details->status)
    return to_string(*details->status);
  auto text = peer::describe(end);
  return text.substr(0, text.find('\n'));
}

child_row row_of(const peer::child_info& info) {
  auto result = child_row{.path = info.path,
                          .kind = info.kind,
                          .process_id = info.process_id,
                          .state = to_string(info.state),
                          .generation = info.generation,
                          .restarts = info.restarts,
                          .last_end = brief(info.last_end)};
  if (info.state == peer::child_state::starting || info.state == peer::child_state::running)
    result.since = std::chrono::duration_cast<std::chrono::seconds>(info.since.time_since_epoch()).count();
  return result;
}

} // namespace

std::vector<child_row> tree_view::rows() {
  auto result = std::vector<child_row>{};
  add_children(root_, result);
  add_usage(result);
  return result;
}

void tree_view::add_children(const peer::supervisor& parent, std::vector<child_row>& rows) const {
  auto children = parent.which_children();
  if (!children)
    return; // it has ended
  for (auto& child : *children) {
    rows.push_back(row_of(child));
    if (child.kind != "supervisor")
      continue;
    if (auto below = root_.at(child.path))
      add_children(*below, rows);
  }
}

void tree_view::add_usage(std::vector<child_row>& rows) {
  auto guard = std::lock_guard{mutex_};
  auto old = std::move(samples_);
  samples_.clear();
  for (auto& row : rows) {
    auto now = row.process_id ? peer::usage_of(*row.process_id) : std::nullopt;
    if (!now)
      continue;
    auto when = clock::now();
    auto used = cpu_seconds(*now);
    auto age = std::chrono::duration<double>(now->age).count();
    auto before = old.find(*row.process_id);
    auto next = sample{when, used, age > 0 ? 100 * used / age : 0};
    if (before != old.end() && when - before->second.when < least_interval)
      next = before->second;
    else if (before != old.end())
      next.percent =
          100 * (used - before->second.cpu_seconds) / std::chrono::duration<double>(when - before->second.when).count();
    row.cpu = next.percent;
    row.memory = now->rss * 1024;
    samples_[*row.process_id] = next;
  }
}

} // namespace peerctl
