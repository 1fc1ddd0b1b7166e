// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Measures calls into all members of a group, at once and one after the other.
//
//   group_benchmark [PEERS [ROUNDS]]

#include "peer/peer.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;

double milliseconds(clock_type::duration x) {
  return std::chrono::duration<double, std::milli>(x).count();
}

[[noreturn]] void fail(const caf::error& why) {
  std::fprintf(stderr, "%s\n", peer::describe(why).c_str());
  std::exit(1);
}

template <class T>
void check(const caf::expected<T>& x) {
  if (!x)
    fail(x.error());
}

/// A function without a result that anybody wants.
struct job {
  std::string module;
  std::string function;
  std::vector<int> arguments;
};

void call_all(const peer::group& members, const job& x) {
  auto all = x.arguments.empty() ? members.multicall<void>(x.module, x.function)
                                 : members.multicall<void>(x.module, x.function, x.arguments.front());
  for (auto& answer : all)
    check(answer);
}

void call_each(const peer::group& members, const job& x) {
  for (auto& member : members)
    check(x.arguments.empty() ? member.call<void>(x.module, x.function)
                              : member.call<void>(x.module, x.function, x.arguments.front()));
}

struct contender {
  std::string name;
  std::function<void()> run;
  std::vector<double> found = {}; ///< milliseconds
};

void measure(contender& x) {
  auto begin = clock_type::now();
  x.run();
  x.found.push_back(milliseconds(clock_type::now() - begin));
}

double quantile(std::vector<double> xs, double part) {
  std::sort(xs.begin(), xs.end());
  return xs[std::min(xs.size() - 1, static_cast<std::size_t>(part * static_cast<double>(xs.size())))];
}

} // namespace

int main(int argc, char** argv) {
  auto size = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 50;
  auto rounds = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 100;
  peer::init_global_meta_objects();
  caf::core::init_global_meta_objects();
  auto config = caf::actor_system_config{};
  config.set("caf.scheduler.policy", "sharing");
  auto sys = caf::actor_system{config};
  auto each = peer::start_options{.exec = peer::exec{PEER_NODE}, .connection = peer::inherited{}};
  auto begin = clock_type::now();
  auto members = peer::start_group(sys, {.each = each, .size = size});
  if (!members)
    fail(members.error());
  std::printf("%lu peers: started in %.1f ms\n", size, milliseconds(clock_type::now() - begin));
  auto nothing = job{"erlang", "node", {}};
  auto work = job{"timer", "sleep", {10}};
  auto contenders = std::vector<contender>{
      {"node(), multicall", [&] { call_all(*members, nothing); }},
      {"node(), one by one", [&] { call_each(*members, nothing); }},
      {"10 ms, multicall", [&] { call_all(*members, work); }},
      {"10 ms, one by one", [&] { call_each(*members, work); }},
  };
  for (auto i = 0ul; i < rounds; ++i)
    for (auto& x : contenders)
      measure(x);
  std::printf("%lu rounds, in turn\n%-28s %12s %12s\n", rounds, "", "median [ms]", "99th [ms]");
  for (auto& x : contenders)
    std::printf("%-28s %12.2f %12.2f\n", x.name.c_str(), quantile(x.found, 0.5), quantile(x.found, 0.99));
  begin = clock_type::now();
  for (auto& report : members->stop())
    check(report);
  std::printf("stopped in %.1f ms\n", milliseconds(clock_type::now() - begin));
}
