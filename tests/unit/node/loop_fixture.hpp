// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "loop/event_loop.hpp"

#include "caf/actor_system.hpp"
#include "caf/actor_system_config.hpp"

#include <future>

namespace peer::test {

/// An actor system and its loop, for what lives on the loop and runs functions on other threads.
///
/// @tparam Used the members that these functions use. The system is destroyed before them, and after the members of the
/// heir: only its end waits for functions that still run.
template <class Used>
struct loop_fixture : Used {
  /// Runs `f` on the loop and waits for it.
  template <class F>
  void on_loop(F f) {
    auto done = std::promise<void>{};
    where->post([&] {
      f();
      done.set_value();
    });
    done.get_future().wait();
  }

  /// The result of `f` on the loop.
  template <class F>
  auto result_on_loop(F f) {
    auto result = std::promise<decltype(f())>{};
    where->post([&] { result.set_value(f()); });
    return result.get_future().get();
  }

  caf::actor_system_config config;
  caf::actor_system sys{config};
  internal::loop::event_loop_ptr where = *internal::loop::event_loop::of(sys);
};

} // namespace peer::test
