// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "supervisor/supervision.hpp"

#include "peer/failure.hpp"

#include "caf/exit_reason.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace peer::internal::supervisor {

supervision::host::~host() = default;

supervision::supervision(host& backend, supervisor_spec spec)
    : host_(backend), flags_(spec.flags), counter_(spec.flags.intensity, spec.flags.period) {
  if (simple()) {
    pattern_ = std::move(spec.children.front());
    return;
  }
  for (auto& child : spec.children) {
    auto id = child.id;
    children_.push_back({.id = std::move(id), .spec = std::move(child)});
  }
}

// -- events of children -----------------------------------------------------------------------------------------------

void supervision::on_ready(std::string_view id, std::uint64_t generation) {
  if (auto child = in_state(id, generation, child_state::starting)) {
    child->state = child_state::running;
    child->backoff.on_started(host_.now());
    answered(*child);
    host_.report(*child, event_kind::ready, {}, {});
    run();
  }
}

void supervision::on_ignored(std::string_view id, std::uint64_t generation) {
  if (auto child = in_state(id, generation, child_state::starting)) {
    answered(*child);
    drop_or_clear(*child);
    run();
  }
}

void supervision::on_start_failed(std::string_view id, std::uint64_t generation, error why) {
  if (auto child = in_state(id, generation, child_state::starting)) {
    answered(*child);
    child->last_end = why;
    host_.report(*child, event_kind::start_failed, why, {});
    start_has_failed(*child, std::move(why));
    run();
  }
}

void supervision::on_stopped(std::string_view id, std::uint64_t generation, error why) {
  if (auto child = in_state(id, generation, child_state::stopping)) {
    answered(*child);
    child->last_end = why;
    host_.report(*child, event_kind::stopped, why, {});
    child->state = child_state::undefined;
    if (!outlives_its_stop(*child))
      drop(id);
    run();
  }
}

void supervision::on_exit(std::string_view id, std::uint64_t generation, error why) {
  enqueue_end([this, id = std::string{id}, generation, why = std::move(why)] {
    if (auto child = in_state(id, generation, child_state::running); child && !over_)
      handle_exit(*child, why);
  });
}

void supervision::on_retry(std::string_view id, std::uint64_t retry) {
  enqueue_end([this, id = std::string{id}, retry] {
    auto child = lookup(id);
    if (child && !over_ && child->state == child_state::restarting && child->retry == retry)
      carry_out_restart(*child);
  });
}

// -- rules ------------------------------------------------------------------------------------------------------------

void supervision::handle_exit(child_record& child, const error& why) {
  child.last_end = why;
  host_.report(child, event_kind::exited, why, {});
  auto kind = classify(child.spec, why);
  auto type = child.spec.restart;
  if (kind == end_kind::final_ || type == restart_type::temporary
      || (type == restart_type::transient && kind == end_kind::normal))
    end_without_restart(child);
  else
    restart(child);
}

void supervision::end_without_restart(child_record& child) {
  auto spec = child.spec;
  drop_or_clear(child);
  shut_down_if_significant(spec);
}

void supervision::shut_down_if_significant(const child_spec& ended) {
  if (!ended.significant || flags_.auto_shutdown == auto_shutdown::never)
    return;
  auto lives = [](const child_record& x) { return x.spec.significant && x.state != child_state::undefined; };
  if (flags_.auto_shutdown == auto_shutdown::any_significant || std::none_of(children_.begin(), children_.end(), lives))
    begin_shutdown(caf::exit_reason::user_shutdown);
}

/// Counts a restart and carries it out, or gives up.
void supervision::restart(child_record& child) {
  if (!counter_.add(host_.now())) {
    host_.report(child, event_kind::gave_up, child.last_end, {});
    drop_or_clear(child);
    return begin_shutdown(caf::exit_reason::user_shutdown);
  }
  auto delay = caf::timespan{0};
  if (auto& rule = child.spec.backoff)
    delay = child.backoff.next(*rule, host_.now(), host_.random());
  host_.report(child, event_kind::restarting, child.last_end, delay);
  if (delay.count() > 0)
    delay_restart(child, delay);
  else
    carry_out_restart(child);
}

