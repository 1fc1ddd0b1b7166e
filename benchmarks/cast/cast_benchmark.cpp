// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "support/origin.hpp"

#include "caf/all.hpp"

namespace {

void must(const caf::error& failed) {
  if (failed)
    bench::fail(peer::describe(failed));
}

/// Casts to a worker, which counts them: none may be missing. The call may be answered before the last of them has run,
/// since functions of a node run at the same time if one is held up; then it is made again.
double to_worker(const peer::handle& worker, std::size_t casts) {
  auto watch = bench::stopwatch{};
  for (auto i = std::size_t{0}; i < casts; ++i)
    must(worker.cast("benchmark", "count"));
  auto counted = std::size_t{0};
  while (counted < casts && watch.seconds() < 30)
    counted += bench::value_of(worker.call<std::size_t>("benchmark", "counted"));
  auto result = watch.seconds();
  if (counted != casts)
    bench::fail("of " + std::to_string(casts) + " casts " + std::to_string(counted) + " came");
  return result;
}

/// Casts to `erl`, which has taken them in when it answers the call.
double to_erl(const peer::handle& worker, std::size_t casts) {
  auto watch = bench::stopwatch{};
  for (auto i = std::size_t{0}; i < casts; ++i)
    must(worker.cast("erlang", "node"));
  bench::value_of(worker.call<peer::atom>("erlang", "node"));
  return watch.seconds();
}

bench::figures measure(bench::origin& origin, const bench::peer_kind& kind, std::size_t casts) {
  auto worker = origin.start(kind.options);
  auto run = kind.is_erl() ? to_erl : to_worker;
  run(worker, 1000);
  auto rate = static_cast<double>(casts) / run(worker, casts);
  bench::stop(worker);
  return {{"casts_per_s", rate}};
}

} // namespace

/// One thread that casts, then calls.
int main(int argc, char** argv) {
  auto suite = bench::suite{"cast", "How many casts per second does a peer take in?", {.rounds = 5, .repeats = 50000}};
  suite.parse(argc, argv);
  auto origin = bench::origin{suite.options()};
  auto repeats = suite.options().repeats;
  for (auto& kind : bench::all_peers())
    suite.add(kind.contender, [=, &origin] { return measure(origin, kind, repeats); });
  bench::add_otp(suite, OTP_SCRIPT, {std::to_string(repeats)});
  return suite.run();
}
