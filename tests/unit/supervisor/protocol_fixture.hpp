// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "tree_fixture.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace peer::test {

/// How a supervisor ends a child.
inline const auto on_request = caf::error{caf::exit_reason::user_shutdown};

/// How a child ends by itself.
inline const auto crash_reason = caf::error{caf::sec::runtime_error};

/// A supervisor and the actors of its children, message by message. No subscriber gets events.
struct protocol_fixture : tree_fixture {
  /// Makes the supervisor, which has not run yet.
  void spawn(std::vector<child_spec> children, supervisor_flags flags = {.intensity = 100}) {
    tree->subscribers.clear();
    top = internal::supervisor::spawn_supervisor(sys, tree, {flags, std::move(children)}, {},
                                                 parent ? caf::actor_cast<caf::strong_actor_ptr>(parent) : nullptr);
    self->monitor(top);
  }

  /// Makes a supervisor whose children run.
  void spawn_running(std::vector<child_spec> children, supervisor_flags flags = {.intensity = 100}) {
    spawn(std::move(children), flags);
    settle();
  }

  /// The actor of a child of the supervisor, which runs for one message and has none that waits.
  child_actor actor_of(const std::string& id) {
    inject((find_child_atom, std::string), from(self).to(top).with(find_child_atom_v, id));
    auto result = child_actor{};
    self->receive([&](child_info& x) { result = caf::actor_cast<child_actor>(x.handle); },
                  caf::after(std::chrono::seconds{0}) >> [] { CAF_FAIL("no answer"); });
    return result;
  }

  /// The actor of a child starts that generation, which is ready at once.
  void starts(const std::string& id, const child_actor& child, std::uint64_t generation) {
    expect((start_order), to(child).with(order_of{generation}));
    expect((child_notice), to(top).with(notice_of{id, generation, notice_kind::started}));
    expect((child_notice), to(top).with(notice_of{id, generation, notice_kind::ready}));
  }

  /// The actor of a child stops that generation, which ends at once.
  void stops(const std::string& id, const child_actor& child, std::uint64_t generation) {
    auto running = actors[id];
    expect((stop_atom, std::uint64_t), to(child).with(_, generation));
    expect((caf::exit_msg), to(running).with(because{on_request}));
    expect((caf::down_msg), from(running).to(child).with(because{on_request}));
    expect((child_notice), to(top).with(notice_of{id, generation, notice_kind::stopped, on_request}));
  }

  /// A child ends by itself, and the supervisor learns of it.
  void crashes(const std::string& id, const child_actor& child, std::uint64_t generation) {
    auto running = actors[id];
    ends(running);
    expect((caf::down_msg), from(running).to(child).with(because{crash_reason}));
    expect((child_notice), to(top).with(notice_of{id, generation, notice_kind::exited, crash_reason}));
  }

  /// A child that cannot be started.
  child_spec failing_actor(std::string id) {
    auto result = child_spec{.id = std::move(id)};
    result.start = actor_factory{[](const child_context&) -> caf::expected<caf::actor> { return crash_reason; }};
    return result;
  }
};

} // namespace peer::test
