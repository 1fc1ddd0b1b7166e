// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "group/map_actor.hpp"

#include "group/conversation.hpp"
#include "origin/outstanding_calls.hpp"
#include "peer/error.hpp"

#include "caf/all.hpp"

#include <utility>

namespace peer::internal::group {

namespace {

class map_actor final : public conversation<encoded_term> {
public:
  map_actor(caf::actor_config& cfg, loop::habitat place, std::size_t size, std::promise<results<encoded_term>> waiter,
            std::vector<control_actor> peers, map_request request)
      : conversation(cfg, std::move(place), size, std::move(waiter)),
        peers_(std::move(peers)),
        request_(std::move(request)),
        work_(size, peers_.size(), request_.options) {}

  const char* name() const override { return "peer.map"; }

  caf::behavior make_behavior() override {
    begin();
    distribute();
    return {[](base::poke_atom) {}};
  }

  void on_exit() override {
    timer_.dispose();
    conversation::on_exit();
  }

private:
  using table = origin::outstanding_calls<work_list::assignment>;

  void distribute() {
    while (auto next = work_.next())
      give(*next);
    for (auto item : work_.take_stranded())
      set(item, last_error_);
    watch_deadlines();
  }

  void give(const work_list::assignment& x) {
    auto number = calls_.add(x, clock().now(), request_.timeout);
    request(peers_[x.peer], caf::infinite,
            call_request{request_.module, request_.function, request_.items[x.item], request_.timeout})
        .then([this, number](encoded_term& result) { on_result(number, std::move(result)); },
              [this, number](const caf::error& why) { on_error(number, why); });
  }

  void on_result(std::uint64_t number, encoded_term result) {
    auto call = calls_.take(number);
    if (!call)
      return; // it came too late
    work_.finish(*call);
    set(call->item, std::move(result));
    distribute();
  }

  void on_error(std::uint64_t number, const caf::error& why) {
    auto call = calls_.take(number);
    if (!call)
      return;
    fail(*call, why);
    distribute();
  }

  void fail(const work_list::assignment& call, const caf::error& why) {
    last_error_ = from_request(why);
    if (!work_.fail(call, why))
      set(call.item, last_error_);
  }

  /// The control actors keep the same deadlines; one that a system message has suspended does not.
  void watch_deadlines() {
    auto next = calls_.next_check();
    if (next >= timer_time_)
      return;
    timer_.dispose();
    timer_time_ = next;
    timer_ = run_scheduled(next, [this] {
      timer_time_ = table::never;
      for (auto& [number, call] : calls_.take_expired(clock().now()))
        fail(call, peer::fail(errc::timeout, "the call of " + request_.module + ":" + request_.function
                                                 + " was not answered in time"));
      distribute();
    });
  }

  std::vector<control_actor> peers_;
  map_request request_;
  work_list work_;
  table calls_;
  caf::error last_error_; ///< what failed last
  caf::disposable timer_;
  table::time_point timer_time_ = table::never;
};

} // namespace

std::vector<caf::expected<encoded_term>> map_items(caf::actor_system& sys, const std::vector<control_actor>& peers,
                                                   map_request request) {
  auto size = request.items.size();
  return converse<encoded_term, map_actor>(sys, size, peers, std::move(request));
}

} // namespace peer::internal::group
