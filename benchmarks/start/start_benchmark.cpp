// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Measures how long a peer takes to start until it runs, and to stop.
//
//   start_benchmark [STARTS]

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

/// Milliseconds.
struct figures {
  double start = 0;
  double stop = 0; ///< 0 if it was not measured
};

double milliseconds(clock_type::duration x) {
  return std::chrono::duration<double, std::milli>(x).count();
}

figures measure_libpeer(caf::actor_system& sys, const peer::start_options& options) {
  auto begin = clock_type::now();
  auto worker = peer::start(sys, options);
  auto running = clock_type::now();
  if (!worker || !worker->stop()) {
    std::fprintf(stderr, "%s\n", worker ? "the peer did not stop" : peer::describe(worker.error()).c_str());
    std::exit(1);
  }
  return {milliseconds(running - begin), milliseconds(clock_type::now() - running)};
}

/// OTP measures several starts in one run of Erlang; `next` hands out one after the other.
std::function<figures()> measure_otp(const std::string& connection, std::size_t starts) {
  return [command = "escript " OTP_SCRIPT " " + std::to_string(starts) + " " + connection,
          found = std::vector<double>{}]() mutable {
    if (found.empty()) {
      auto pipe = popen(command.c_str(), "r");
      for (double x; pipe != nullptr && std::fscanf(pipe, "%lf", &x) == 1;)
        found.push_back(x);
      if (pipe == nullptr || pclose(pipe) != 0 || found.empty()) {
        std::fprintf(stderr, "'%s' failed\n", command.c_str());
        std::exit(1);
      }
    }
    auto result = figures{found.back(), 0};
    found.pop_back();
    return result;
  };
}

struct contender {
  std::string name;
  std::function<figures()> measure;
  std::vector<figures> found = {};
};

double median(std::vector<figures> xs, double figures::*member) {
  std::sort(xs.begin(), xs.end(), [=](auto& x, auto& y) { return x.*member < y.*member; });
  return xs[xs.size() / 2].*member;
}

} // namespace

int main(int argc, char** argv) {
  auto starts = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 30;
  peer::init_global_meta_objects();
  caf::core::init_global_meta_objects();
  auto config = caf::actor_system_config{};
  config.set("caf.scheduler.policy", "sharing");
  auto sys = caf::actor_system{config};
  auto ours = [&sys](std::string name, const char* program, peer::connection_kind connection) {
    auto options = peer::start_options{.exec = peer::exec{program}, .connection = connection};
    return contender{std::move(name), [=, &sys] { return measure_libpeer(sys, options); }};
  };
  auto contenders = std::vector<contender>{
      ours("libpeer, C++, inherited", PEER_NODE, peer::inherited{}),
      ours("libpeer, C++, tcp", PEER_NODE, peer::tcp{}),
      ours("libpeer, C++, standard_io", PEER_NODE, peer::standard_io{}),
      ours("libpeer, erl, tcp", "erl", peer::tcp{}),
      ours("libpeer, erl, standard_io", "erl", peer::standard_io{}),
      {"OTP, erl, tcp", measure_otp("tcp", starts)},
      {"OTP, erl, standard_io", measure_otp("standard_io", starts)},
  };
  for (auto i = 0ul; i < starts; ++i) {
    std::fprintf(stderr, "start %lu of %lu\n", i + 1, starts);
    for (auto& x : contenders)
      x.found.push_back(x.measure());
  }
  std::printf("one after the other; medians of %lu starts\n", starts);
  std::printf("%-28s %12s %12s\n", "", "start [ms]", "stop [ms]");
  for (auto& x : contenders) {
    auto stop = median(x.found, &figures::stop);
    std::printf("%-28s %12.1f", x.name.c_str(), median(x.found, &figures::start));
    if (stop > 0)
      std::printf(" %12.1f\n", stop);
    else
      std::printf(" %12s\n", "-");
  }
}
