// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/group.hpp"
#include "support/origin.hpp"

#include "caf/all.hpp"

namespace {

/// Milliseconds that a member works.
constexpr auto work_time = 10;

bench::figures measure(std::size_t repeats, const std::function<void()>& nothing, const std::function<void()>& work) {
  auto median_ms = [&](auto& f) { return bench::median(bench::time_each(repeats, f)) / 1000; };
  auto idle = median_ms(nothing);
  return {{"node_ms", idle}, {"work_ms", median_ms(work)}};
}

template <class... Ts>
void call_all(const peer::group& members, const char* module, const char* function, const Ts&... xs) {
  for (auto& answer : members.multicall<void>(module, function, xs...))
    bench::value_of(std::move(answer));
}

template <class... Ts>
void call_each(const peer::group& members, const char* module, const char* function, const Ts&... xs) {
  for (auto& member : members)
    bench::value_of(member.call<void>(module, function, xs...));
}

bench::figures start_and_stop(bench::origin& origin, const peer::group_options& options) {
  auto watch = bench::stopwatch{};
  auto members = bench::value_of(peer::start_group(origin.system(), options));
  auto started = watch.milliseconds();
  for (auto& report : members.stop())
    bench::value_of(std::move(report));
  return {{"start_ms", started}, {"stop_ms", watch.milliseconds() - started}};
}

} // namespace

/// Calls into all members of a group, at once and one after the other.
int main(int argc, char** argv) {
  auto suite = bench::suite{"group", "What does it cost to ask many peers?", {.rounds = 3, .repeats = 20}};
  auto size = std::size_t{50};
  suite.option("--peers", size, "members of the group");
  suite.parse(argc, argv);
  auto origin = bench::origin{suite.options()};
  auto repeats = suite.options().repeats;
  auto options =
      peer::group_options{.each = {.exec = peer::exec{PEER_NODE}, .connection = peer::inherited{}}, .size = size};
  auto members = bench::value_of(peer::start_group(origin.system(), options)).within(caf::infinite);
  suite.add("libpeer multicall", [&] {
    return measure(
        repeats, [&] { call_all(members, "erlang", "node"); }, [&] { call_all(members, "timer", "sleep", work_time); });
  });
  suite.add("libpeer one by one", [&] {
    return measure(
        repeats, [&] { call_each(members, "erlang", "node"); },
        [&] { call_each(members, "timer", "sleep", work_time); });
  });
  suite.add("libpeer start_group", [&] { return start_and_stop(origin, options); });
  return suite.run();
}
