// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/group.hpp"

#include "group/conversation.hpp"
#include "group/map_actor.hpp"
#include "group/roster.hpp"
#include "group/spares_actor.hpp"
#include "origin/ask.hpp"
#include "origin/command_line.hpp"
#include "origin/control.hpp"
#include "process/kernel_limits.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

namespace peer {

namespace {

caf::error invalid(std::string text) {
  return fail(errc::invalid_option, std::move(text));
}

/// The options of all members, and then of the spares; an error if not all of them can be started.
caf::expected<std::vector<start_options>> options_of_peers(const group_options& options) {
  if (options.size == 0)
    return invalid("size must be at least 1, not 0");
  auto result = std::vector<start_options>(options.size + options.spares, options.each);
  auto cpus = options.spread_over_cpus ? internal::process::usable_cpus() : std::vector<int>{};
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (!cpus.empty())
      result[i].process.cpu_affinity = {cpus[i % cpus.size()]};
    if (options.adapt)
      options.adapt(i, result[i]);
    if (auto err = validate(result[i]))
      return internal::group::of_member(err, i);
    if (result[i].wait_boot.index() != result[0].wait_boot.index())
      return internal::group::of_member(invalid("wait_boot must be of the same kind as that of member 0"), i);
    if (options.spares > 0 && result[i].peer_down == peer_down::continue_)
      return internal::group::of_member(
          invalid("peer_down must not be continue in a group with spares, which must notice its end"), i);
  }
  return result;
}

/// Peers whose ends are noted.
struct started_members {
  std::vector<control_actor> actors;
  std::vector<atom> nodes;
  std::vector<std::shared_ptr<const internal::group::end_note>> notes;

  /// Makes a roster of them.
  std::shared_ptr<internal::group::roster> enrol(caf::actor_system& sys) const {
    auto members = std::vector<handle>{};
    for (std::size_t i = 0; i < actors.size(); ++i)
      members.emplace_back(sys, actors[i], nodes[i]);
    auto result = std::make_shared<internal::group::roster>(std::move(members));
    for (std::size_t i = 0; i < actors.size(); ++i)
      result->add_note(actors[i], notes[i]);
    return result;
  }
};

/// Starts peers and leaves it to others to wait for them.
caf::expected<started_members> start_members(caf::actor_system& sys, std::vector<start_options> options) {
  auto where = internal::loop::event_loop::of(sys);
  if (!where)
    return std::move(where.error());
  auto result = started_members{};
  for (auto& x : options) {
    auto note = std::make_shared<internal::group::end_note>();
    result.nodes.push_back(internal::origin::name_before_boot(x));
    result.actors.push_back(internal::origin::spawn_control(sys, *where, internal::origin::process_launcher(*where),
                                                            std::move(x), nullptr,
                                                            [note](auto& report) { note->set(report); }));
    result.notes.push_back(std::move(note));
  }
  return result;
}

/// Starts peers and waits until they run; stops all if one does not.
caf::expected<started_members> boot_members(caf::actor_system& sys, std::vector<start_options> options) {
  auto started = start_members(sys, std::move(options));
  if (!started)
    return std::move(started.error());
  auto& result = *started;
  auto booted = internal::group::ask_all<peer_status>(sys, result.actors, await_boot_atom_v, caf::infinite,
                                                      internal::group::after_failure::give_up);
  auto failed = std::find_if(booted.begin(), booted.end(), [](auto& x) { return !x; });
  if (failed != booted.end()) {
    internal::group::ask_all<stop_report>(sys, result.actors, stop_atom_v);
    return std::move(failed->error());
  }
  for (std::size_t i = 0; i < booted.size(); ++i)
    result.nodes[i] = std::move(booted[i]->node);
  return started;
}

/// A time-out for several steps together. Returns the remaining time.
class time_left {
public:
  explicit time_left(caf::timespan all) : all_(all) {}

