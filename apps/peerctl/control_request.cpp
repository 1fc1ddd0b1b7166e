// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "control_request.hpp"
#include "call_failure.hpp"
#include "peer/peer.hpp"

#include "caf/all.hpp"

namespace peerctl {

namespace {

control_answer refused(const caf::error& why) {
  return {.status = not_started, .text = peer::describe(why)};
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

control_answer restart(const control_request& what, const peer::supervisor& root) {
  auto child = find(root, what.path);
  if (!child)
    return refused(child.error());
  auto spec = child->parent.get_childspec(child->id);
  if (!spec)
    return refused(spec.error());
  if (spec->restart == peer::restart_type::temporary)
    return {.status = not_started, .text = "child '" + what.path + "' is temporary: once stopped, it is forgotten"};
  if (auto failed = child->parent.terminate_child(child->id))
    return refused(failed);
  auto started = child->parent.restart_child(child->id);
  return started ? control_answer{} : refused(started.error());
}

control_answer call(const control_request& what, const peer::supervisor& root) {
  auto child = root.child(what.path);
  if (!child)
    return refused(child.error());
  auto result = child->within(what.timeout).waiting(what.wait).apply(what.module, what.function, what.arguments);
  if (result)
    return {.text = peer::to_string(*result)};
  auto failure = call_failure_of(result.error());
  return {.status = failure.status, .text = std::move(failure.text)};
}

} // namespace

control_answer carry_out(const control_request& what, const peer::supervisor& root, tree_view& view) {
  if (what.command == "status")
    return {.children = view.rows()};
  if (what.command == "stop")
    return stop(what, root);
  if (what.command == "restart")
    return restart(what, root);
  if (what.command == "call")
    return call(what, root);
  return {.status = usage, .text = "'" + what.command + "' is not a command: status, stop, restart or call"};
}

} // namespace peerctl
