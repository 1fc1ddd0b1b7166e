// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/group.hpp"
#include "support/origin.hpp"

#include "caf/all.hpp"

#include <thread>

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

/// What the origin has, in units of its own.
struct holdings {
  double memory = static_cast<double>(bench::status_of(getpid(), "VmRSS")); ///< KiB
  double threads = static_cast<double>(bench::status_of(getpid(), "Threads"));
  double descriptors = static_cast<double>(bench::open_descriptors());
};

/// Milliseconds of CPU time that the origin uses per second while nobody asks it for anything.
double idle_cpu() {
  auto watch = bench::stopwatch{};
  auto before = bench::cpu_seconds();
  std::this_thread::sleep_for(std::chrono::seconds{3});
  return (bench::cpu_seconds() - before) * 1000 / watch.seconds();
}

double call_latency(const peer::handle& worker, std::size_t repeats) {
  auto call = [&] { bench::value_of(worker.call<peer::atom>("erlang", "node")); };
  bench::time_each(1000, call);
  return bench::median(bench::time_each(repeats, call));
}

bench::figures measure(bench::origin& origin, const peer::start_options& options, std::size_t size,
                       std::size_t repeats) {
  auto worker = origin.start(options);
  auto alone = call_latency(worker, repeats);
  malloc_trim(0); // what another round has left
  auto before = holdings{};
  auto others = bench::value_of(peer::start_group(origin.system(), {.each = options, .size = size - 1}));
  auto after = holdings{};
  auto count = static_cast<double>(others.size());
  auto result = bench::figures{{"KiB_per_peer", (after.memory - before.memory) / count},
                               {"descriptors_per_peer", (after.descriptors - before.descriptors) / count},
                               {"threads_per_peer", (after.threads - before.threads) / count},
                               {"idle_cpu_ms_per_s", idle_cpu()},
                               {"alone_us", alone},
                               {"among_many_us", call_latency(worker, repeats)}};
  for (auto& report : others.stop())
    bench::value_of(std::move(report));
  bench::stop(worker);
  return result;
}

/// Lets the program have as many descriptors as it may.
void raise_descriptor_limit(std::size_t needed) {
  auto limit = rlimit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, needed);
  limit.rlim_max = std::max(limit.rlim_max, limit.rlim_cur);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
    bench::fail("this needs " + std::to_string(needed) + " descriptors, which RLIMIT_NOFILE does not allow");
}

} // namespace

/// Many idle peers.
int main(int argc, char** argv) {
  auto suite = bench::suite{"many", "What do many idle peers cost?", {.rounds = 3, .repeats = 10000}};
  auto size = std::size_t{1000};
  suite.option("--peers", size, "peers that run at the same time");
  suite.parse(argc, argv);
  raise_descriptor_limit(size * 8 + 100);
  auto origin = bench::origin{suite.options()};
  auto kind = bench::cpp_peers().front();
  auto repeats = suite.options().repeats;
  suite.add(kind.contender, [=, &origin] { return measure(origin, kind.options, size, repeats); });
  return suite.run();
}
