// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Measures calls into a real Erlang node over standard I/O, from libpeer and from OTP's own peer module, in turn.
//
//   call_benchmark [CALLS [ROUNDS]]

#include "peer/peer.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;

/// The figures of one round: microseconds, microseconds, calls per second.
struct figures {
  double median = 0;
  double p99 = 0;
  double rate = 0;
};

double microseconds(clock_type::duration x) {
  return std::chrono::duration<double, std::micro>(x).count();
}

figures from_latencies(std::vector<double>& xs) {
  std::sort(xs.begin(), xs.end());
  return {xs[xs.size() / 2], xs[xs.size() * 99 / 100], 0};
}

// -- libpeer ----------------------------------------------------------------------------------------------------------

figures one_caller(const peer::handle& worker, std::size_t calls) {
  auto times = std::vector<double>{};
  for (std::size_t i = 0; i < calls; ++i) {
    auto begin = clock_type::now();
    if (auto result = worker.call<int>("erlang", "abs", -1); !result || *result != 1)
      std::abort();
    times.push_back(microseconds(clock_type::now() - begin));
  }
  return from_latencies(times);
}

/// Keeps 64 calls outstanding from one event-based actor.
double pipelined(caf::actor_system& sys, const peer::handle& worker, std::size_t calls) {
  auto begin = clock_type::now();
  auto self = caf::scoped_actor{sys};
  self->spawn<caf::monitored>([control = worker.actor(), calls](caf::event_based_actor* me) {
    auto left = std::make_shared<std::size_t>(calls);
    auto next = std::make_shared<std::function<void()>>();
    auto arguments = *peer::encode_arguments(-1);
    *next = [=] {
      if (*left == 0)
        return;
      --*left;
      me->request(control, caf::infinite, peer::call_request{"erlang", "abs", arguments, caf::infinite})
          .then([=](const peer::encoded_term&) { (*next)(); }, [](const caf::error&) { std::abort(); });
    };
    for (auto i = 0; i < 64; ++i)
      (*next)();
  });
  self->receive([](const caf::down_msg&) {});
  return static_cast<double>(calls) / std::chrono::duration<double>(clock_type::now() - begin).count();
}

figures measure_libpeer(caf::actor_system& sys, std::size_t calls) {
  auto options = peer::start_options{};
  options.exec = peer::exec{"erl"};
  auto worker = peer::start(sys, options);
  if (!worker) {
    std::fprintf(stderr, "%s\n", peer::describe(worker.error()).c_str());
    std::exit(1);
  }
  one_caller(*worker, 1000);
  auto result = one_caller(*worker, calls);
  result.rate = pipelined(sys, *worker, calls);
  static_cast<void>(worker->stop());
  return result;
}

// -- OTP --------------------------------------------------------------------------------------------------------------

figures measure_otp(std::size_t calls) {
  auto command = "escript " OTP_SCRIPT " " + std::to_string(calls);
  auto result = figures{};
  auto pipe = popen(command.c_str(), "r");
  if (pipe == nullptr || std::fscanf(pipe, "%lf %lf %lf", &result.median, &result.p99, &result.rate) != 3) {
    std::fprintf(stderr, "'%s' failed\n", command.c_str());
    std::exit(1);
  }
  pclose(pipe);
  return result;
}

// -- report -----------------------------------------------------------------------------------------------------------

figures median_of(std::vector<figures> rounds) {
  auto pick = [&](double figures::*member) {
    std::sort(rounds.begin(), rounds.end(), [=](auto& x, auto& y) { return x.*member < y.*member; });
    return rounds[rounds.size() / 2].*member;
  };
  return {pick(&figures::median), pick(&figures::p99), pick(&figures::rate)};
}

void print(const char* who, const figures& x) {
  std::printf("%-28s %12.1f %12.1f %14.0f\n", who, x.median, x.p99, x.rate);
}

} // namespace

int main(int argc, char** argv) {
  auto calls = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 20000;
  auto rounds = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 5;
  peer::init_global_meta_objects();
  caf::core::init_global_meta_objects();
  auto config = caf::actor_system_config{};
  config.set("caf.scheduler.policy", "sharing");
  if (auto spin = std::getenv("SPIN_US"))
    put(config.content, "peer.spin", caf::timespan{std::chrono::microseconds{std::atoi(spin)}});
  auto sys = caf::actor_system{config};
  auto ours = std::vector<figures>{};
  auto otps = std::vector<figures>{};
  for (auto round = 0ul; round < rounds; ++round) {
    std::fprintf(stderr, "round %lu of %lu\n", round + 1, rounds);
    ours.push_back(measure_libpeer(sys, calls));
    otps.push_back(measure_otp(calls));
  }
  auto a = median_of(ours);
  auto b = median_of(otps);
  std::printf("erlang:abs(-1) in a real erl over standard_io; median of %lu rounds of %lu calls, not pinned\n", rounds,
              calls);
  std::printf("%-28s %12s %12s %14s\n", "", "median [us]", "p99 [us]", "64 out. [1/s]");
  print("libpeer", a);
  print("OTP peer:call", b);
  std::printf("%-28s %12.2f %12.2f %14.2f\n", "ratio", a.median / b.median, a.p99 / b.p99, a.rate / b.rate);
}
