// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "supervisor/supervision.hpp"

#include <algorithm>
#include <utility>

namespace peer::internal::supervisor {

namespace {

caf::error refusal(errc code, std::string_view id, std::string_view why) {
  return caf::make_error(code, "child '" + std::string{id} + "' " + std::string{why});
}

caf::error not_found(std::string_view id) {
  return refusal(errc::not_found, id, "is not known");
}

/// Fails unless the child has its own spec and does not run.
caf::error check_at_rest(const supervision& rules, std::string_view id) {
  if (rules.flags().strategy == restart_strategy::simple_one_for_one)
    return refusal(errc::simple_one_for_one, id, "has no spec of its own");
  auto child = rules.find(id);
  if (child == nullptr)
    return not_found(id);
  if (child->state == child_state::restarting)
    return refusal(errc::restarting, id, "is about to be restarted");
  if (child->state != child_state::undefined)
    return refusal(errc::running, id, "runs");
  return {};
}

caf::error gone() {
  return fail(errc::noproc, "the supervisor stops");
}

} // namespace

// -- requests ---------------------------------------------------------------------------------------------------------

void supervision::boot(done then) {
  auto starts = std::vector<std::string>{};
  for (auto& child : children_)
    starts.push_back(child.id);
  enqueue([this, starts = std::move(starts), then = std::move(then)]() mutable {
    if (over_)
      return then(gone());
    begin({.what = purpose::boot, .starts = std::move(starts), .then = std::move(then)});
  });
}

void supervision::start_child(child_spec spec, done_with_id then) {
  enqueue([this, spec = std::move(spec), then = std::move(then)]() mutable {
    if (over_)
      return then(gone());
    if (simple())
      return then(refusal(errc::simple_one_for_one, spec.id, "cannot have a spec of its own here"));
    if (auto err = validate(spec, flags_.auto_shutdown))
      return then(std::move(err));
    if (auto present = lookup(spec.id))
      return then(present->state == child_state::running
                      ? refusal(errc::already_started, spec.id, "is already running")
                      : refusal(errc::already_present, spec.id, "already exists and is not running"));
    auto id = spec.id;
    add({.id = std::move(id), .spec = std::move(spec)}, std::move(then));
  });
}

void supervision::start_child(std::vector<term> arguments, done_with_id then) {
  enqueue([this, arguments = std::move(arguments), then = std::move(then)]() mutable {
    if (over_)
      return then(gone());
    if (!simple())
      return then(fail(errc::invalid_option, "only a supervisor that is simple_one_for_one starts children by "
                                             "arguments; others need a spec"));
    auto id = pattern_->id + "-" + std::to_string(++instances_);
    auto record = child_record{.id = id, .spec = *pattern_, .arguments = std::move(arguments)};
    record.spec.id = std::move(id);
    add(std::move(record), std::move(then));
  });
}

void supervision::add(child_record record, done_with_id then) {
  auto id = record.id;
  children_.push_back(std::move(record));
  begin({.what = purpose::add, .starts = {id}, .then = [id, then = std::move(then)](const error& failed) {
           if (failed)
             then(failed);
           else
             then(id);
         }});
}

void supervision::terminate_child(std::string id, done then) {
  enqueue([this, id = std::move(id), then = std::move(then)]() mutable {
    if (over_)
      return then(gone());
    if (!lookup(id))
      return then(not_found(id));
    begin({.what = purpose::termination, .stops = {id}, .then = std::move(then)});
  });
}

void supervision::restart_child(std::string id, done then) {
  enqueue([this, id = std::move(id), then = std::move(then)]() mutable {
    if (over_)
      return then(gone());
    if (auto err = check_at_rest(*this, id))
      return then(std::move(err));
    begin({.what = purpose::on_request, .starts = {id}, .then = std::move(then)});
  });
}

void supervision::delete_child(std::string id, done then) {
  enqueue([this, id = std::move(id), then = std::move(then)]() mutable {
    if (over_)
      return then(gone());
    if (auto err = check_at_rest(*this, id))
      return then(std::move(err));
    drop(id);
    then({});
  });
}

void supervision::apply(supervisor_spec spec, done then) {
  enqueue([this, spec = std::move(spec), then = std::move(then)]() mutable {
    if (over_)
      return then(gone());
    if (simple() || spec.flags.strategy == restart_strategy::simple_one_for_one)
      return then(fail(errc::simple_one_for_one, "the children of a simple_one_for_one supervisor have no list"));
    if (auto err = validate(spec))
      return then(std::move(err));
    auto wanted = std::list<child_record>{};
    auto todo = plan{.what = purpose::apply, .then = std::move(then)};
    for (auto& child : spec.children) {
      auto old = std::find_if(children_.begin(), children_.end(), [&](auto& x) { return x.id == child.id; });
      if (old != children_.end() && old->spec.revision == child.revision) {
        old->spec = std::move(child); // a supervisor's list of children may differ
        wanted.splice(wanted.end(), children_, old);
        continue;
      }
      todo.starts.push_back(child.id);
      if (old == children_.end()) {
        wanted.push_back({.id = child.id, .spec = std::move(child)});
        continue;
      }
      // It is stopped by its old spec. The new one applies from its next start on.
      wanted.splice(wanted.end(), children_, old);
      wanted.back().successor = std::make_shared<child_spec>(std::move(child));
    }
    auto removed = std::vector<std::string>{};
    for (auto& child : children_)
      removed.push_back(child.id);
    wanted.splice(wanted.end(), children_);
    children_ = std::move(wanted);
    for (auto child = children_.rbegin(); child != children_.rend(); ++child)
      if (child->successor || std::find(removed.begin(), removed.end(), child->id) != removed.end())
        todo.stops.push_back(child->id);
    todo.removed = std::move(removed);
    flags_ = spec.flags;
    counter_.change(flags_.intensity, flags_.period);
    begin(std::move(todo));
  });
}

void supervision::shut_down(error why) {
  if (why_)
    return;
  begin_shutdown(std::move(why));
  run();
}

void supervision::abandon(const error& why) {
  over_ = true;
  if (auto cut_short = std::exchange(plan_, std::nullopt); cut_short && cut_short->then)
    cut_short->then(why);
  run();
}

void supervision::begin_shutdown(error why) {
  if (why_)
    return;
  why_ = std::move(why);
  if (plan_ && plan_->then)
    tasks_.push_front([then = std::move(plan_->then), failed = plan_->failed] { then(failed ? failed : gone()); });
  plan_.reset();
  auto stops = std::vector<std::string>{};
  for (auto child = children_.rbegin(); child != children_.rend(); ++child)
    stops.push_back(child->id);
  begin({.what = purpose::shutdown, .stops = std::move(stops)});
}

} // namespace peer::internal::supervisor
