// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "console/callbacks.hpp"
#include "console/completion.hpp"
#include "console/line_splitter.hpp"
#include "console/sink.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

namespace peer::internal::console {

/// Passes a peer's text to the sink: joins it to whole characters, counts it until the sink has written it, its bytes
/// and `defaults::output_overhead`, and drops it while more than `defaults::output_limit` wait. A line in the output
/// states how much was dropped.
///
/// Belongs to the loop's thread.
class bounded_output : public std::enable_shared_from_this<bounded_output> {
public:
  bounded_output(sink_ptr to, poster post);

  /// Writes bytes of a stream, which may end inside of a character: the rest of it comes with the next ones.
  void feed(stream from, std::string_view bytes);

  /// Writes whole characters. `done` is answered `ok` when they have been written or dropped.
  void write(stream from, std::string_view text, completion done = {});

  /// Bytes that the sink has not written yet, and what each text of them costs.
  std::size_t backlog() const noexcept { return backlog_; }

  /// Calls `handler` whenever the backlog has become smaller.
  void on_progress(std::function<void()> handler) { on_progress_ = std::move(handler); }

  /// Calls `handler` with each text that could not be written. It was dropped.
  void on_failure(std::function<void(const caf::error&)> handler) { on_failure_ = std::move(handler); }

  /// Passes on what is held back, states what was dropped and ends the sink. Abandons the writes that wait; no handler
  /// is called any more.
  void finish();

private:
  /// The state of one stream.
  struct stream_state {
    utf8_joiner joiner;
    bool in_line = false;    ///< the last text had no newline at its end
    std::size_t dropped = 0; ///< bytes that no line in the output has stated
  };

  /// A write that the sink has not completed. Kept here, not in the sink, so that it is answered and destroyed on the
  /// loop's thread.
  struct pending_write {
    std::size_t cost;
    completion done;
  };

  void pass_on(stream from, std::string_view text, completion done);
  void on_written(std::uint64_t id, const caf::error& failed);
  void report_dropped();
  stream_state& state_of(stream from) { return streams_[static_cast<std::size_t>(from)]; }

  sink_ptr sink_;
  poster post_;
  std::array<stream_state, 2> streams_;
  std::map<std::uint64_t, pending_write> pending_; ///< in the order of the writes
  std::uint64_t last_id_ = 0;
  std::size_t backlog_ = 0;
  std::function<void()> on_progress_;
  std::function<void(const caf::error&)> on_failure_;
};

} // namespace peer::internal::console
