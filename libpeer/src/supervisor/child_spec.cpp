// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/child_spec.hpp"

#include "peer/failure.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <set>

namespace peer {

namespace {

/// The subject of an error: what the spec describes.
caf::error invalid(const std::string& path, const std::string& what) {
  return fail(errc::invalid_option, path + ": " + what);
}

std::string text_of_time(caf::timespan time) {
  return caf::deep_to_string(time);
}

caf::error check_backoff(const std::string& path, const restart_backoff& rule) {
  if (rule.initial.count() <= 0 || rule.initial == caf::infinite)
    return invalid(path, "backoff: initial must be a time longer than 0, not " + text_of_time(rule.initial));
  if (rule.maximum < rule.initial)
    return invalid(path, "backoff: maximum (" + text_of_time(rule.maximum) + ") is less than initial ("
                             + text_of_time(rule.initial) + ")");
  if (rule.maximum == caf::infinite)
    return invalid(path, "backoff: maximum must be a time, not infinite");
  if (!(rule.factor >= 1))
    return invalid(path, "backoff: factor must be at least 1, not " + std::to_string(rule.factor));
  if (!(rule.jitter >= 0 && rule.jitter <= 1))
    return invalid(path, "backoff: jitter must be from 0 to 1, not " + std::to_string(rule.jitter));
  if (rule.reset_after.count() < 0)
    return invalid(path, "backoff: reset_after must not be negative, but is " + text_of_time(rule.reset_after));
  return {};
}

struct readiness_check {
  const std::string& path;

  caf::error operator()(std::monostate) const { return {}; }

  caf::error operator()(const says_ready& x) const { return check_limit(x.within); }

  caf::error operator()(const ready_probe& x) const {
    if (x.module.empty() || x.function.empty())
      return invalid(path, "ready: a probe needs a module and a function");
    if (x.interval.count() <= 0)
      return invalid(path, "ready: interval must be longer than 0, not " + text_of_time(x.interval));
    return check_limit(x.within);
  }

  caf::error check_limit(caf::timespan limit) const {
    if (limit.count() > 0)
      return {};
    return invalid(path, "ready: within must be longer than 0, not " + text_of_time(limit));
  }
};

caf::error check_shutdown(const std::string& path, const child_spec& spec) {
  auto limit = spec.shutdown ? std::get_if<caf::timespan>(&*spec.shutdown) : nullptr;
  if (limit && limit->count() < 0)
    return invalid(path, "shutdown must not be negative, but is " + text_of_time(*limit));
  return {};
}

caf::error check_significant(const std::string& path, const child_spec& spec, auto_shutdown shutdown) {
  if (!spec.significant)
    return {};
  if (shutdown == auto_shutdown::never)
    return invalid(path, "significant: the supervisor's auto_shutdown is 'never'");
  if (spec.restart == restart_type::permanent)
    return invalid(path, "significant: a permanent child cannot be");
  return {};
}

caf::error check_tree(const std::string& path, const supervisor_spec& spec);

struct placement_check {
  const std::string& path;
  const child_spec& spec;

  caf::error operator()(const actor_factory& make) const {
    if (!make)
      return invalid(path, "start: the function is empty");
    if (!spec.final_statuses.empty())
      return invalid(path, "final_statuses: only peers have an exit status");
    return {};
  }

  caf::error operator()(const start_options& options) const {
    if (auto err = peer::validate(options))
      return invalid(path, text_of(err));
    if (!std::holds_alternative<caf::timespan>(options.wait_boot))
      return invalid(path, "wait_boot: a supervisor waits itself, so this must be a time");
    if (options.peer_down == peer_down::continue_)
      return invalid(path, "peer_down: 'continue' would hide the end from the supervisor");
    if (spec.type == child_type::supervisor)
      return invalid(path, "type: a peer is a worker");
    for (auto status : spec.final_statuses)
      if (status < 0 || status > 255)
        return invalid(path, "final_statuses: an exit status is from 0 to 255, not " + std::to_string(status));
    return {};
  }

