// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Measures calls with a large argument and result, from libpeer and from OTP's own peer module, in turn.
//
//   bandwidth_benchmark [LARGEST [ROUNDS]]

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

/// Runs one call with that many MiB. Returns milliseconds.
using measurement = std::function<double(std::size_t)>;

struct contender {
  std::string name;
  std::size_t largest; ///< MiB
  measurement measure;
};

peer::handle start(caf::actor_system& sys, std::string program, peer::connection_kind connection) {
  auto worker = peer::start(sys, {.exec = peer::exec{std::move(program)}, .connection = std::move(connection)});
  if (!worker) {
    std::fprintf(stderr, "%s\n", peer::describe(worker.error()).c_str());
    std::exit(1);
  }
  return worker->within(caf::infinite);
}

double echo(const peer::handle& worker, bool is_erl, std::size_t size) {
  auto payload = std::vector<std::byte>(size << 20, std::byte{'x'});
  auto begin = clock_type::now();
  auto result = is_erl ? worker.call<std::vector<std::byte>>("erlang", "max", payload, 0)
                       : worker.call<std::vector<std::byte>>("peer_node", "echo", payload);
  auto passed = clock_type::now() - begin;
  if (!result || *result != payload) {
    std::fprintf(stderr, "the payload did not come back\n");
    std::exit(1);
  }
  return std::chrono::duration<double, std::milli>(passed).count();
}

measurement libpeer(caf::actor_system& sys, bool is_erl, peer::connection_kind connection) {
  auto worker = start(sys, is_erl ? "erl" : PEER_NODE, std::move(connection));
  return [worker, is_erl](std::size_t size) { return echo(worker, is_erl, size); };
}

measurement otp(const char* connection) {
  return [connection](std::size_t size) {
    auto command = "escript " OTP_SCRIPT " " + std::to_string(size) + " " + connection + " erl";
    auto pipe = popen(command.c_str(), "r");
    auto result = 0.0;
    if (pipe == nullptr || std::fscanf(pipe, "%lf", &result) != 1 || pclose(pipe) != 0) {
      std::fprintf(stderr, "cannot run: %s\n", command.c_str());
      std::exit(1);
    }
    return result;
  };
}

double median(std::vector<double> xs) {
  std::sort(xs.begin(), xs.end());
  return xs[xs.size() / 2];
}

void run(caf::actor_system& sys, std::size_t largest, std::size_t rounds) {
  auto contenders = std::vector<contender>{
      {"C++ inherited", largest, libpeer(sys, false, peer::inherited{})},
      {"C++ standard_io", largest, libpeer(sys, false, peer::standard_io{})},
      {"C++ tcp", largest, libpeer(sys, false, peer::tcp{})},
      {"erl standard_io", std::min<std::size_t>(largest, 32), libpeer(sys, true, peer::standard_io{})},
      {"erl tcp", largest, libpeer(sys, true, peer::tcp{})},
      {"OTP standard_io", std::min<std::size_t>(largest, 32), otp("standard_io")},
      {"OTP tcp", largest, otp("tcp")},
  };
  std::printf("%6s", "MiB");
  for (auto& each : contenders)
    std::printf("  %15s", each.name.c_str());
  std::printf("   (ms)\n");
  for (auto size = std::size_t{1}; size <= largest; size *= 2) {
    std::printf("%6zu", size);
    auto times = std::vector<std::vector<double>>(contenders.size());
    for (auto round = std::size_t{0}; round < rounds; ++round)
      for (auto i = std::size_t{0}; i < contenders.size(); ++i)
        if (size <= contenders[i].largest)
          times[i].push_back(contenders[i].measure(size));
    for (auto& each : times)
      each.empty() ? std::printf("  %15s", "-") : std::printf("  %15.1f", median(each));
    std::printf("\n");
    std::fflush(stdout);
  }
}

} // namespace

int main(int argc, char** argv) {
  peer::init_global_meta_objects();
  caf::core::init_global_meta_objects();
  auto config = caf::actor_system_config{};
  config.set("caf.scheduler.policy", "sharing");
  auto sys = caf::actor_system{config};
  run(sys, argc > 1 ? std::stoul(argv[1]) : 64, argc > 2 ? std::stoul(argv[2]) : 3);
}
