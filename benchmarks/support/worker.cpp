// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/peer.hpp"

#include "caf/all.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace {

std::atomic<std::size_t> counter = 0;

void count() {
  ++counter;
}

/// How often `count` has run since the last time.
std::size_t counted() {
  return counter.exchange(0);
}

void print(std::size_t lines, const std::string& line) {
  for (; lines > 0; --lines)
    std::puts(line.c_str());
}

int run(peer::node& node) {
  return node.function("erlang", "node", [&node] { return node.name(); })
      .function("benchmark", "count", count)
      .function("benchmark", "counted", counted)
      .function("benchmark", "echo", [](std::vector<std::byte> x) { return x; })
      .function("benchmark", "print", print)
      .run();
}

} // namespace

/// A small peer: what a program is that has little more than a node. Its spin is libpeer's default, or BENCHMARK_SPIN
/// in nanoseconds.
int main(int argc, char** argv) {
  auto spin = std::getenv("BENCHMARK_SPIN");
  if (spin == nullptr) {
    auto node = peer::node{argc, argv};
    return run(node);
  }
  peer::init_global_meta_objects();
  caf::core::init_global_meta_objects();
  auto config = caf::actor_system_config{};
  config.set("caf.scheduler.policy", "sharing");
  put(config.content, "peer.spin", caf::timespan{std::strtoll(spin, nullptr, 10)});
  auto sys = caf::actor_system{config};
  auto node = peer::node{sys, argc, argv};
  return run(node);
}
