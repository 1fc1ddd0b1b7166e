// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/supervisor.hpp"

#include "caf/fwd.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace peerctl {

/// A row of the table of children.
struct child_row {
  std::string path;
  std::string kind;
  std::optional<std::int64_t> process_id;
  std::string state;
  std::uint64_t generation = 0;
  std::optional<std::int64_t> since;  ///< seconds since 1970
  std::optional<double> cpu;          ///< percent of one core
  std::optional<std::int64_t> memory; ///< resident bytes
  std::uint64_t restarts = 0;
  std::string last_end;
};

template <class Inspector>
bool inspect(Inspector& f, child_row& x) {
  return f.object(x).pretty_name("child").fields(
      f.field("path", x.path), f.field("kind", x.kind), f.field("process_id", x.process_id), f.field("state", x.state),
      f.field("generation", x.generation), f.field("since", x.since), f.field("cpu", x.cpu),
      f.field("memory", x.memory), f.field("restarts", x.restarts), f.field("last_end", x.last_end));
}

/// Makes the table of a tree. Blocks; several threads may use it at the same time.
class tree_view {
public:
  explicit tree_view(peer::supervisor root) : root_(std::move(root)) {}

  /// All children, those of a supervisor after it; fewer if parts of the tree end meanwhile.
  std::vector<child_row> rows();

private:
  using clock = std::chrono::steady_clock;

  /// What a process had used at some time.
  struct sample {
    clock::time_point when;
    double cpu_seconds = 0;
    double percent = 0; ///< up to then
  };

  void add_children(const peer::supervisor& parent, std::vector<child_row>& rows) const;
  void add_usage(std::vector<child_row>& rows);

  peer::supervisor root_;
  std::mutex mutex_;
  std::map<std::int64_t, sample> samples_; ///< by process id
};

} // namespace peerctl