void supervision::delay_restart(child_record& child, caf::timespan delay) {
  child.state = child_state::restarting;
  ++child.retry;
  host_.retry_after(child, delay);
}

void supervision::carry_out_restart(child_record& child) {
  ++child.restarts;
  child.state = child_state::undefined;
  if (flags_.concurrent_starts)
    return start(child, purpose::restart_rule);
  auto todo = plan{.what = purpose::restart_rule};
  auto first = std::find_if(children_.begin(), children_.end(), [&](auto& x) { return &x == &child; });
  auto last = std::next(first);
  if (flags_.strategy == restart_strategy::one_for_all)
    first = children_.begin();
  if (flags_.strategy == restart_strategy::one_for_all || flags_.strategy == restart_strategy::rest_for_one)
    last = children_.end();
  for (auto i = first; i != last; ++i)
    todo.starts.push_back(i->id);
  todo.stops.assign(todo.starts.rbegin(), todo.starts.rend());
  begin(std::move(todo));
}

/// The effect of a failed start depends on its purpose.
void supervision::start_has_failed(child_record& child, error why) {
  child.state = child_state::undefined;
  auto failed = with_details_of(why, errc::failed_to_start_child,
                                "child '" + child.id + "' could not be started: " + describe(why));
  switch (child.started_for) {
  case purpose::boot:
    plan_->failed = failed;
    return begin_shutdown(std::move(failed));
  case purpose::add:
    plan_->failed = std::move(failed);
    return drop(child.id);
  case purpose::on_request:
  case purpose::apply:
    plan_->failed = std::move(failed);
    return;
  case purpose::restart_rule:
    if (classify(child.spec, child.last_end) == end_kind::final_)
      return end_without_restart(child); // the others are started nevertheless
    // The rest stays undefined. The next attempt is queued behind earlier events, and counts as a restart.
    if (plan_ && !flags_.concurrent_starts)
      plan_->starts.clear();
    child.state = child_state::restarting;
    enqueue_end([this, id = child.id, retry = ++child.retry] {
      auto again = lookup(id);
      if (again && !over_ && again->state == child_state::restarting && again->retry == retry)
        restart(*again);
    });
    return;
  case purpose::termination:
  case purpose::shutdown:
    return; // these start nothing
  }
}

// -- the loop ---------------------------------------------------------------------------------------------------------

void supervision::enqueue(std::function<void()> task) {
  tasks_.push_back(std::move(task));
  run();
}

/// The same for the end of a child, or what follows from it.
void supervision::enqueue_end(std::function<void()> task) {
  (flags_.concurrent_starts ? ends_ : tasks_).push_back(std::move(task));
  run();
}

/// Runs until an answer of the host is needed. The host may answer from within a call.
void supervision::run() {
  if (std::exchange(running_, true))
    return;
  while ((plan_ && step()) || run_task())
    ; // each makes progress
  running_ = false;
}

/// Runs a task that need not wait for the plan. Returns whether there was one.
bool supervision::run_task() {
  auto& next = !ends_.empty() && !stops_children() ? ends_ : tasks_;
  if (next.empty() || (plan_ && &next == &tasks_))
    return false;
  auto task = std::move(next.front());
  next.pop_front();
  task();
  return true;
}

/// Whether the plan has children to stop, or waits for one.
bool supervision::stops_children() const noexcept {
  auto stops = [](const child_record& x) { return x.awaited && x.state == child_state::stopping; };
  return plan_ && (!plan_->stops.empty() || std::any_of(children_.begin(), children_.end(), stops));
}

void supervision::begin(plan what) {
  plan_ = std::move(what);
  for (auto& child : children_)
    answered(child); // the answer was for the plan that is cut short
}

void supervision::await(child_record& child) {
  child.awaited = true;
  ++awaited_;
}

