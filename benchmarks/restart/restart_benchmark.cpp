// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/supervisor.hpp"
#include "support/origin.hpp"

#include "caf/all.hpp"

#include <csignal>

namespace {

void must(const caf::error& failed) {
  if (failed)
    bench::fail(peer::describe(failed));
}

double measure_start(bench::origin& origin, const peer::start_options& options) {
  auto watch = bench::stopwatch{};
  auto worker = origin.start(options);
  auto result = watch.milliseconds();
  bench::stop(worker);
  return result;
}

/// One child and a subscriber of its events.
class tree {
public:
  tree(caf::actor_system& sys, const peer::start_options& options, std::uint32_t restarts)
      : events_(sys),
        root_(bench::value_of(peer::start_supervisor(
            sys, {.flags = {.intensity = restarts}, .children = {{.id = "worker", .start = options}}}))) {
    process_ = *bench::value_of(root_.which_children()).front().process_id;
    must(root_.subscribe(caf::actor_cast<caf::actor>(events_.ptr())));
  }

  ~tree() { must(root_.stop()); }

  /// From the kill until the next one is ready.
  double measure_restart() {
    auto watch = bench::stopwatch{};
    kill(static_cast<pid_t>(process_), SIGKILL);
    for (auto ready = false; !ready;)
      events_->receive([&](const peer::supervisor_event& event) {
        ready = event.kind == peer::event_kind::ready;
        if (ready)
          process_ = *event.process_id;
      });
    return watch.milliseconds();
  }

private:
  caf::scoped_actor events_;
  peer::supervisor root_;
  std::int64_t process_ = 0;
};

bench::figures measure(bench::origin& origin, const peer::start_options& options, std::size_t repeats) {
  auto starts = std::vector<double>{};
  auto restarts = std::vector<double>{};
  auto supervised = tree{origin.system(), options, static_cast<std::uint32_t>(repeats)};
  for (auto i = std::size_t{0}; i < repeats; ++i) {
    starts.push_back(measure_start(origin, options));
    restarts.push_back(supervised.measure_restart());
  }
  return {{"start_ms", bench::median(starts)},
          {"restart_ms", bench::median(restarts)},
          {"restart_p99_ms", bench::quantile(restarts, 0.99)}};
}

} // namespace

/// From the kill of a supervised peer until it is ready again, beside a bare start.
int main(int argc, char** argv) {
  auto suite = bench::suite{"restart", "How long does a restart take?", {.rounds = 3, .repeats = 20}};
  suite.parse(argc, argv);
  auto origin = bench::origin{suite.options()};
  auto repeats = suite.options().repeats;
  for (auto& [name, program] : {std::pair{"libpeer inherited", PEER_NODE}, {"libpeer to erl standard_io", "erl"}})
    suite.add(name, [=, &origin, options = peer::start_options{.exec = peer::exec{program}}] {
      return measure(origin, options, repeats);
    });
  return suite.run();
}
