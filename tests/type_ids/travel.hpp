// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/functions.hpp"
#include "peer/peer.hpp"
#include "peer/supervisor.hpp"

#include "caf/all.hpp"

#include <chrono>
#include <iostream>

/// Sends handles of a supervisor, of a child and of a control actor through the mailbox of an actor, as a program does
/// that has only the installed headers. Returns the program's exit status: 0 if all three arrive as they were.
inline int travel(caf::actor_system& sys) {
  auto echo = sys.spawn([]() -> caf::behavior {
    return {[](const peer::supervisor_actor& tree, const peer::child_actor& child, const peer::control_actor& control) {
      return caf::make_message(tree, child, control);
    }};
  });
  auto here = peer::functions{};
  here.function("m", "one", [] { return 1; });
  auto tree = peer::start_supervisor(sys, {.children = {{.id = "a", .start = here.in_process()}}});
  if (!tree) {
    std::cerr << peer::describe(tree.error()) << '\n';
    return 1;
  }
  auto child = tree->child("a");
  if (!child || child->call<int>("m", "one") != 1) {
    std::cerr << "the child does not answer\n";
    return 1;
  }
  // A child answers what a control actor answers.
  auto control = caf::actor_cast<peer::control_actor>(child->actor());
  auto status = 1;
  auto self = caf::scoped_actor{sys};
  self->request(echo, std::chrono::seconds{10}, tree->actor(), child->actor(), control)
      .receive(
          [&](const peer::supervisor_actor& x, const peer::child_actor& y, const peer::control_actor& z) {
            status = x == tree->actor() && y == child->actor() && z == control ? 0 : 1;
          },
          [](const caf::error& why) { std::cerr << peer::describe(why) << '\n'; });
  if (auto failed = tree->stop()) {
    std::cerr << peer::describe(failed) << '\n';
    return 1;
  }
  return status;
}
