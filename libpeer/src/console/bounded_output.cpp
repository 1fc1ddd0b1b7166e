// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "console/bounded_output.hpp"

#include "peer/detail/defaults.hpp"

#include <string>
#include <utility>

namespace peer::internal::console {

namespace {

constexpr auto both_streams = std::array{stream::standard_output, stream::standard_error};

/// What a text that waits is counted as.
std::size_t cost_of(std::string_view text) {
  return text.size() + defaults::output_overhead;
}

std::string dropped_line(std::size_t count) {
  return "libpeer: " + std::to_string(count) + " bytes of output were dropped because their receiver did not keep up\n";
}

} // namespace

bounded_output::bounded_output(sink_ptr to, poster post) : sink_(std::move(to)), post_(std::move(post)) {}

void bounded_output::feed(stream from, std::string_view bytes) {
  if (auto whole = state_of(from).joiner.feed(bytes); !whole.empty())
    write(from, whole);
}

void bounded_output::write(stream from, std::string_view text, completion done) {
  auto& state = state_of(from);
  if (state.dropped > 0 || (backlog_ > 0 && backlog_ + cost_of(text) > defaults::output_limit)) {
    state.dropped += text.size(); // up to the line that states it everything is dropped: there is one hole
    return done.answer(atom{"ok"});
  }
  pass_on(from, text, std::move(done));
}

void bounded_output::pass_on(stream from, std::string_view text, completion done) {
  if (!text.empty())
    state_of(from).in_line = text.back() != '\n';
  backlog_ += cost_of(text);
  auto id = ++last_id_;
  pending_.emplace(id, pending_write{cost_of(text), std::move(done)});
  sink_->write(from, text, [self = weak_from_this(), post = post_, id](const caf::error& failed) {
    post([self, id, failed] {
      if (auto ptr = self.lock())
        ptr->on_written(id, failed);
    });
  });
}

void bounded_output::on_written(std::uint64_t id, const caf::error& failed) {
  auto write = pending_.extract(id);
  if (!write)
    return;
  backlog_ -= write.mapped().cost;
  if (failed && on_failure_)
    on_failure_(failed);
  if (backlog_ <= defaults::output_high_water)
    report_dropped();
  if (on_progress_)
    on_progress_();
  write.mapped().done.answer(atom{"ok"});
}

void bounded_output::report_dropped() {
  for (auto from : both_streams) {
    auto& state = state_of(from);
    if (auto count = std::exchange(state.dropped, 0); count > 0)
      pass_on(from, (state.in_line ? "\n" : "") + dropped_line(count), {});
  }
}

void bounded_output::finish() {
  on_progress_ = nullptr;
  on_failure_ = nullptr;
  for (auto from : both_streams)
    if (auto rest = state_of(from).joiner.finish(); !rest.empty())
      write(from, rest);
  report_dropped();
  sink_->finish();
  auto abandoned = std::vector<completion>{}; // destroyed when `pending_` is in order again
  for (auto& [id, write] : pending_)
    abandoned.push_back(std::exchange(write.done, {}));
}

} // namespace peer::internal::console
