// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Peers that do everything wrong, over each connection. Whatever they do, they end when they have to, nothing is left
// of them, memory stays bounded, and a good peer is served meanwhile.

#define CAF_SUITE peer.system.hostile

#include "hostile_fixture.hpp"
#include "support/look_until.hpp"

#include <csignal>
#include <thread>

using namespace peer::test;
using namespace std::literals;

using peer::connection_kind;
using peer::stop_step;

namespace {

using clock_type = std::chrono::steady_clock;
using mode = std::vector<std::string>;

/// What every end has to come within that is not bounded by an option.
constexpr auto soon = 5s;

const auto gibibyte = std::uint64_t{1} << 30;

/// Those that stay and tell when they are ready.
const std::vector<mode>& quiet_modes() {
  static const auto result = std::vector<mode>{
      {"silent"},
      {"reader"},
      {"deaf"},
      {"family", "200"},
      {"suspend"},
      {"frame", "1000", "600"},
      {"frame", "268435000", "100000"}, // within the limit of a frame
      {"frame", "4294967295", "100000"},
  };
  return result;
}

/// Those that print without end.
const std::vector<mode>& loud_modes() {
  static const auto result = std::vector<mode>{{"spout", "1", "1"}, {"spout", "2", "2"}, {"spout", "12", "3"}};
  return result;
}

std::string spell(std::string_view connection, std::string_view phase, const mode& words) {
  auto result = std::string{connection} + ", " + std::string{phase};
  for (auto& word : words)
    result += " " + word;
  return result;
}

/// Something with a peer that is under way in a thread of its own, and its name.
template <class T>
struct attempt {
  std::string what;
  std::future<T> result;
};

struct failed_start {
  caf::error reason;
  std::chrono::nanoseconds took;
};

struct done_stop {
  caf::error start_failed;
  caf::expected<peer::stop_report> report = caf::make_error(peer::errc::noproc);
  std::chrono::nanoseconds took{0};
  bool was_ready = false;
};

struct fixture : hostile_fixture {
  /// Starts peers that do not boot, all at once, and checks how that ends.
  void check_failed_boots(const std::vector<mode>& modes, caf::timespan wait_boot) {
    auto attempts = std::vector<attempt<failed_start>>{};
    for (auto& [name, kind] : all_connections())
      for (auto phase : {"apart", "connected"})
        for (auto& words : modes) {
          auto options = hostile(kind, phase, words);
          options.wait_boot = wait_boot;
          attempts.push_back({spell(name, phase, words), std::async(std::launch::async, [this, options] {
                                auto began = clock_type::now();
                                auto worker = peer::start(*sys, options);
                                return failed_start{worker ? caf::error{} : worker.error(), clock_type::now() - began};
                              })});
        }
    for (auto& [what, result] : attempts) {
      auto [reason, took] = result.get();
      if (reason != peer::errc::boot_failed)
        CAF_ERROR(what << ": the start did not fail as it should: " << peer::describe(reason));
      if (took > wait_boot + soon)
        CAF_ERROR(what << ": the start took " << caf::deep_to_string(caf::timespan{took}));
    }
    check_only_left({process_of(good)});
  }

  /// Starts a peer, waits for its line "ready", and stops it.
  done_stop start_and_stop(peer::start_options options) {
    auto lines = line_log{};
    options.output = lines.sink();
    auto worker = peer::start(*sys, options);
    if (!worker)
      return {.start_failed = worker.error()};
    auto result = done_stop{.was_ready = lines.wait_for("ready")};
    auto began = clock_type::now();
    result.report = worker->stop();
    result.took = clock_type::now() - began;
    return result;
  }

  void check_stop(const std::string& what, const done_stop& done) {
    if (done.start_failed)
      CAF_ERROR(what << ": it did not start: " << peer::describe(done.start_failed));
    else if (!done.was_ready)
      CAF_ERROR(what << ": it did not become ready");
    else if (!done.report)
      CAF_ERROR(what << ": it did not stop: " << peer::describe(done.report.error()));
    else if (done.report->ended_by == stop_step::gave_up || done.took > soon)
      CAF_ERROR(what << ": stopped by the step " << to_string(done.report->ended_by) << " after "
                     << caf::deep_to_string(caf::timespan{done.took}));
    else
      CAF_CHECK(true);
  }

