// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The actors of a tree: what they come to, their events and the answers to requests.

#define CAF_SUITE peer.supervisor.actors

#include "tree_fixture.hpp"

using namespace peer;
using namespace peer::test;
using namespace std::chrono_literals;

CAF_TEST_FIXTURE_SCOPE(supervisor_actor_tests, tree_fixture)

// -- starts -----------------------------------------------------------------------------------------------------------

CAF_TEST(a child starts when the one before it is ready) {
  start({peer_child("p"), actor("a")});
  CAF_CHECK_EQUAL(states(), "p starting 1, a undefined 0");
  auto booted = ask(top, await_boot_atom_v);
  CAF_CHECK(self->mailbox().empty());
  started("p");
  CAF_CHECK(!outcome(booted));
  CAF_CHECK_EQUAL(states(), "p running 1, a running 1");
  CAF_CHECK_EQUAL(told_events(), "p starting, p started, p ready, a starting, a started, a ready");
}

CAF_TEST(a child that does not become ready in time has failed to start) {
  auto spec = actor("b");
  spec.ready = says_ready{.within = 10s};
  start({actor("a"), spec});
  auto booted = ask(top, await_boot_atom_v);
  pass(10s);
  CAF_CHECK_EQUAL(end_of_top(), errc::failed_to_start_child);
  auto why = outcome(booted);
  CAF_CHECK_EQUAL(why, errc::failed_to_start_child);
  CAF_CHECK(text_of(why).find("did not become ready within 10s") != std::string::npos);
  CAF_CHECK(!lives(actors["a"]));
  CAF_CHECK(!lives(actors["b"]));
}

CAF_TEST(a peer that does not boot fails the start and is tried again after a crash) {
  start({peer_child("p")});
  started("p");
  told_events();
  exits("p", 1);
  CAF_CHECK_EQUAL(states(), "p starting 2");
  exits("p", 1);
  CAF_CHECK_EQUAL(states(), "p starting 3");
  started("p");
  CAF_CHECK_EQUAL(states(), "p running 3");
  CAF_CHECK_EQUAL(told_events(), "p exited, p restarting, p starting, p start_failed, p restarting, p starting, "
                                 "p started, p ready");
}

CAF_TEST(an actor that its factory does not make is ignored or has failed) {
  auto nothing = child_spec{.id = "a"};
  nothing.start = actor_factory{[](const child_context&) { return caf::actor{}; }};
  start({nothing});
  CAF_CHECK_EQUAL(states(), "a undefined 1");
  auto wrong = child_spec{.id = "b"};
  wrong.start =
      actor_factory{[](const child_context&) -> caf::expected<caf::actor> { throw std::runtime_error{"out of luck"}; }};
  auto failed = answer<child_info>(top, start_child_atom_v, wrong).error();
  CAF_CHECK_EQUAL(failed, errc::failed_to_start_child);
  CAF_CHECK(text_of(failed).find("out of luck") != std::string::npos);
  CAF_CHECK_EQUAL(states(), "a undefined 1");
}

CAF_TEST(an actor that is in the tree already is refused and lives on) {
  start({actor("a")});
  auto again = child_spec{.id = "b"};
  again.start = actor_factory{[this](const child_context&) { return actors["a"]; }};
  CAF_CHECK_EQUAL(answer<child_info>(top, start_child_atom_v, again).error(), errc::failed_to_start_child);
  again.start = actor_factory{[this](const child_context&) { return caf::actor_cast<caf::actor>(top); }};
  CAF_CHECK_EQUAL(answer<child_info>(top, start_child_atom_v, again).error(), errc::failed_to_start_child);
  again.start = actor_factory{[](const child_context& context) { return context.child; }};
  CAF_CHECK_EQUAL(answer<child_info>(top, start_child_atom_v, again).error(), errc::failed_to_start_child);
  CAF_CHECK(lives(actors["a"]));
  CAF_CHECK_EQUAL(states(), "a running 1");
}

// -- ends -------------------------------------------------------------------------------------------------------------

CAF_TEST(a child that ends is restarted) {
  start({actor("a")});
  told_events();
  end(actors["a"]);
  CAF_CHECK_EQUAL(states(), "a running 2");
  CAF_CHECK_EQUAL(told_events(), "a exited, a restarting, a starting, a started, a ready");
  auto info = answer<child_info>(child("a"), get_state_atom_v);
  CAF_CHECK_EQUAL(info->restarts, 1u);
  CAF_CHECK_EQUAL(info->last_end, caf::sec::runtime_error);
}

CAF_TEST(a child that is killed takes nobody along) {
  start({actor("a"), below("t", {actor("b")})});
  auto inner = answer<caf::actor>(top, find_supervisor_atom_v, std::string{"t"});
  end(actors["b"], caf::exit_reason::kill);
  CAF_CHECK(lives(*inner));
  CAF_CHECK_EQUAL(called(ask(child("t/b"), call())), "2");
  end(*inner, caf::exit_reason::kill);
  CAF_CHECK_EQUAL(states(), "a running 1, t running 2");
  CAF_CHECK_EQUAL(called(ask(child("t/b"), call())), "1");
}

