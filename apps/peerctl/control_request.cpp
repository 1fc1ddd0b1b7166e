// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "control_request.hpp"
#include "call_failure.hpp"
#include "peer/peer.hpp"
#include "peer/supervisor.hpp"

#include "caf/all.hpp"

namespace peerctl {

namespace {

control_answer refused(const caf::error& why) {
  return {.status = not_started, .text = with_flags(peer::describe(why))};
}

control_answer done_or(const caf::error& failed) {
  return failed ? refused(failed) : control_answer{};
}

/// A child and the supervisor that it is a child of.
struct place {
  peer::supervisor parent;
  std::string id;
};

caf::expected<place> find(const peer::supervisor& root, const std::string& path) {
  if (auto known = root.child(path); !known)
    return std::move(known.error());
  auto slash = path.rfind('/');
  if (slash == std::string::npos)
    return place{root, path};
  auto parent = root.at(path.substr(0, slash));
  if (!parent)
    return std::move(parent.error());
  return place{std::move(*parent), path.substr(slash + 1)};
}

control_answer stop(const control_request& what, const peer::supervisor& root) {
  if (what.path.empty())
    return done_or(root.stop());
  auto child = find(root, what.path);
  return child ? done_or(child->parent.terminate_child(child->id)) : refused(child.error());
}

/// Stops a child and starts it. Somebody else may start it between the two, such as a file that is applied.
caf::error restart(const place& child) {
  auto& [parent, id] = child;
  if (auto failed = parent.terminate_child(id))
    return failed;
  auto started = parent.restart_child(id);
  return started || started.error() == peer::errc::running ? caf::error{} : started.error();
}

control_answer restart(const control_request& what, const peer::supervisor& root, restarts& restarting) {
  auto child = find(root, what.path);
  if (!child)
    return refused(child.error());
  auto spec = child->parent.get_childspec(child->id);
  if (!spec)
    return refused(spec.error());
  if (spec->restart == peer::restart_type::temporary)
    return {.status = not_started, .text = "child '" + what.path + "' is temporary: once stopped, it is forgotten"};
  restarting.begin(what.path);
  auto failed = restart(*child);
  restarting.end(what.path);
  return done_or(failed);
}

control_answer call(const control_request& what, const peer::supervisor& root) {
  auto child = root.child(what.path);
  if (!child)
    return refused(child.error());
  auto result = child->within(what.timeout).waiting(what.wait).apply(what.module, what.function, what.arguments);
  if (result)
    return {.text = peer::to_string(*result)};
  auto failure = call_failure_of(with_path(result.error(), what.path));
  return {.status = failure.status, .text = std::move(failure.text)};
}

} // namespace

void restarts::begin(const std::string& path) {
  auto guard = std::unique_lock{mutex_};
  changed_.wait(guard, [&] { return !paths_.contains(path); });
  paths_.insert(path);
}

void restarts::end(const std::string& path) {
  {
    auto guard = std::lock_guard{mutex_};
    paths_.erase(path);
  }
  changed_.notify_all();
}

control_answer carry_out(const control_request& what, const peer::supervisor& root, tree_view& view,
                         restarts& restarting) {
  if (what.command == "status")
    return {.children = view.rows()};
  if (what.command == "stop")
    return stop(what, root);
  if (what.command == "restart")
    return restart(what, root, restarting);
  if (what.command == "call")
    return call(what, root);
  return {.status = usage, .text = "'" + what.command + "' is not a command: status, stop, restart or call"};
}

} // namespace peerctl
