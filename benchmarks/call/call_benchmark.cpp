// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "support/origin.hpp"

#include "caf/all.hpp"

namespace {

void call(const peer::handle& worker) {
  bench::value_of(worker.call<peer::atom>("erlang", "node"));
}

bench::figures measure(bench::origin& origin, const peer::start_options& options, std::size_t repeats) {
  auto worker = origin.start(options);
  bench::time_each(1000, [&] { call(worker); });
  auto result = bench::latency_figures(bench::time_each(repeats, [&] { call(worker); }));
  bench::stop(worker);
  return result;
}

} // namespace

/// One caller that waits for each answer.
int main(int argc, char** argv) {
  auto suite = bench::suite{"call", "How long does a call take?", {.rounds = 5, .repeats = 10000}};
  suite.parse(argc, argv);
  auto origin = bench::origin{suite.options()};
  auto repeats = suite.options().repeats;
  for (auto& kind : bench::all_peers())
    suite.add(kind.contender, [=, &origin] { return measure(origin, kind.options, repeats); });
  bench::add_otp(suite, OTP_SCRIPT, {std::to_string(repeats)}, bench::otp_programs::erl_and_worker);
  return suite.run();
}