CAF_TEST(stop answers when all is gone) {
  start({actor("a"), peer_child("p")});
  started("p");
  auto stopped = ask(top, stop_atom_v);
  CAF_CHECK(lives(actors["a"]));
  told_events();
  exits("p", 0);
  CAF_CHECK(!outcome(stopped));
  CAF_CHECK(!end_of_top());
  CAF_CHECK(!lives(actors["a"]));
  CAF_CHECK_EQUAL(told_events(), "p stopped, a stopping, a stopped");
}

CAF_TEST(a supervisor that is killed leaves nothing) {
  start({actor("a"), below("t", {actor("b"), peer_child("p")})});
  started("p");
  caf::anon_send_exit(top, caf::exit_reason::kill);
  settle();
  CAF_CHECK_EQUAL(end_of_top(), caf::exit_reason::kill);
  CAF_CHECK(!lives(actors["a"]));
  CAF_CHECK(!lives(actors["b"]));
  CAF_CHECK(!peers["p"]->alive);
}

CAF_TEST(the actor of a child may be killed while its supervisor is busy) {
  start({actor("a"), actor("b")});
  auto added = ask(top, start_child_atom_v, peer_child("p"));
  caf::anon_send_exit(child("b"), caf::exit_reason::kill);
  settle();
  CAF_CHECK(self->mailbox().empty());
  auto stopped = ask(top, stop_atom_v); // which does not wait for p to start
  exits("p", 0);
  CAF_CHECK_EQUAL(told<child_info>(added).error(), errc::noproc);
  CAF_CHECK(!outcome(stopped));
  CAF_CHECK(!end_of_top());
}

// -- trees ------------------------------------------------------------------------------------------------------------

CAF_TEST(children and supervisors are found by their paths) {
  start({below("t", {actor("a"), below("u", {actor("b")})})});
  CAF_CHECK_EQUAL(answer<child_info>(top, find_child_atom_v, std::string{"t/u/b"})->path, "t/u/b");
  CAF_CHECK_EQUAL(answer<child_info>(top, find_child_atom_v, std::string{"t"})->kind, "supervisor");
  for (auto path : {"x", "t/x", "t/u/x", "t/a/x", "", "t/"})
    CAF_CHECK_EQUAL(answer<child_info>(top, find_child_atom_v, std::string{path}).error(), errc::not_found);
  auto inner = answer<caf::actor>(top, find_supervisor_atom_v, std::string{"t/u"});
  auto found = answer<child_info>(caf::actor_cast<supervisor_actor>(*inner), find_child_atom_v, std::string{"b"});
  CAF_CHECK_EQUAL(found->path, "t/u/b");
  CAF_CHECK(*answer<caf::actor>(top, find_supervisor_atom_v, std::string{}) == top);
  CAF_CHECK_EQUAL(answer<caf::actor>(top, find_supervisor_atom_v, std::string{"t/a"}).error(), errc::not_found);
}

CAF_TEST(a supervisor that gives up is restarted by the one above) {
  start({below("t", {actor("a")}, {.intensity = 0}), actor("b")});
  told_events();
  end(actors["a"]);
  CAF_CHECK_EQUAL(states(), "t running 2, b running 1");
  CAF_CHECK_EQUAL(told_events(), "t/a exited, t/a gave_up, t exited, t restarting, t starting, t/a starting, "
                                 "t/a started, t/a ready, t started, t ready");
  CAF_CHECK_EQUAL(called(ask(child("t/a"), call())), "1");
}

CAF_TEST(a call to a supervisor is an error) {
  start({below("t", {})});
  CAF_CHECK(!answer<encoded_term>(child("t"), call()));
}

CAF_TEST(a tree whose inner child does not start does not start) {
  start({below("t", {actor("a"), peer_child("p")})});
  auto booted = ask(top, await_boot_atom_v);
  exits("p", 1);
  CAF_CHECK_EQUAL(end_of_top(), errc::failed_to_start_child);
  CAF_CHECK_EQUAL(outcome(booted), errc::failed_to_start_child);
  CAF_CHECK(!lives(actors["a"]));
}

// -- requests ---------------------------------------------------------------------------------------------------------

