// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "base/caf_compat.hpp"
#include "support/origin.hpp"

#include "caf/all.hpp"

namespace {

/// Makes so many calls, and makes the next one whenever an answer comes. Ends after the last answer.
class caller final : public caf::event_based_actor {
public:
  caller(caf::actor_config& cfg, peer::control_actor control, std::size_t calls, std::size_t outstanding)
      : event_based_actor(cfg), control_(std::move(control)), left_(calls), outstanding_(outstanding) {}

  caf::behavior make_behavior() override {
    for (auto i = std::size_t{0}; i < outstanding_; ++i)
      call();
    return {};
  }

private:
  void call() {
    if (left_ == 0)
      return;
    --left_;
    auto request = peer::call_request{"erlang", "node", arguments_, caf::infinite};
    peer::internal::base::request_from(this, control_, caf::infinite, std::move(request))
        .then([this](const peer::encoded_term&) { call(); },
              [](const caf::error& why) { bench::fail(peer::describe(why)); });
  }

  peer::control_actor control_;
  peer::byte_buffer arguments_ = bench::value_of(peer::encode_arguments());
  std::size_t left_; ///< calls that have not been made yet
  std::size_t outstanding_;
};

double seconds(bench::origin& origin, const peer::handle& worker, std::size_t calls, std::size_t outstanding) {
  auto self = caf::scoped_actor{origin.system()};
  auto watch = bench::stopwatch{};
  self->monitor(self->spawn<caller>(worker.actor(), calls, outstanding));
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
