// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "tree_fixture.hpp"

#include <optional>
#include <string>
#include <utility>

namespace peer::test {

/// The actor of one child. `self` is its supervisor.
struct child_fixture : tree_fixture {
  ~child_fixture() {
    if (child)
      caf::anon_send_exit(child, caf::exit_reason::kill);
    for (auto& [id, each] : actors)
      caf::anon_send_exit(each, caf::exit_reason::kill);
    settle();
  }

  /// Makes the actor of a child.
  void make(child_spec what) {
    spec = std::move(what);
    child = internal::supervisor::spawn_child(sys, tree, caf::actor_cast<caf::strong_actor_ptr>(self), spec.id, spec);
    settle();
  }

  /// Orders the start of that generation.
  void order_start(std::uint64_t generation) {
    inject((start_order), from(self).to(child).with(start_order{generation, spec, {}}));
  }

  /// Orders the stop of that generation.
  void order_stop(std::uint64_t generation) {
    inject((stop_atom, std::uint64_t), from(self).to(child).with(stop_atom_v, generation));
  }

  /// Makes the actor of a child whose actor runs.
  void make_running(child_spec what) {
    make(std::move(what));
    order_start(1);
    expect((child_notice), to(self).with(notice_of{spec.id, 1, notice_kind::started}));
    expect((child_notice), to(self).with(notice_of{spec.id, 1, notice_kind::ready}));
  }

  /// Makes the actor of a child whose fake peer runs.
  void make_running_peer(child_spec what) {
    make(std::move(what));
    start_peer(1);
    expect((child_notice), to(self).with(notice_of{spec.id, 1, notice_kind::ready}));
  }

  /// Starts that generation of a fake peer, which boots and may have to become ready.
  void start_peer(std::uint64_t generation) {
    order_boot(generation);
    boots(generation);
  }

  /// The same up to the boot.
  void order_boot(std::uint64_t generation) {
    order_start(generation);
    control = control_of_child();
    expect((await_boot_atom), from(child).to(control));
  }

  /// The peer has booted.
  void boots(std::uint64_t generation) {
    peers[spec.id]->started();
    expect((peer_status), from(control).to(child));
    expect((child_notice), to(self).with(notice_of{spec.id, generation, notice_kind::started}));
  }

  /// The process of the peer exits, and its control actor sees that.
  void peer_exits(int status) {
    peers[spec.id]->exits(status);
    expect((internal::base::poke_atom), to(control));
  }

  /// The same for a peer that runs. Its supervisor learns of it.
  void goes_down(std::uint64_t generation) {
    peer_exits(1);
    expect((caf::down_msg), from(control).to(child).with(because{errc::exit_status}));
    expect((child_notice), to(self).with(notice_of{spec.id, generation, notice_kind::exited, errc::exit_status}));
  }

  /// The control actor of a peer, which the child's actor has just made: the only other actor of the tree.
  control_actor control_of_child() {
    for (auto& each : tree->actors)
      if (each != child.address())
        if (auto found = caf::actor_cast<caf::actor>(each))
          return caf::actor_cast<control_actor>(found);
    CAF_FAIL("the child runs nothing");
    return {};
  }

  child_spec spec;
  internal::supervisor::supervised_actor child;
  control_actor control;
};

} // namespace peer::test
