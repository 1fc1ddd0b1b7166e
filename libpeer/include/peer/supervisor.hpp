// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/child_spec.hpp"
#include "peer/detail/remote_calls.hpp"
#include "peer/supervisor_actor.hpp"

#include "caf/expected.hpp"
#include "caf/fwd.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace peer::internal::origin {

class cast_window;

} // namespace peer::internal::origin

namespace peer {

/// A child of a supervisor, for code that may block. The handle stays valid across restarts of the child, whatever runs
/// as the child: a call to it calls `module:function` in the peer, or sends the actor a `call_request`.
///
/// A handle is a value and may be copied. Its functions block. Call them from any thread except the loop's, never from
/// an event-based actor: that sends the messages of `child_actor` to `actor()`. `cast` and `send` block as those of
/// `handle` do, for all handles of the child together.
class child_handle : public detail::remote_calls<child_handle> {
public:
  child_handle(caf::actor_system& sys, child_actor actor);

  [[nodiscard]] const child_actor& actor() const noexcept { return actor_; }

  /// The same child with another time-out for calls, counted from when the child is up.
  [[nodiscard]] child_handle within(caf::timespan timeout) const;

  /// The same child, whose calls wait at most `bound` while the child is down; without this they fail with
  /// `errc::noconnection` then. At most `child_spec::max_waiting` calls can wait.
  [[nodiscard]] child_handle waiting(caf::timespan bound) const;

  /// The same child in one generation only: calls fail with `errc::noproc` when that has ended.
  [[nodiscard]] child_handle only(std::uint64_t generation) const;

  /// The state of the child as its supervisor knows it. Fails with `errc::noproc` after its spec was deleted.
  [[nodiscard]] caf::expected<child_info> info() const;

private:
  friend detail::remote_calls<child_handle>;

  caf::expected<encoded_term> request_call(std::string_view module, std::string_view function,
                                           byte_buffer arguments) const;
  void start_cast(std::string_view module, std::string_view function, byte_buffer arguments) const;
  void start_send(term to, byte_buffer content) const;

  caf::actor_system* sys_;
  child_actor actor_;
  caf::timespan timeout_{defaults::call_timeout};
  caf::timespan wait_{0};
  std::optional<std::uint64_t> generation_;
  std::shared_ptr<internal::origin::cast_window> window_; ///< shared by all handles of the child
};

/// A supervisor, for code that may block: a thin layer over the messages of `supervisor_actor`. Like `child_handle` it
/// is a value, and its functions block. Requests that change children wait while others are being started or stopped.
class supervisor {
public:
  supervisor(caf::actor_system& sys, supervisor_actor actor) : sys_(&sys), actor_(std::move(actor)) {}

  /// The actor, to be linked to, monitored and sent messages.
  [[nodiscard]] const supervisor_actor& actor() const noexcept { return actor_; }

  /// The child with that path, such as "db/writer", at any depth below. Fails with `errc::not_found`.
  [[nodiscard]] caf::expected<child_handle> child(std::string_view path) const;

  /// The supervisor with that path below this one; this one for "". Fails with `errc::not_found`.
  [[nodiscard]] caf::expected<supervisor> at(std::string_view path) const;

  /// Adds a child and starts it; its spec is deleted if that fails (OTP: supervisor:start_child/2).
  [[nodiscard]] caf::expected<child_info> start_child(child_spec spec) const;

  /// Adds a child under `simple_one_for_one` and starts it with these arguments.
  [[nodiscard]] caf::expected<child_info> start_child(std::vector<term> arguments) const;

  /// Stops a child. Its spec stays, unless the child is temporary or one of `simple_one_for_one`.
  [[nodiscard]] caf::error terminate_child(std::string_view id) const;

  /// Starts a child that was stopped or has ended.
  [[nodiscard]] caf::expected<child_info> restart_child(std::string_view id) const;

  /// Deletes the spec of a child that does not run. Fails with `errc::running` or `errc::restarting` for another one.
  [[nodiscard]] caf::error delete_child(std::string_view id) const;

  /// The children, in the order in which they are started.
  [[nodiscard]] caf::expected<std::vector<child_info>> which_children() const;

  [[nodiscard]] caf::expected<child_counts> count_children() const;

  [[nodiscard]] caf::expected<child_spec> get_childspec(std::string_view id) const;

  /// Replaces the children by those of `spec`; a child whose `revision` is equal goes on undisturbed. Fails with
  /// `errc::invalid_option`, and nothing has changed, or with `errc::failed_to_start_child`.
  [[nodiscard]] caf::error apply(supervisor_spec spec) const;

  /// Sends the events of the whole tree to `whom`, as `supervisor_event`s, until one of them exits.
  [[nodiscard]] caf::error subscribe(const caf::actor& whom) const;

  [[nodiscard]] caf::error unsubscribe(const caf::actor& whom) const;

  /// Stops the children in reverse order, then the supervisor. Returns when no process of them is left. Fails with
  /// `errc::noproc` if the supervisor has exited already.
  [[nodiscard]] caf::error stop() const;

private:
  caf::actor_system* sys_;
  supervisor_actor actor_;
};

// -- starting a tree --------------------------------------------------------------------------------------------------

/// Starts a tree and waits until all its children are ready. Fails with `errc::invalid_option` before anything is
/// started, or with `errc::failed_to_start_child` after everything that was started has been stopped. Blocks: see
/// `spawn_supervisor` for event-based actors.
/// @param subscribers receive all events (see `supervisor::subscribe`), those of the boot included
[[nodiscard]] caf::expected<supervisor> start_supervisor(caf::actor_system& sys, supervisor_spec spec,
                                                         const std::vector<caf::actor>& subscribers = {});

/// The same, linked to `parent`: if one exits, so does the other (the normal exit of `parent` stops the tree, too).
[[nodiscard]] caf::expected<supervisor> start_supervisor_link(caf::local_actor* parent, supervisor_spec spec,
                                                              const std::vector<caf::actor>& subscribers = {});

/// Starts a tree and does not wait for it; any actor and thread may call this. Fails with `errc::invalid_option` before
/// anything is started. The children are being started when it returns.
///
/// Send `await_boot_atom` to learn when all children are ready. If one fails to start, the others are stopped, the
/// request fails with `errc::failed_to_start_child`, and the actor exits with that reason. A request that arrives after
/// that fails with `caf::sec::request_receiver_down`; monitor the actor, at any time, to get the reason in any case.
///
///     auto tree = peer::spawn_supervisor(self->system(), std::move(spec));
///     self->request(*tree, caf::infinite, peer::await_boot_atom_v).then([=] { … }, [=](caf::error& why) { … });
///
/// The tree lives until it is stopped, also if no handle refers to it. Wrap the actor in a `supervisor` for code that
/// may block.
/// @param subscribers as for `start_supervisor`
[[nodiscard]] caf::expected<supervisor_actor> spawn_supervisor(caf::actor_system& sys, supervisor_spec spec,
                                                               const std::vector<caf::actor>& subscribers = {});

/// The same, linked to `parent` as by `start_supervisor_link`. A failed boot ends `parent` unless it handles exit
/// messages.
[[nodiscard]] caf::expected<supervisor_actor> spawn_supervisor_link(caf::local_actor* parent, supervisor_spec spec,
                                                                    const std::vector<caf::actor>& subscribers = {});

} // namespace peer