CAF_TEST(children are added and stopped and restarted and deleted by messages) {
  start({actor("a")});
  auto added = answer<child_info>(top, start_child_atom_v, actor("b"));
  CAF_CHECK_EQUAL(added->path, "b");
  CAF_CHECK(added->state == child_state::running);
  CAF_CHECK_EQUAL(answer<child_info>(top, start_child_atom_v, actor("b")).error(), errc::already_started);
  CAF_CHECK_EQUAL(outcome(ask(top, delete_child_atom_v, std::string{"b"})), errc::running);
  CAF_CHECK(!outcome(ask(top, terminate_child_atom_v, std::string{"b"})));
  CAF_CHECK(!lives(actors["b"]));
  CAF_CHECK_EQUAL(answer<child_info>(top, start_child_atom_v, actor("b")).error(), errc::already_present);
  CAF_CHECK_EQUAL(answer<child_info>(top, restart_child_atom_v, std::string{"b"})->generation, 2u);
  auto handle = child("b");
  CAF_CHECK(!outcome(ask(top, terminate_child_atom_v, std::string{"b"})));
  CAF_CHECK(!outcome(ask(top, delete_child_atom_v, std::string{"b"})));
  CAF_CHECK_EQUAL(outcome(ask(top, terminate_child_atom_v, std::string{"b"})), errc::not_found);
  CAF_CHECK_EQUAL(answer<child_spec>(top, get_childspec_atom_v, std::string{"b"}).error(), errc::not_found);
  CAF_CHECK_EQUAL(answer<child_spec>(top, get_childspec_atom_v, std::string{"a"})->id, "a");
  CAF_CHECK(!lives(caf::actor_cast<caf::actor>(handle)));
}

CAF_TEST(children are counted as OTP does) {
  start({actor("a"), below("t", {}), actor("b", restart_type::transient)});
  end(actors["b"], caf::exit_reason::user_shutdown);
  auto counts = *answer<child_counts>(top, count_children_atom_v);
  CAF_CHECK_EQUAL(counts.specs, 3u);
  CAF_CHECK_EQUAL(counts.active, 2u);
  CAF_CHECK_EQUAL(counts.supervisors, 1u);
  CAF_CHECK_EQUAL(counts.workers, 2u);
}

CAF_TEST(dynamic children get their arguments) {
  auto given = std::vector<std::vector<term>>{};
  auto spec = child_spec{.id = "w"};
  spec.start = actor_factory{[&](const child_context& context) -> caf::expected<caf::actor> {
    given.push_back(context.arguments);
    return actors["w"] = sys.spawn([]() -> caf::behavior { return {[](int) {}}; });
  }};
  start({spec}, {.strategy = restart_strategy::simple_one_for_one, .intensity = 1});
  auto arguments = std::vector<term>{term{1}, term{atom{"x"}}};
  CAF_CHECK_EQUAL(answer<child_info>(top, start_child_atom_v, arguments)->id, "w-1");
  end(actors["w"]);
  CAF_CHECK(given == (std::vector<std::vector<term>>{arguments, arguments}));
  CAF_CHECK_EQUAL(answer<child_counts>(top, count_children_atom_v)->specs, 1u);
  CAF_CHECK_EQUAL(answer<child_spec>(top, get_childspec_atom_v, std::string{"w"})->id, "w");
}

CAF_TEST(apply changes what runs) {
  auto changed = actor("b");
  changed.revision = "2";
  start({actor("a"), actor("b"), actor("c")});
  told_events();
  auto kept = actors["a"];
  CAF_CHECK(!outcome(ask(top, apply_atom_v, supervisor_spec{{}, {actor("a"), changed}})));
  CAF_CHECK_EQUAL(states(), "a running 1, b running 2");
  CAF_CHECK(lives(kept));
  CAF_CHECK(!lives(actors["c"]));
  CAF_CHECK_EQUAL(told_events(), "c stopping, c stopped, b stopping, b stopped, b starting, b started, b ready, "
                                 "c removed");
}

// -- events -----------------------------------------------------------------------------------------------------------

CAF_TEST(a subscriber that ends or unsubscribes hears no more) {
  start({actor("a")});
  auto heard = 0;
  auto other = sys.spawn([&heard]() -> caf::behavior { return {[&heard](const supervisor_event&) { ++heard; }}; });
  CAF_CHECK(!outcome(ask(top, subscribe_atom_v, other)));
  end(actors["a"]);
  CAF_CHECK_EQUAL(heard, 5);
  CAF_CHECK(!outcome(ask(top, unsubscribe_atom_v, collector)));
  told_events();
  caf::anon_send_exit(other, caf::exit_reason::kill);
  end(actors["a"]);
  CAF_CHECK_EQUAL(heard, 5);
  CAF_CHECK_EQUAL(told_events(), "");
  CAF_CHECK_EQUAL(states(), "a running 3");
}

CAF_TEST(a child whose actor was killed and asked for meanwhile can be stopped) {
  start({actor("a")});
  auto busy = actor("b");
  busy.ready = says_ready{};
  auto started = ask(top, start_child_atom_v, busy);
  caf::anon_send_exit(child("a"), caf::exit_reason::kill);
  settle();
  CAF_CHECK_EQUAL(states(), "a running 1, b starting 1"); // makes another actor of a
  CAF_CHECK(!outcome(ask(top, stop_atom_v)));
}

CAF_TEST_FIXTURE_SCOPE_END()