  caf::timespan operator()() const {
    if (all_ == caf::infinite)
      return all_;
    auto passed = std::chrono::steady_clock::now() - began_;
    return std::max(caf::timespan{0}, all_ - std::chrono::duration_cast<caf::timespan>(passed));
  }

private:
  caf::timespan all_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

template <class Result>
caf::error first_failure(const internal::group::results<Result>& all) {
  for (std::size_t i = 0; i < all.size(); ++i)
    if (!all[i])
      return internal::group::of_member(all[i].error(), i);
  return {};
}

/// How a peer whose control actor has exited has ended, as far as its exit reason names that.
std::optional<stop_report> report_of(caf::actor_system& sys, const control_actor& control) {
  auto why = internal::origin::exit_reason_of(sys, control);
  auto ended = failure_of(why);
  return ended ? std::optional{stop_report{stop_step::none, ended->status, ended->survivors}} : std::nullopt;
}

caf::expected<process_usage> usage_of_peer(const caf::expected<peer_status>& status) {
  if (!status)
    return status.error();
  if (status->reason)
    return status->reason;
  if (status->process_id)
    if (auto usage = usage_of(*status->process_id))
      return *usage;
  return fail(errc::noproc, "the peer has no process whose usage can be read");
}

} // namespace

// -- group ------------------------------------------------------------------------------------------------------------

group::group(caf::actor_system& sys, std::vector<handle> members)
    : sys_(&sys), members_(std::make_shared<internal::group::roster>(std::move(members))) {
  // nop
}

group::group(caf::actor_system& sys, std::shared_ptr<internal::group::roster> members, caf::actor keeper)
    : sys_(&sys), members_(std::move(members)), keeper_(std::move(keeper)) {
  // nop
}

group::iterator::iterator(std::shared_ptr<const internal::group::roster> members, std::size_t index)
    : members_(std::move(members)), index_(index) {
  load();
}

void group::iterator::load() {
  if (index_ < members_->size())
    current_.emplace(members_->at(index_));
}

std::size_t group::size() const noexcept {
  return members_->size();
}

handle group::operator[](std::size_t index) const {
  return members_->at(index);
}

spares_state group::spares() const {
  return members_->spares();
}

group group::within(caf::timespan timeout) const {
  auto result = *this;
  result.timeout_ = timeout;
  return result;
}

caf::error group::barrier(caf::timespan timeout) const {
  // A message to a name waits at the origin until the peer has booted. A call does not.
  auto left = time_left{timeout};
  if (auto err =
          first_failure(internal::group::ask_all<peer_status>(*sys_, members_->actors(), await_boot_atom_v, timeout)))
    return err;
  for (auto& answer : within(left()).multicall<void>("erlang", "node"))
    if (!answer)
      return std::move(answer.error());
  return {};
}

std::vector<caf::expected<process_usage>> group::usage() const {
  auto result = std::vector<caf::expected<process_usage>>{};
  for (auto& status : internal::group::ask_all<peer_status>(*sys_, members_->actors(), get_state_atom_v, timeout_))
    result.push_back(usage_of_peer(status));
  return result;
}

std::vector<caf::expected<stop_report>> group::stop() const {
  if (keeper_) // a failure has been reported before
    static_cast<void>(internal::origin::ask<void>(*sys_, caf::actor_cast<internal::group::spares_actor>(keeper_),
                                                  "the actor of the group's spares", stop_atom_v));
  auto all = members_->actors();
  auto spares = members_->take_left();
  all.insert(all.end(), spares.begin(), spares.end());
  auto reports = internal::group::ask_all<stop_report>(*sys_, all, stop_atom_v);
  for (std::size_t i = 0; i < reports.size(); ++i) {
    auto known = members_->take_end_of(all[i]);
    if (reports[i] || delivery_of(reports[i].error()) != delivery::not_delivered) // its control actor was there
      continue;
    if (!known)
      known = report_of(*sys_, all[i]);
    if (known)
      reports[i] = std::move(*known);
  }
  return reports;
}

caf::error group::of_member(const caf::error& why, std::size_t index) {
  return internal::group::of_member(why, index);
}

group::answers group::request_calls(std::string_view module, std::string_view function, byte_buffer arguments) const {
  auto request = call_request{std::string{module}, std::string{function}, std::move(arguments), timeout_};
  return internal::group::ask_all<encoded_term>(*sys_, members_->actors(), std::move(request), timeout_);
}

group::answers group::request_map(std::string_view module, std::string_view function,
                                  std::vector<caf::expected<byte_buffer>> items, const map_options& options) const {
  if (options.outstanding == 0 || options.attempts == 0)
    return answers(items.size(), invalid("outstanding and attempts must be at least 1"));
  if (size() == 0)
    return answers(items.size(), fail(errc::noproc, "the group has no members"));
  auto request = internal::group::map_request{std::string{module}, std::string{function}, {}, timeout_, options};
  for (auto& item : items)
    if (item)
      request.items.push_back(std::move(*item));
  auto results = internal::group::map_items(*sys_, members_->actors(), std::move(request));
  auto next = results.begin();
  auto result = answers{};
  for (auto& item : items)
    if (item)
      result.push_back(std::move(*next++));
    else
      result.emplace_back(std::move(item.error()));
  return result;
}

void group::start_casts(std::string_view module, std::string_view function, const byte_buffer& arguments) const {
  auto left = time_left{timeout_};
  for (auto& member : *this)
    member.within(left()).start_cast(module, function, arguments);
}

void group::start_sends(std::string_view registered_name, const byte_buffer& content) const {
  auto left = time_left{timeout_};
  for (auto& member : *this)
    member.within(left()).start_send(atom{registered_name}, content);
}

// -- start_group ------------------------------------------------------------------------------------------------------

caf::expected<group> start_group(caf::actor_system& sys, const group_options& options) {
  auto each = options_of_peers(options);
  if (!each)
    return std::move(each.error());
  auto waits = std::holds_alternative<caf::timespan>(each->front().wait_boot);
  if (auto err = waits ? internal::origin::check_may_block() : caf::error{})
    return err;
  auto of_members =
      std::vector<start_options>{each->begin(), each->begin() + static_cast<std::ptrdiff_t>(options.size)};
  auto members = waits ? boot_members(sys, std::move(of_members)) : start_members(sys, std::move(of_members));
  if (!members)
    return std::move(members.error());
  auto places = members->enrol(sys);
  if (options.spares == 0)
    return group{sys, std::move(places), nullptr};
  auto keeper = internal::group::spawn_spares(sys, places, std::move(*each));
  if (!keeper)
    return std::move(keeper.error());
  return group{sys, std::move(places), caf::actor_cast<caf::actor>(std::move(*keeper))};
}

} // namespace peer
