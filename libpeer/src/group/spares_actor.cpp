// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "group/spares_actor.hpp"

#include "base/caf_compat.hpp"
#include "loop/pinned.hpp"
#include "origin/control.hpp"
#include "origin/incarnation.hpp"
#include "peer/error.hpp"
#include "supervisor/backoff_state.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <utility>

namespace peer::internal::group {

namespace {

/// A process that is not a member. Its number is that of the member whose options it has.
struct spare {
  std::size_t number;
  control_actor control;
  bool running = false;
};

/// Data of a member, to notice its end.
struct place {
  std::size_t number;
  caf::actor_addr control;
};

class spares_impl final : public loop::pinned<spares_actor::base> {
public:
  spares_impl(caf::actor_config& cfg, loop::habitat where, std::shared_ptr<roster> members, origin::launcher launch,
              std::vector<start_options> options)
      : pinned(cfg, std::move(where)),
        launch_(std::move(launch)),
        members_(std::move(members)),
        options_(std::move(options)),
        backoffs_(options_.size()) {
    for (auto& x : options_)
      if (!std::holds_alternative<caf::timespan>(x.wait_boot))
        x.wait_boot = caf::timespan{defaults::boot_limit}; // the start of a spare is not reported
  }

  const char* name() const override { return "peer.spares"; }

  behavior_type make_behavior() override {
    set_down_handler([this](caf::down_msg& msg) { on_down(msg); });
    set_exit_handler([](caf::exit_msg&) {}); // stray messages are dropped
    set_error_handler([](caf::error&) {});
    set_default_handler([](caf::scheduled_actor*, caf::message&) -> caf::skippable_result { return caf::message{}; });
    for (auto& member : members_->actors()) {
      monitor(member);
      places_.push_back({places_.size(), member.address()});
    }
    for (auto number = places_.size(); number < options_.size(); ++number)
      start(number);
    return {[this](stop_atom) { leave(); }};
  }

  void on_exit() override {
    for (auto& x : spares_)
      base::send_anonymous(x.control, stop_atom_v);
    for (auto& timer : timers_)
      timer.dispose();
    pinned::on_exit();
  }

private:
  void start(std::size_t number) {
    auto note = std::make_shared<end_note>();
    auto control = origin::spawn_control(home_system(), where(), launch_, options_[number], nullptr,
                                         [note](auto& report) { note->set(report); });
    members_->add_note(control, std::move(note));
    spares_.push_back({number, control});
    monitor(control);
    request(control, caf::infinite, await_boot_atom_v)
        .then([this, control](const peer_status& status) { on_running(control, status.node); },
              [this](caf::error& why) { members_->note_failure(std::move(why)); }); // its exit follows
  }

  void on_running(const control_actor& control, const atom& node) {
    auto i = find_spare(control.address());
    if (i == spares_.end())
      return;
    i->running = true;
    backoffs_[i->number].on_started(clock().now());
    std::rotate(i, i + 1, spares_.end()); // as in the roster: in the order in which they came up
    members_->add_spare(handle{home_system(), control, node});
    fill_places();
  }

  void fill_places() {
    auto next = std::find_if(spares_.begin(), spares_.end(), [](auto& x) { return x.running; });
    if (vacant_.empty() || next == spares_.end())
      return;
    members_->replace(vacant_.front());
    places_[vacant_.front()] = {next->number, next->control.address()};
    vacant_.pop_front();
    spares_.erase(next);
  }

  void on_down(const caf::down_msg& msg) {
    if (auto i = find_spare(msg.source); i != spares_.end()) {
      if (i->running)
        members_->note_failure(msg.reason ? msg.reason : fail(errc::noproc, "a spare has ended by itself"));
      members_->remove_spare(i->control);
      auto number = i->number;
      spares_.erase(i);
      return start_later(number);
    }
    auto i = std::find_if(places_.begin(), places_.end(), [&](auto& x) { return x.control == msg.source; });
    if (i == places_.end())
      return;
    vacant_.push_back(static_cast<std::size_t>(i - places_.begin()));
    i->control = nullptr;
    start_later(i->number);
    fill_places();
  }

  /// Not at once: it may end as soon as the one before.
  void start_later(std::size_t number) {
    auto random = std::generate_canonical<double, 32>(random_);
    auto delay = backoffs_[number].next(restart_backoff{}, clock().now(), random);
    std::erase_if(timers_, [](auto& timer) { return timer.disposed(); });
    timers_.push_back(run_delayed(delay, [this, number] { start(number); }));
  }

  void leave() {
    auto all = std::vector<control_actor>{};
    for (auto& x : std::exchange(spares_, {}))
      all.push_back(x.control);
    members_->leave(std::move(all));
    quit();
  }

  std::vector<spare>::iterator find_spare(const caf::actor_addr& control) {
    return std::find_if(spares_.begin(), spares_.end(), [&](auto& x) { return x.control.address() == control; });
  }

  origin::launcher launch_;
  std::shared_ptr<roster> members_;
  std::vector<start_options> options_; ///< by number, as the next
  std::vector<supervisor::backoff_state> backoffs_;
  std::vector<place> places_;
  std::deque<std::size_t> vacant_; ///< places whose members have ended
  std::vector<spare> spares_;      ///< also those that do not run yet
  std::vector<caf::disposable> timers_;
  std::minstd_rand random_{std::random_device{}()};
};

} // namespace

caf::expected<spares_actor> spawn_spares(caf::actor_system& sys, std::shared_ptr<roster> members,
                                         std::vector<start_options> options) {
  auto where = loop::event_loop::of(sys);
  if (!where)
    return std::move(where.error());
  return loop::spawn_pinned<spares_impl>(sys, *where, std::move(members), origin::process_launcher(*where),
                                         std::move(options));
}

} // namespace peer::internal::group
