// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "support/origin.hpp"

#include "caf/all.hpp"

namespace {

/// Milliseconds until the process is gone, the median of some peers.
template <class F>
double measure(bench::origin& origin, const peer::start_options& options, std::size_t repeats, F end) {
  auto times = std::vector<double>{};
  for (auto i = std::size_t{0}; i < repeats; ++i) {
    auto worker = origin.start(options);
    auto watch = bench::stopwatch{};
    bench::value_of(end(worker));
    times.push_back(watch.milliseconds());
  }
  return bench::median(times);
}

} // namespace

/// One peer after the other.
int main(int argc, char** argv) {
  auto suite = bench::suite{"stop", "How long does a peer take to end?", {.rounds = 3, .repeats = 5}};
  suite.parse(argc, argv);
  auto origin = bench::origin{suite.options()};
  auto repeats = suite.options().repeats;
  for (auto& kind : bench::all_peers())
    suite.add(kind.contender, [=, &origin] {
      auto stop = [](const peer::handle& worker) { return worker.stop(); };
      auto kill = [](const peer::handle& worker) { return worker.kill(); };
      return bench::figures{{"stop_ms", measure(origin, kind.options, repeats, stop)},
                            {"kill_ms", measure(origin, kind.options, repeats, kill)}};
    });
  bench::add_otp(suite, OTP_SCRIPT, {std::to_string(repeats)});
  return suite.run();
}
