// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "support/origin.hpp"

#include "caf/all.hpp"

#include <atomic>

namespace {

constexpr auto line = "2026-01-01 12:00:00 worker: step 1 of 9 is done";

/// Has the worker print lines. Returns the seconds until the last one has come to the callback.
double print(const peer::handle& worker, std::atomic<std::size_t>& come, std::size_t lines) {
  auto expected = come + lines;
  auto watch = bench::stopwatch{};
  bench::value_of(worker.call<void>("benchmark", "print", lines, line));
  for (auto now = come.load(); now < expected; now = come.load())
    come.wait(now);
  return watch.seconds();
}

bench::figures measure(bench::origin& origin, peer::start_options options, std::size_t lines) {
  auto come = std::atomic<std::size_t>{0};
  options.output = peer::line_output([&come](const peer::output_line&) {
    ++come;
    come.notify_one();
  });
  auto worker = origin.start(options);
  print(worker, come, 1000);
  auto rate = static_cast<double>(lines) / print(worker, come, lines);
  bench::stop(worker);
  return {{"lines_per_s", rate}};
}

} // namespace

/// Lines of a peer's standard output.
int main(int argc, char** argv) {
  auto suite = bench::suite{"io", "How many lines per second does a peer print?", {.rounds = 3, .repeats = 50000}};
  suite.parse(argc, argv);
  auto origin = bench::origin{suite.options()};
  auto repeats = suite.options().repeats;
  for (auto& kind : bench::cpp_peers())
    suite.add(kind.contender, [=, &origin] { return measure(origin, kind.options, repeats); });
  bench::add_otp(suite, OTP_SCRIPT, {std::to_string(repeats)});
  return suite.run();
}
