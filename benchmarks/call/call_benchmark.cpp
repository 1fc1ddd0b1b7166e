// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Measures calls into C++ and Erlang peers over each connection, from libpeer and from OTP's own peer module, in turn.
//
//   call_benchmark [CALLS [ROUNDS]]

#include "peer/peer.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
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
    if (!worker.call<peer::atom>("erlang", "node"))
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
    auto arguments = *peer::encode_arguments();
    *next = [=] {
      if (*left == 0)
        return;
      --*left;
      me->request(control, caf::infinite, peer::call_request{"erlang", "node", arguments, caf::infinite})
          .then([=](const peer::encoded_term&) { (*next)(); }, [](const caf::error&) { std::abort(); });
    };
    for (auto i = 0; i < 64; ++i)
      (*next)();
  });
  self->receive([](const caf::down_msg&) {});
  return static_cast<double>(calls) / std::chrono::duration<double>(clock_type::now() - begin).count();
}

figures measure_libpeer(caf::actor_system& sys, const peer::start_options& options, std::size_t calls) {
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

figures measure_otp(const std::string& program, const std::string& connection, std::size_t calls) {
  auto command = "escript " OTP_SCRIPT " " + std::to_string(calls) + " " + connection + " " + program;
  auto result = figures{};
  auto pipe = popen(command.c_str(), "r");
  if (pipe == nullptr || std::fscanf(pipe, "%lf %lf %lf", &result.median, &result.p99, &result.rate) != 3) {
    std::fprintf(stderr, "'%s' failed\n", command.c_str());
    std::exit(1);
  }
  pclose(pipe);
  return result;
}

// -- contenders -------------------------------------------------------------------------------------------------------

/// One line of the table.
struct contender {
  std::string name;
  std::function<figures(std::size_t calls)> measure;
  std::vector<figures> rounds = {};
};

std::vector<contender> make_contenders(caf::actor_system& sys) {
  auto ours = [&sys](std::string name, const char* program, peer::connection_kind connection) {
    auto options = peer::start_options{.exec = peer::exec{program}, .connection = connection};
    return contender{std::move(name), [=, &sys](std::size_t calls) { return measure_libpeer(sys, options, calls); }};
  };
  auto otps = [](std::string name, std::string program, std::string connection) {
    return contender{std::move(name), [=](std::size_t calls) { return measure_otp(program, connection, calls); }};
  };
  return {
      ours("libpeer to C++, inherited", PEER_NODE, peer::inherited{}),
      ours("libpeer to C++, tcp", PEER_NODE, peer::tcp{}),
      ours("libpeer to C++, standard_io", PEER_NODE, peer::standard_io{}),
      ours("libpeer to erl, tcp", "erl", peer::tcp{}),
      ours("libpeer to erl, standard_io", "erl", peer::standard_io{}),
      otps("OTP to erl, tcp", "erl", "tcp"),
      otps("OTP to erl, standard_io", "erl", "standard_io"),
      otps("OTP to C++, tcp", PEER_NODE, "tcp"),
      otps("OTP to C++, standard_io", PEER_NODE, "standard_io"),
  };
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
  auto contenders = make_contenders(sys);
  for (auto round = 0ul; round < rounds; ++round)
    for (auto& x : contenders) {
      std::fprintf(stderr, "round %lu of %lu: %s\n", round + 1, rounds, x.name.c_str());
      x.rounds.push_back(x.measure(calls));
    }
  std::printf("erlang:node(); medians of %lu rounds of %lu calls, not pinned\n", rounds, calls);
  std::printf("%-28s %12s %12s %14s\n", "", "median [us]", "p99 [us]", "64 out. [1/s]");
  for (auto& x : contenders)
    print(x.name.c_str(), median_of(x.rounds));
}