  caf::error operator()(const supervisor_spec& tree) const {
    if (spec.type == child_type::worker)
      return invalid(path, "type: this child is a supervisor");
    if (!std::holds_alternative<std::monostate>(spec.ready))
      return invalid(path, "ready: a supervisor is ready when its children are");
    if (!spec.final_statuses.empty())
      return invalid(path, "final_statuses: only peers have an exit status");
    return check_tree(path, tree);
  }
};

caf::error check_child(const std::string& prefix, const child_spec& spec, auto_shutdown shutdown) {
  if (spec.id.empty())
    return invalid(prefix.empty() ? "child" : "child '" + prefix + "'", "id: a child needs one");
  auto path = "child '" + prefix + spec.id + "'";
  if (spec.id.find('/') != std::string::npos)
    return invalid(path, "id: must not contain '/', which separates the parts of a path");
  if (auto err = check_significant(path, spec, shutdown))
    return err;
  if (auto err = check_shutdown(path, spec))
    return err;
  if (spec.backoff)
    if (auto err = check_backoff(path, *spec.backoff))
      return err;
  if (auto err = std::visit(readiness_check{path}, spec.ready))
    return err;
  return std::visit(placement_check{path, spec}, spec.start);
}

/// The children of `prefix`, which is empty or ends with a `/`.
caf::error check_children(const std::string& prefix, const std::vector<child_spec>& specs, auto_shutdown shutdown) {
  auto ids = std::set<std::string_view>{};
  for (auto& spec : specs) {
    if (auto err = check_child(prefix, spec, shutdown))
      return err;
    if (!ids.insert(spec.id).second)
      return invalid("child '" + prefix + spec.id + "'", "id: another child has it already");
  }
  return {};
}

caf::error check_tree(const std::string& path, const supervisor_spec& spec) {
  auto where = path.empty() ? std::string{"supervisor"} : path;
  if (spec.flags.period.count() <= 0)
    return invalid(where, "period must be longer than 0, not " + text_of_time(spec.flags.period));
  auto dependent =
      spec.flags.strategy == restart_strategy::one_for_all || spec.flags.strategy == restart_strategy::rest_for_one;
  if (spec.flags.concurrent_starts && dependent)
    return invalid(where, "concurrent_starts needs the strategy one_for_one: children of others depend on each other");
  if (spec.flags.strategy == restart_strategy::simple_one_for_one && spec.children.size() != 1)
    return invalid(where, "children: a simple_one_for_one supervisor has exactly one spec, not "
                              + std::to_string(spec.children.size()));
  auto prefix = std::string{};
  if (!path.empty()) // "child 'a/b'" becomes "a/b/"
    prefix = path.substr(path.find('\'') + 1, path.rfind('\'') - path.find('\'') - 1) + "/";
  return check_children(prefix, spec.children, spec.flags.auto_shutdown);
}

} // namespace

child_type type_of(const child_spec& spec) noexcept {
  if (spec.type)
    return *spec.type;
  return std::holds_alternative<supervisor_spec>(spec.start) ? child_type::supervisor : child_type::worker;
}

child_shutdown shutdown_of(const child_spec& spec) noexcept {
  if (spec.shutdown)
    return *spec.shutdown;
  if (std::holds_alternative<start_options>(spec.start) || type_of(spec) == child_type::supervisor)
    return caf::infinite; // a peer's own option bounds it
  return caf::timespan{defaults::child_shutdown};
}

end_kind classify(const child_spec& spec, const error& reason) noexcept {
  auto end = failure_of(reason);
  if (end && end->status) {
    auto& finals = spec.final_statuses;
    auto exited = end->status->how == exit_status::kind::exited;
    if (exited && std::find(finals.begin(), finals.end(), end->status->value) != finals.end())
      return end_kind::final_;
    auto well = exited && end->status->value == 0 && reason != errc::boot_failed;
    return well ? end_kind::normal : end_kind::abnormal;
  }
  return !reason || reason == caf::exit_reason::user_shutdown ? end_kind::normal : end_kind::abnormal;
}

error check_childspecs(const std::vector<child_spec>& specs, auto_shutdown shutdown) {
  return check_children({}, specs, shutdown);
}

error validate(const child_spec& spec, auto_shutdown shutdown) {
  return check_child({}, spec, shutdown);
}

error validate(const supervisor_spec& spec) {
  return check_tree({}, spec);
}

} // namespace peer
