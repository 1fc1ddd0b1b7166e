// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include "caf/actor_addr.hpp"
#include "caf/error.hpp"

namespace peer::internal::sys {

/// What system messages ask of an actor: the callbacks of OTP's `sys`, by their names. They are called in the actor.
class sys_callbacks {
public:
  virtual ~sys_callbacks();

  /// The state, for people.
  virtual term system_get_state() = 0;

  /// Takes over another state, or fails and keeps its own.
  virtual caf::error system_replace_state(const term& state) = 0;

  /// Ends the actor with that reason: `no error` stands for `normal`.
  virtual void system_terminate(caf::error reason) = 0;

  /// Notes that from now on messages are held back, or no longer; what comes by other ways is the actor's own matter.
  virtual void system_suspend(bool suspended);

  /// Adapts the state to new code. No effect by default, since code is not replaced.
  virtual caf::error system_code_change(const atom& module, const term& old_version, const term& extra);

  /// The Erlang module whose part the actor plays.
  virtual atom system_module() const { return atom{"peer"}; }

  /// The actor whose exit ends this one even if it is suspended; null if there is none.
  virtual caf::actor_addr system_parent() const { return {}; }

  /// The term by which Erlang code refers to an actor of this program; for null a term for no process.
  virtual term system_pid(const caf::actor_addr& whom) = 0;

  /// Sends the answer to a system message in Erlang's form. @param to a pid, or a reference that is an alias of one
  virtual void system_reply(const term& to, const term& answer) = 0;
};

} // namespace peer::internal::sys
