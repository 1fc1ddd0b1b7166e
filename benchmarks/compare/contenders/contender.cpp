// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "contender.hpp"
#include "server_process.hpp"
#include "support/suite.hpp"

#include <cstdio>

namespace contenders {

namespace {

struct question {
  std::string name;
  std::string text;
  std::size_t repeats;
  std::function<bench::figures(client&, std::size_t repeats)> measure;
};

bench::figures measure_call(client& server, std::size_t calls) {
  for (auto i = 0; i < 1000; ++i) // to warm up
    server.call();
  return bench::latency_figures(bench::time_each(calls, [&] { server.call(); }));
}

bench::figures measure_throughput(client& server, std::size_t calls) {
  server.call_often(1000); // to warm up
  auto watch = bench::stopwatch{};
  server.call_often(calls);
  return {{"calls_per_s", static_cast<double>(calls) / watch.seconds()}};
}

bench::figures measure_bandwidth(client& server, std::size_t repeats) {
  auto payload = std::string(1 << 20, 'x');
  server.echo(payload); // to warm up
  auto median = bench::median(bench::time_each(repeats * 8, [&] { server.echo(payload); }));
  return {{"1MiB_MiB_per_s", 1e6 / median}};
}

std::vector<question> questions() {
  return {{"call", "How long does a call take?", 10000, measure_call},
          {"throughput", "How many calls per second with 64 outstanding?", 50000, measure_throughput},
          {"bandwidth", "How fast does 1 MiB go there and back?", 3, measure_bandwidth}};
}

template <class T>
const T& find(const std::vector<T>& xs, const std::string& name) {
  for (auto& each : xs)
    if (each.name == name)
      return each;
  auto names = std::string{};
  for (auto& each : xs)
    names += " " + each.name;
  bench::fail("\"" + name + "\" is none of" + names);
}

} // namespace

int run(int argc, char** argv, const std::vector<contender>& contenders) {
  if (argc == 3 && std::string{argv[1]} == "--serve") {
    find(contenders, argv[2]).serve();
    return 0;
  }
  auto known = questions();
  auto& asked = find(known, argc > 1 ? argv[1] : "");
  auto suite = bench::suite{asked.name, asked.text, {.repeats = asked.repeats}};
  suite.parse(argc - 1, argv + 1);
  for (auto& each : contenders)
    suite.add(each.name, [&suite, &each, &asked] {
      auto server = server_process{each.name};
      return asked.measure(*each.connect(server.address()), suite.options().repeats);
    });
  return suite.run();
}

} // namespace contenders
