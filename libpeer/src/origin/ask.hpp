// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "base/caf_compat.hpp"
#include "loop/event_loop.hpp"
#include "loop/helpers.hpp"
#include "peer/error.hpp"
#include "peer/failure.hpp"

#include "caf/abstract_actor.hpp"
#include "caf/actor_cast.hpp"
#include "caf/actor_system.hpp"
#include "caf/expected.hpp"
#include "caf/scoped_actor.hpp"
#include "caf/system_messages.hpp"

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace peer::internal::origin {

/// The error `errc::would_block` if the caller is on a loop; no error elsewhere.
inline caf::error check_may_block() {
  if (loop::event_loop::any_in_this_thread())
    return fail(errc::would_block,
                "a callback on the loop of the peers must not wait for an answer that the loop brings");
  return {};
}

/// Sends a request to an actor and blocks until it is answered. Fails with `errc::noproc` if the actor has exited, and
/// with `errc::would_block` on the loop. @param name names the actor in the first error.
template <class Result, class Handle, class... Ts>
caf::expected<Result> ask(caf::actor_system& sys, const Handle& actor, const char* name, Ts&&... xs) {
  if (auto err = check_may_block())
    return err;
  auto result = caf::expected<Result>{caf::error{}};
  auto self = caf::scoped_actor{sys};
  auto where = loop::event_loop::find(sys);
  auto helper = std::optional<loop::helper>{};
  if (where && actor && where->is_home_of(*caf::actor_cast<caf::abstract_actor*>(actor)))
    helper.emplace(*where);
  auto on_error = [&](caf::error& err) { result = from_request(std::move(err), name); };
  auto answer = base::request_from(self, actor, caf::infinite, std::forward<Ts>(xs)...);
  if (helper)
    helper->wait([&self] { return self->has_next_message(); });
  if constexpr (std::is_void_v<Result>)
    std::move(answer).receive([&] { result = caf::expected<void>{}; }, on_error);
  else
    std::move(answer).receive([&](Result& value) { result = std::move(value); }, on_error);
  return result;
}

/// Why an actor that has exited did so. Waits for the exit of any other.
template <class Handle>
caf::error exit_reason_of(caf::actor_system& sys, const Handle& actor) {
  auto result = caf::error{};
  auto self = caf::scoped_actor{sys};
  self->monitor(actor);
  self->receive([&result](const caf::down_msg& end) { result = end.reason; });
  return result;
}

} // namespace peer::internal::origin
