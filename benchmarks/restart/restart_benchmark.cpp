// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Measures how long a supervised peer that was killed takes to run again, beside a bare start.
//
//   restart_benchmark [RESTARTS]

#include "peer/peer.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;

double milliseconds(clock_type::duration x) {
  return std::chrono::duration<double, std::milli>(x).count();
}

void must(const caf::error& failed) {
  if (failed) {
    std::fprintf(stderr, "%s\n", peer::describe(failed).c_str());
    std::exit(1);
  }
}

/// The value; ends the program if there is an error instead.
template <class T>
T value_of(caf::expected<T> x) {
  if (!x)
    must(x.error());
  return std::move(*x);
}

double measure_start(caf::actor_system& sys, const peer::start_options& options) {
  auto begin = clock_type::now();
  auto worker = value_of(peer::start(sys, options));
  auto result = milliseconds(clock_type::now() - begin);
  value_of(worker.stop());
  return result;
}

/// One child and a subscriber of its events.
class tree {
public:
  tree(caf::actor_system& sys, const peer::start_options& options, std::uint32_t restarts)
      : events_(sys),
        root_(value_of(peer::start_supervisor(
            sys, {.flags = {.intensity = restarts}, .children = {{.id = "worker", .start = options}}}))) {
    process_ = *value_of(root_.which_children()).front().process_id;
    must(root_.subscribe(caf::actor_cast<caf::actor>(events_.ptr())));
  }

  ~tree() { must(root_.stop()); }

  /// From the kill until the next one is ready.
  double measure_restart() {
    auto begin = clock_type::now();
    kill(static_cast<pid_t>(process_), SIGKILL);
    for (auto ready = false; !ready;)
      events_->receive([&](const peer::supervisor_event& event) {
        ready = event.kind == peer::event_kind::ready;
        if (ready)
          process_ = *event.process_id;
      });
    return milliseconds(clock_type::now() - begin);
  }

private:
  caf::scoped_actor events_;
  peer::supervisor root_;
  std::int64_t process_ = 0;
};

/// "median (99th percentile)"
std::string summary(std::vector<double> xs) {
  std::sort(xs.begin(), xs.end());
  char text[40];
  std::snprintf(text, sizeof(text), "%.2f (%.2f)", xs[xs.size() / 2], xs[xs.size() * 99 / 100]);
  return text;
}

} // namespace

int main(int argc, char** argv) {
  auto restarts = argc > 1 ? static_cast<std::uint32_t>(std::strtoul(argv[1], nullptr, 10)) : 200u;
  peer::init_global_meta_objects();
  caf::core::init_global_meta_objects();
  auto config = caf::actor_system_config{};
  config.set("caf.scheduler.policy", "sharing");
  auto sys = caf::actor_system{config};
  std::printf("medians of %u, 99th percentiles in parentheses\n", restarts);
  std::printf("%-28s %22s %22s\n", "", "bare start [ms]", "kill to ready [ms]");
  for (auto& [name, program] : {std::pair{"C++, inherited", PEER_NODE}, std::pair{"erl, standard_io", "erl"}}) {
    auto options = peer::start_options{.exec = peer::exec{program}};
    auto starts = std::vector<double>{};
    auto ends = std::vector<double>{};
    auto supervised = tree{sys, options, restarts};
    for (auto i = 0u; i < restarts; ++i) {
      starts.push_back(measure_start(sys, options));
      ends.push_back(supervised.measure_restart());
      if (i % 50 == 49)
        std::fprintf(stderr, "%s: %u of %u\n", name, i + 1, restarts);
    }
    std::printf("%-28s %22s %22s\n", name, summary(starts).c_str(), summary(ends).c_str());
  }
}
