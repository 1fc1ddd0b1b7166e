// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "support/origin.hpp"

#include "caf/all.hpp"

namespace {

struct caller_state {
  std::size_t left = 0; ///< calls that have not been made yet
  std::size_t open = 0; ///< calls without an answer
};

using caller = caf::stateful_actor<caller_state>;

void call(caller* self, const peer::control_actor& control, const peer::byte_buffer& arguments) {
  --self->state.left;
  ++self->state.open;
  self->request(control, caf::infinite, peer::call_request{"erlang", "node", arguments, caf::infinite})
      .then(
          [=](const peer::encoded_term&) {
            --self->state.open;
            if (self->state.left > 0)
              call(self, control, arguments);
          },
          [](const caf::error& why) { bench::fail(peer::describe(why)); });
}

/// Makes so many calls, and makes the next one whenever an answer comes. Ends after the last answer.
void call_all(caller* self, const peer::control_actor& control, std::size_t calls, std::size_t outstanding) {
  self->state.left = calls;
  auto arguments = bench::value_of(peer::encode_arguments());
  for (auto i = std::size_t{0}; i < std::min(calls, outstanding); ++i)
    call(self, control, arguments);
}

double seconds(bench::origin& origin, const peer::handle& worker, std::size_t calls, std::size_t outstanding) {
  auto self = caf::scoped_actor{origin.system()};
  auto watch = bench::stopwatch{};
  self->spawn<caf::monitored>(call_all, worker.actor(), calls, outstanding);
  self->receive([](const caf::down_msg&) {});
  return watch.seconds();
}

bench::figures measure(bench::origin& origin, const peer::start_options& options, std::size_t calls,
                       std::size_t outstanding) {
  auto worker = origin.start(options);
  seconds(origin, worker, 1000, outstanding);
  auto rate = static_cast<double>(calls) / seconds(origin, worker, calls, outstanding);
  bench::stop(worker);
  return {{"calls_per_s", rate}};
}

} // namespace

/// Many calls outstanding, from one event-based actor.
int main(int argc, char** argv) {
  auto suite = bench::suite{"throughput", "How many calls per second?", {.rounds = 5, .repeats = 50000}};
  auto outstanding = std::size_t{64};
  suite.option("--outstanding", outstanding, "calls that wait for their answers at the same time");
  suite.parse(argc, argv);
  auto origin = bench::origin{suite.options()};
  auto repeats = suite.options().repeats;
  for (auto& kind : bench::all_peers())
    suite.add(kind.contender, [=, &origin] { return measure(origin, kind.options, repeats, outstanding); });
  bench::add_otp(suite, OTP_SCRIPT, {std::to_string(repeats), std::to_string(outstanding)},
                 bench::otp_programs::erl_and_worker);
  return suite.run();
}
