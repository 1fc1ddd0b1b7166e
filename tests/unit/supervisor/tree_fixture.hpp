// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "supervisor/child_actor.hpp"
#include "supervisor/supervisor_actor.hpp"
#include "tests/support/because.hpp"
#include "unit/origin/control_fixture.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace peer::test {

using internal::supervisor::child_notice;
using internal::supervisor::notice_kind;
using internal::supervisor::start_order;

/// What an order to start is compared with in a clause of CAF's test DSL.
struct order_of {
  std::uint64_t generation;

  friend bool operator==(const start_order& x, const order_of& y) { return x.generation == y.generation; }

  template <class Inspector>
  friend bool inspect(Inspector& f, order_of& x) {
    return f.object(x).fields(f.field("generation", x.generation));
  }
};

/// The same for what a child reports.
struct notice_of {
  std::string id;
  std::uint64_t generation;
  notice_kind kind;
  caf::error reason = {};

  friend bool operator==(const child_notice& x, const notice_of& y) {
    return x.id == y.id && x.generation == y.generation && x.kind == y.kind && x.reason == y.reason;
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, notice_of& x) {
    auto number = static_cast<int>(x.kind);
    return f.object(x).fields(f.field("id", x.id), f.field("generation", x.generation), f.field("kind", number),
                              f.field("reason", x.reason));
  }
};

/// The production actors of a tree on CAF's test coordinator, with fake peers and a clock that the test moves.
struct tree_fixture : test_coordinator_fixture<> {
  tree_fixture() {
    auto launch = [this](const start_options& options, peer::internal::origin::incarnation::listener& listener) {
      return launch_fake(options, listener);
    };
    tree = std::make_shared<peer::internal::supervisor::tree_context>(
        peer::internal::loop::habitat{sys.dummy_execution_unit()}, launch);
    collector = sys.spawn<caf::lazy_init>(
        [this]() -> caf::behavior { return {[this](const supervisor_event& x) { events.push_back(x); }}; });
    tree->subscribers.insert(collector->address());
  }

  ~tree_fixture() {
    if (top)
      caf::anon_send_exit(top, caf::exit_reason::kill);
    caf::anon_send_exit(collector, caf::exit_reason::kill);
    settle();
  }

  caf::expected<std::unique_ptr<peer::internal::origin::incarnation>>
  launch_fake(const start_options& options, peer::internal::origin::incarnation::listener& listener) {
    auto& peer = peers[options.exec->program];
    peer = std::make_shared<fake_peer>();
    peer->control = &listener;
    return std::make_unique<fake_incarnation>(peer);
  }

  // -- specs ---

  /// An actor that answers each call with its generation.
  child_spec actor(std::string id, restart_type restart = restart_type::permanent) {
    auto make = [this, id](const child_context& context) -> caf::expected<caf::actor> {
      return actors[id] = sys.spawn<caf::lazy_init>([generation = context.generation]() -> caf::behavior {
        return {[generation](const call_request&) -> caf::result<encoded_term> {
          auto result = encoded_term{};
          if (auto err = save_term(result.bytes, generation))
            return err;
          return result;
        }};
      });
    };
    return {.id = id, .start = actor_factory{make}, .restart = restart};
  }

  /// An actor that ignores all requests to exit but a kill.
  child_spec stubborn_actor(std::string id) {
    auto make = [this, id](const child_context&) -> caf::expected<caf::actor> {
      return actors[id] = sys.spawn<caf::lazy_init>([](caf::event_based_actor* me) -> caf::behavior {
        me->set_exit_handler([](caf::exit_msg&) {});
        return {[](int) {}};
      });
    };
    return {.id = id, .start = actor_factory{make}};
  }

  /// A fake peer whose program has the name of the child.
  static child_spec peer_child(std::string id) {
    auto options = start_options{};
    options.exec = exec{id};
    return {.id = std::move(id), .start = std::move(options)};
  }

  static child_spec below(std::string id, std::vector<child_spec> children, supervisor_flags flags = {}) {
    return {.id = std::move(id), .start = supervisor_spec{flags, std::move(children)}};
  }

  // -- the tree ---

  void start(std::vector<child_spec> children, supervisor_flags flags = {.intensity = 100}) {
    top = peer::internal::supervisor::spawn_supervisor(
        sys, tree, {flags, std::move(children)}, {}, parent ? caf::actor_cast<caf::strong_actor_ptr>(parent) : nullptr);
    self->monitor(top);
    settle();
  }

  /// Lets all actors do what they can without time passing.
  void settle() { consume_messages(); }