void supervision::answered(child_record& child) {
  if (std::exchange(child.awaited, false))
    --awaited_;
}

bool supervision::step() {
  auto starts_now = flags_.concurrent_starts && !plan_->starts.empty() && !stops_children();
  if (awaited_ > 0 && !starts_now)
    return false;
  if (!plan_->stops.empty())
    stop_next();
  else if (!plan_->starts.empty())
    start_next();
  else
    finish_plan();
  return true;
}

void supervision::stop_next() {
  // The children of a simple_one_for_one supervisor do not depend on each other: they stop all at once.
  auto all = simple() ? plan_->stops.size() : std::size_t{1};
  auto now = std::vector<std::string>(plan_->stops.begin(), plan_->stops.begin() + static_cast<std::ptrdiff_t>(all));
  plan_->stops.erase(plan_->stops.begin(), plan_->stops.begin() + static_cast<std::ptrdiff_t>(all));
  for (auto& id : now) {
    auto child = lookup(id);
    if (!child)
      continue;
    if (child->state == child_state::running || child->state == child_state::starting) {
      child->state = child_state::stopping;
      await(*child);
      host_.report(*child, event_kind::stopping, {}, {});
      host_.stop(*child);
    } else if (child->state == child_state::stopping) {
      await(*child); // stopped by the plan that was cut short
    } else {
      child->state = child_state::undefined;
      if (!outlives_its_stop(*child))
        drop(id);
    }
  }
}

void supervision::start_next() {
  auto id = std::move(plan_->starts.front());
  plan_->starts.erase(plan_->starts.begin());
  auto child = lookup(id);
  if (!child)
    return; // it was temporary
  await(*child);
  start(*child, plan_->what);
}

void supervision::start(child_record& child, purpose what) {
  if (auto spec = std::exchange(child.successor, nullptr))
    child.spec = std::move(*spec);
  child.state = child_state::starting;
  child.started_for = what;
  ++child.generation;
  host_.report(child, event_kind::starting, {}, {});
  host_.start(child);
}

void supervision::finish_plan() {
  auto ended = std::move(*plan_);
  plan_.reset();
  for (auto& id : ended.removed)
    drop(id);
  if (ended.what == purpose::shutdown) {
    over_ = true;
    host_.finished(*why_);
  }
  if (ended.then)
    ended.then(ended.failed);
}

// -- children ---------------------------------------------------------------------------------------------------------

const child_record* supervision::find(std::string_view id) const noexcept {
  auto i = std::find_if(children_.begin(), children_.end(), [id](auto& x) { return x.id == id; });
  return i != children_.end() ? &*i : nullptr;
}

child_record* supervision::lookup(std::string_view id) noexcept {
  return const_cast<child_record*>(find(id));
}

child_record* supervision::in_state(std::string_view id, std::uint64_t generation, child_state wanted) noexcept {
  auto child = lookup(id);
  return child && child->generation == generation && child->state == wanted ? child : nullptr;
}

void supervision::drop(std::string_view id) {
  auto i = std::find_if(children_.begin(), children_.end(), [id](auto& x) { return x.id == id; });
  if (i == children_.end())
    return;
  answered(*i);
  host_.report(*i, event_kind::removed, {}, {});
  host_.forget(*i);
  children_.erase(i);
}

/// Drops a child that is not restarted if its spec is no longer needed (OTP: supervisor:del_child/2).
void supervision::drop_or_clear(child_record& child) {
  if (child.spec.restart == restart_type::temporary || simple())
    drop(child.id);
  else
    child.state = child_state::undefined;
}

/// Whether its spec is kept after it was stopped (OTP: supervisor:terminate_children/2 and del_child/2).
bool supervision::outlives_its_stop(const child_record& child) const noexcept {
  if (child.successor)
    return true;
  if (simple())
    return !plan_ || plan_->what != purpose::termination;
  return child.spec.restart != restart_type::temporary;
}

} // namespace peer::internal::supervisor
