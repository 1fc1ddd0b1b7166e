// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/expected.hpp"
#include "caf/fwd.hpp"
#include "peer/child_spec.hpp"
#include "peer/detail/remote_calls.hpp"
#include "peer/supervisor_actor.hpp"
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

/// A child of a supervisor, for code that may block. It stays the same through all restarts, and whatever the child is:
/// a call to it means `module:function` in the peer, or what the actor makes of a `call_request`.
///
/// A handle is a value and may be copied. Its functions may be called by any thread but the loop's and, as they wait,
/// by no event-based actor; those send the messages of `child_actor` to `actor()`. `cast` and `send` block as those of
/// `handle` do.
class child_handle : public detail::remote_calls<child_handle> {
public:
  child_handle(caf::actor_system& sys, child_actor actor);

  const child_actor& actor() const noexcept { return actor_; }

  /// The same child with another time-out for calls, counted from when it is up.
  child_handle within(caf::timespan timeout) const;

  /// The same child, whose calls wait for it so long while it is down; without this they fail with
  /// `errc::noconnection` then. How many may wait is `child_spec::max_waiting`.
  child_handle waiting(caf::timespan bound) const;

  /// The same child, as long as it is in that generation; later calls fail with `errc::noproc`.
  child_handle only(std::uint64_t generation) const;

  /// What its supervisor knows of it. Fails with `errc::noproc` once its spec is gone.
  caf::expected<child_info> info() const;

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
  std::shared_ptr<internal::origin::cast_window> window_; ///< shared by all copies
};

/// A supervisor, for code that may block: a thin layer over the messages of `supervisor_actor`. What holds for
/// `child_handle` holds for it. Requests wait while children are being started or stopped.
class supervisor {
public:
  supervisor(caf::actor_system& sys, supervisor_actor actor) : sys_(&sys), actor_(std::move(actor)) {}

  /// Link to it, monitor it, send it messages.
  const supervisor_actor& actor() const noexcept { return actor_; }

  /// The child of that path, "db/writer", say, which may be anywhere below. Fails with `errc::not_found`.
  caf::expected<child_handle> child(std::string_view path) const;

  /// The supervisor of that path below this one; this one itself for "". Fails with `errc::not_found`.
  caf::expected<supervisor> at(std::string_view path) const;

  /// Adds a child and starts it; its spec is dropped if that fails (OTP: supervisor:start_child/2).
  caf::expected<child_info> start_child(child_spec spec) const;

  /// The same under `simple_one_for_one`.
  caf::expected<child_info> start_child(std::vector<term> arguments) const;

  /// Stops a child. Its spec stays, unless the child is temporary or one of `simple_one_for_one`.
  caf::error terminate_child(std::string_view id) const;

  /// Starts a child that was stopped, or has ended.
  caf::expected<child_info> restart_child(std::string_view id) const;

  /// Drops the spec of a child that does not run.
  caf::error delete_child(std::string_view id) const;

  /// In the order in which they are started.
  caf::expected<std::vector<child_info>> which_children() const;

  caf::expected<child_counts> count_children() const;

  caf::expected<child_spec> get_childspec(std::string_view id) const;

  /// Makes the children what `spec` says, and leaves those as they are whose `revision` is the same. Fails with
  /// `errc::invalid_option`, and then nothing has changed, or with `errc::failed_to_start_child`.
  caf::error apply(supervisor_spec spec) const;

  /// Sends the events of the whole tree to `whom`, as `supervisor_event`s, as long as both live.
  caf::error subscribe(const caf::actor& whom) const;

  caf::error unsubscribe(const caf::actor& whom) const;

  /// Stops the children in reverse order, and itself. Returns when nothing of them is left. Fails with `errc::noproc`
  /// if it has exited already.
  caf::error stop() const;

private:
  caf::actor_system* sys_;
  supervisor_actor actor_;
};

/// Starts a tree and waits until all its children are ready. Fails with `errc::invalid_option` before anything is
/// started, or with `errc::failed_to_start_child`, and then nothing is left of it.
/// @param subscribers receive all events (see `supervisor::subscribe`), those of the boot included
caf::expected<supervisor> start_supervisor(caf::actor_system& sys, supervisor_spec spec,
                                           const std::vector<caf::actor>& subscribers = {});

/// The same, linked to `parent`: if one ends, so does the other (`parent`'s normal end stops the tree, too).
caf::expected<supervisor> start_supervisor_link(caf::local_actor* parent, supervisor_spec spec,
                                                const std::vector<caf::actor>& subscribers = {});

} // namespace peer