  void pass(caf::timespan time) {
    advance_time(time);
    settle();
  }

  // -- single messages ---

  /// `self` sends a request, which the receiver takes. Its answer is a message to `self`.
  template <class... Ts>
  void sends(const auto& to_whom, Ts... what) {
    static_cast<void>(self->request(to_whom, caf::infinite, std::move(what)...));
    expect((Ts...), from(self).to(to_whom));
  }

  /// The actor that runs as a child ends by itself.
  void ends(const caf::actor& which, caf::error why = caf::sec::runtime_error) {
    inject((caf::exit_msg), to(which).with(caf::exit_msg{caf::actor_addr{}, std::move(why)}));
  }

  /// Whether all messages have been taken.
  bool nothing_waits() { return !sched.has_job() && self->mailbox().empty(); }

  // -- many messages ---

  /// Ends an actor by itself.
  void end(const caf::actor& which, caf::error why = caf::sec::runtime_error) {
    caf::anon_send(which, caf::exit_msg{caf::actor_addr{}, std::move(why)});
    settle();
  }

  void started(const std::string& peer) {
    peers[peer]->started();
    settle();
  }

  void exits(const std::string& peer, int status) {
    peers[peer]->exits(status);
    settle();
  }

  /// Sends a request; `told` gives the answer.
  auto ask(const auto& whom, auto... what) {
    auto result = self->request(whom, caf::infinite, what...);
    settle();
    return result;
  }

  template <class T>
  caf::expected<T> told(auto& pending) {
    if (self->mailbox().empty())
      CAF_FAIL("no answer");
    auto result = caf::expected<T>{caf::error{}};
    pending.receive([&](T& x) { result = std::move(x); }, [&](caf::error& err) { result = std::move(err); });
    return result;
  }

  /// The error of a request without a result; none if it has been carried out.
  caf::error outcome(auto&& pending) {
    if (self->mailbox().empty())
      CAF_FAIL("no answer");
    auto result = caf::error{};
    pending.receive([] {}, [&](caf::error& err) { result = std::move(err); });
    return result;
  }

  template <class T>
  caf::expected<T> answer(const auto& whom, auto... what) {
    auto pending = ask(whom, what...);
    return told<T>(pending);
  }

  /// "a running 1, b restarting 2": the children with their generations.
  std::string states() {
    auto result = std::string{};
    auto children = answer<std::vector<child_info>>(top, which_children_atom_v);
    for (auto& child : *children)
      result += (result.empty() ? "" : ", ") + child.id + " " + to_string(child.state) + " "
              + std::to_string(child.generation);
    return result;
  }

  /// "a starting, a started": what has been told since the last time, with paths.
  std::string told_events() {
    auto result = std::string{};
    for (auto& x : std::exchange(events, {}))
      result += (result.empty() ? "" : ", ") + x.path + " " + to_string(x.kind);
    return result;
  }

  child_actor child(const std::string& path) {
    auto found = answer<child_info>(top, find_child_atom_v, path);
    if (!found)
      CAF_FAIL("no child " << path << ": " << found.error());
    return caf::actor_cast<child_actor>(found->handle);
  }

  static patient_call call(caf::timespan wait = caf::timespan{0}, std::optional<std::uint64_t> generation = {}) {
    return {{"m", "f", *encode_arguments(), caf::infinite}, wait, generation};
  }

  /// The result of a call, or the name of its error.
  std::string called(auto&& pending) {
    auto result = told<encoded_term>(pending);
    if (!result)
      return result.error().category() == caf::type_id_v<errc> ? to_string(static_cast<errc>(result.error().code()))
                                                               : caf::to_string(result.error());
    return to_string(*result->template as<term>());
  }

  /// How the top supervisor ended.
  caf::error end_of_top() {
    auto result = std::optional<caf::error>{};
    self->receive([&](caf::down_msg& down) { result = std::move(down.reason); },
                  caf::after(std::chrono::seconds{0}) >> [] { CAF_FAIL("the supervisor lives"); });
    top = nullptr;
    return *result;
  }

  bool lives(const caf::actor& which) {
    auto pending = ask(which, std::string{"?"});
    return outcome(pending) != caf::sec::request_receiver_down;
  }

  std::map<std::string, caf::actor> actors;                ///< the newest of each child
  std::map<std::string, std::shared_ptr<fake_peer>> peers; ///< likewise
  std::vector<supervisor_event> events;
  peer::internal::supervisor::tree_context_ptr tree;
  caf::actor collector;
  caf::actor parent;
  supervisor_actor top;
};

} // namespace peer::test
