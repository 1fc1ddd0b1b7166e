// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "tree_view.hpp"

#include "peer/peer.hpp"
#include "peer/process/proc_stat.hpp"

#include "caf/all.hpp"

#include <sstream>

#include <unistd.h>

namespace peerctl {

namespace {

/// Over how long the use of the CPU is measured at least.
constexpr auto least_interval = std::chrono::milliseconds{500};

/// What a process uses.
struct usage {
  double cpu_seconds = 0;
  double age = 0; ///< seconds
  std::int64_t memory = 0;
};

/// Seconds since the system's start, by the clock that /proc counts with.
double uptime() {
  auto now = timespec{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// Reads /proc/PID/stat (proc(5)): "PID (NAME) STATE …", of which fields 14, 15, 22 and 24 are wanted.
std::optional<usage> usage_of(std::int64_t process) {
  if (!peer::has_own_proc())
    return std::nullopt;
  auto line = peer::read_proc_file("/proc/" + std::to_string(process) + "/stat", 4096);
  auto name_end = line.rfind(')');
  if (name_end == std::string::npos)
    return std::nullopt;
  auto in = std::istringstream{line.substr(name_end + 1)};
  auto skip = [&in](int fields) {
    auto word = std::string{};
    while (fields-- > 0)
      in >> word;
  };
  auto user = 0.0;
  auto system = 0.0;
  auto start = 0.0;
  auto pages = std::int64_t{0};
  skip(11);
  in >> user >> system;
  skip(6);
  in >> start;
  skip(1);
  in >> pages;
  if (!in)
    return std::nullopt;
  auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  return usage{(user + system) / ticks, uptime() - start / ticks, pages * sysconf(_SC_PAGESIZE)};
}

/// A few words about an end.
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
    auto now = row.process_id ? usage_of(*row.process_id) : std::nullopt;
    if (!now)
      continue;
    auto when = clock::now();
    auto before = old.find(*row.process_id);
    auto next = sample{when, now->cpu_seconds, now->age > 0 ? 100 * now->cpu_seconds / now->age : 0};
    if (before != old.end() && when - before->second.when < least_interval)
      next = before->second;
    else if (before != old.end())
      next.percent = 100 * (now->cpu_seconds - before->second.cpu_seconds)
                   / std::chrono::duration<double>(when - before->second.when).count();
    row.cpu = next.percent;
    row.memory = now->memory;
    samples_[*row.process_id] = next;
  }
}

} // namespace peerctl
