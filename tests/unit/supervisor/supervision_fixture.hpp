// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/failure.hpp"
#include "supervisor/supervision.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace peer::test {

inline child_spec worker(std::string id, restart_type restart = restart_type::permanent) {
  auto result = child_spec{.id = std::move(id), .restart = restart};
  result.start = actor_factory{[](const child_context&) { return caf::actor{}; }};
  return result;
}

inline error crash() {
  return caf::make_error(caf::sec::runtime_error, std::string{"crash"});
}

inline error shutdown() {
  return caf::exit_reason::user_shutdown;
}

/// A peer's end with an exit status, as its control actor tells it.
inline error status(int value) {
  auto end = failure{.who = "peer", .at = phase::running, .connection = "inherited", .first = evidence::exit};
  end.status = exit_status{exit_status::kind::exited, value, false, {}, {}, 0};
  return caf::make_error(errc::exit_status, std::move(end));
}

/// Rules whose children and clock the test moves by hand.
struct supervision_fixture : peer::internal::supervisor::supervision::host {
  // -- supervision::host ---

  void start(const peer::internal::supervisor::child_record& child) override {
    note("start " + child.id);
    if (patience)
      return;
    auto& left = failures[child.id];
    if (left > 0) {
      --left;
      rules->on_start_failed(child.id, child.generation, crash());
    } else if (ignoring == child.id) {
      rules->on_ignored(child.id, child.generation);
    } else {
      rules->on_ready(child.id, child.generation);
    }
  }

  void stop(const peer::internal::supervisor::child_record& child) override {
    note("stop " + child.id);
    if (!patience)
      rules->on_stopped(child.id, child.generation, shutdown());
  }

  void retry_after(const peer::internal::supervisor::child_record& child, caf::timespan delay) override {
    note("retry " + child.id);
    delays.push_back(delay);
    retries.push_back({child.id, child.retry});
  }

  void forget(const peer::internal::supervisor::child_record& child) override { note("forget " + child.id); }

  void report(const peer::internal::supervisor::child_record& child, event_kind what, const error&,
              caf::timespan) override {
    events += (events.empty() ? "" : ", ") + child.id + " " + to_string(what);
  }

  void finished(error why) override {
    note(why ? "over" : "over normally");
    end = std::move(why);
  }

  peer::internal::supervisor::supervision::time_point now() override { return time; }

  double random() override { return luck; }

  // -- what a test does ---

  /// Starts a supervisor and forgets how that went, unless children are to be started by hand.
  void boot(supervisor_flags flags, std::vector<child_spec> children) {
    rules =
        std::make_unique<peer::internal::supervisor::supervision>(*this, supervisor_spec{flags, std::move(children)});
    rules->boot(told());
    if (!patience) {
      done();
      events.clear();
    }
  }

  /// A callback that notes what it was told.
  peer::internal::supervisor::supervision::done told() {
    return [this](const error& failed) { note(failed ? errc_name(failed) : "done"); };
  }

  peer::internal::supervisor::supervision::done_with_id told_id() {
    return [this](const caf::expected<std::string>& id) { note(id ? "done " + *id : errc_name(id.error())); };
  }

  /// What has happened since the last time.
  std::string done() { return std::exchange(log, {}); }

  std::string exits(const std::string& id, error why = crash()) {
    rules->on_exit(id, generation(id), std::move(why));
    return done();
  }

  std::string ready(const std::string& id) {
    rules->on_ready(id, generation(id));
    return done();
  }

  std::string fails(const std::string& id) {
    rules->on_start_failed(id, generation(id), crash());
    return done();
  }

  std::string stopped(const std::string& id) {
    rules->on_stopped(id, generation(id), shutdown());
    return done();
  }

  /// The time of the oldest delayed restart has come.
  std::string retry() {
    auto [id, number] = retries.front();
    retries.erase(retries.begin());
    rules->on_retry(id, number);
    return done();
  }

  std::uint64_t generation(const std::string& id) const {
    auto child = rules->find(id);
    return child != nullptr ? child->generation : 0;
  }

  /// "a running, b undefined"
  std::string states() const {
    auto result = std::string{};
    for (auto& child : rules->children())
      result += (result.empty() ? "" : ", ") + child.id + " " + to_string(child.state);
    return result;
  }

  static std::string errc_name(const error& failed) { return to_string(static_cast<errc>(failed.code())); }

  void note(const std::string& what) { log += (log.empty() ? "" : ", ") + what; }

  bool patience = false;               ///< whether the test answers for the children
  std::map<std::string, int> failures; ///< starts that will fail
  std::string ignoring;
  peer::internal::supervisor::supervision::time_point time{std::chrono::hours{1}};
  double luck = 0.5;
  std::vector<caf::timespan> delays;
  std::vector<std::pair<std::string, std::uint64_t>> retries;
  std::string log;
  std::string events;
  std::optional<error> end; ///< of the supervisor
  std::unique_ptr<peer::internal::supervisor::supervision> rules;
};

} // namespace peer::test