  /// Kills what has left its peer's group, and what that has forked while it was looked for.
  void kill_all_but_good() {
    auto only_good_is_left = [this] {
      auto found = guard.descendants();
      std::erase(found, process_of(good));
      for (auto id : found)
        kill(id, SIGKILL);
      return found.empty();
    };
    CAF_CHECK(look_until(only_good_is_left));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(hostile_tests, fixture)

CAF_TEST(memory that was taken for a moment is seen) {
  auto memory = peak_memory{};
  auto size = std::size_t{64} << 20;
  CAF_CHECK_EQUAL(std::string(size, 'x').find('y'), std::string::npos);
  CAF_CHECK_GREATER(memory.growth(), size / 8 * 7);
}

// -- start and stop ---------------------------------------------------------------------------------------------------

CAF_TEST(nothing is left of programs that do not boot) {
  auto memory = peak_memory{};
  auto calls = steady_caller{good};
  check_failed_boots(quiet_modes(), 300ms);
  check_growth(memory, "the quiet ones");
}

CAF_TEST(nothing is left of programs that print without end and do not boot) {
  auto memory = peak_memory{};
  auto calls = steady_caller{good};
  check_failed_boots(loud_modes(), 1s);
  check_growth(memory, "the loud ones");
}

CAF_TEST(programs that close their streams or end do not boot) {
  auto calls = steady_caller{good};
  check_failed_boots({{"close_streams"}, {"die", "/dev/null"}, {"line", "1", "100000"}, {"line", "2", "100000"}},
                     300ms);
}

CAF_TEST(every peer can be stopped whatever it does) {
  auto memory = peak_memory{};
  auto calls = steady_caller{good};
  auto attempts = std::vector<attempt<done_stop>>{};
  auto modes = quiet_modes();
  modes.push_back({"close_streams"});
  for (auto& [name, kind] : all_connections())
    for (auto& words : modes)
      attempts.push_back({spell(name, "started", words),
                          std::async(std::launch::async, [this, options = hostile(kind, "started", words)] {
                            return start_and_stop(options);
                          })});
  for (auto& [what, result] : attempts)
    check_stop(what, result.get());
  check_only_left({process_of(good)});
  check_growth(memory, "all");
}

CAF_TEST(a peer that forks without end can be stopped) {
  for (auto& [name, kind] : all_connections()) {
    auto calls = steady_caller{good};
    check_stop(name, start_and_stop(hostile(kind, "started", {"forking"})));
    check_only_left({process_of(good)});
  }
}

CAF_TEST(a process that left group and parent does not hold up the end of its peer) {
  auto calls = steady_caller{good};
  for (auto& [name, kind] : all_connections()) {
    CAF_MESSAGE("over " << name);
    check_stop(name, start_and_stop(hostile(kind, "started", {"daemonise"})));
    kill_all_but_good();
    auto options = hostile(kind, "started", {"daemonise_and_exit", "when_told"});
    options.peer_down = peer::peer_down::crash;
    auto began = clock_type::now();
    auto leaving = start(std::move(options));
    auto watch = end_watch{*sys, leaving.actor()};
    CAF_CHECK(!leaving.cast("any", "thing"));
    CAF_CHECK_EQUAL(end_status(watch.reason()), 7);
    CAF_CHECK_LESS(clock_type::now() - began, soon);
    kill_all_but_good();
    options = hostile(kind, "connected", {"daemonise_and_exit"});
    began = clock_type::now();
    CAF_CHECK_EQUAL(to_string(peer::to_reason(start_failure(options))), "{boot_failed,{exit_status,7}}");
    CAF_CHECK_LESS(clock_type::now() - began, soon);
    kill_all_but_good();
  }
}

// -- without end ------------------------------------------------------------------------------------------------------

CAF_TEST(a line of a gibibyte costs bounded memory) {
  auto calls = steady_caller{good};
  for (auto& [name, kind] : all_connections())
    for (auto stream : {"1", "2"}) {
      auto count = byte_count{};
      auto options = hostile(kind, "started", {"line", stream, std::to_string(gibibyte)});
      options.peer_down = peer::peer_down::crash;
      options.output = count.line_sink();
      auto memory = peak_memory{};
      auto began = clock_type::now();
      auto worker = start(std::move(options));
      auto watch = end_watch{*sys, worker.actor()};
      CAF_CHECK_EQUAL(end_status(watch.reason()), 0);
      auto took = caf::timespan{clock_type::now() - began};
      CAF_MESSAGE(name << ", descriptor " << stream << ": " << caf::deep_to_string(took) << ", "
                       << (memory.growth() >> 20) << " MiB more");
      check_growth(memory, name);
      CAF_CHECK(count.wait_for(gibibyte));
      CAF_CHECK_EQUAL(count.value(), gibibyte);
    }
}

CAF_TEST(a peer that prints without end can be stopped) {
  for (auto& [name, kind] : all_connections())
    for (auto& words : loud_modes()) {
      auto what = spell(name, "started", words);
      auto memory = peak_memory{};
      auto calls = steady_caller{good};
      auto count = byte_count{};
      auto options = hostile(kind, "started", words);
      options.output = count.sink();
      auto worker = start(std::move(options));
      if (!count.wait_for(16 << 20))
        CAF_ERROR(what << ": only " << count.value() << " bytes came");
      auto began = clock_type::now();
      CAF_CHECK(value_of(worker.stop()).ended_by != stop_step::gave_up);
      CAF_CHECK_LESS(clock_type::now() - began, soon);
      check_only_left({process_of(good)});
      check_growth(memory, what);
    }
}

CAF_TEST(a peer that prints without end costs bounded memory if its sink never keeps up) {
  for (auto& [name, kind] : all_connections())
    for (auto stream : {"1", "2"}) {
      auto memory = peak_memory{};
      auto calls = steady_caller{good};
      auto count = byte_count{};
      auto options = hostile(kind, "started", {"spout", stream, "4"});
      options.output = count.sink(false);
      auto worker = start(std::move(options));
      CAF_CHECK(count.wait_for(1));
      // It prints on until it has to wait: what waits is bounded, so it does not come this far.
      auto last = std::uint64_t{0};
      for (auto quiet = 0; quiet < 30 && last < growth_limit; std::this_thread::sleep_for(10ms)) {
        auto now = count.value();
        quiet = now == last ? quiet + 1 : 0;
        last = now;
      }
      if (last >= growth_limit)
        CAF_ERROR(name << ", descriptor " << stream << ": " << (last >> 20) << " MiB wait for the sink");
      CAF_CHECK(worker.stop());
      check_growth(memory, name);
    }
}

CAF_TEST_FIXTURE_SCOPE_END()
