// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// OTP's system messages to a control actor: its state and what asks for that.

#define CAF_SUITE peer.origin.sys

#include "control_fixture.hpp"

using namespace peer::test;
using namespace std::chrono_literals;

using peer::atom;
using peer::term;
using peer::erl::map;

namespace {

struct fixture : control_fixture {
  term state() {
    ask(peer::sys_get_state_atom_v);
    return answer<term>();
  }

  std::string state(const char* key) {
    auto all = state();
    auto value = all.get_if<peer::erl::map>()->find(atom{key});
    CAF_REQUIRE(value);
    return to_string(*value);
  }

  std::string option(const char* key) {
    auto all = state();
    auto given = all.get_if<peer::erl::map>()->find(atom{"options"});
    CAF_REQUIRE(given);
    auto value = given->get_if<peer::erl::map>()->find(atom{key});
    CAF_REQUIRE(value);
    return to_string(*value);
  }

  /// Replaces the state by one in which that option is another.
  void replace_option(const char* key, term value) {
    ask(peer::sys_replace_state_atom_v, peer::state_function{[key, value](const term& before) {
          auto with = [](const term& x, const char* name, term y) -> term {
            auto entries = std::vector<peer::erl::map::value_type>{x.get_if<peer::erl::map>()->begin(),
                                                                   x.get_if<peer::erl::map>()->end()};
            entries.emplace_back(atom{name}, std::move(y));
            return peer::erl::map{std::move(entries)};
          };
          return with(before, "options", with(*before.get_if<peer::erl::map>()->find(atom{"options"}), key, value));
        }});
  }

  void suspend() { ask(peer::sys_suspend_atom_v); }

  void resume() { ask(peer::sys_resume_atom_v); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(control_sys_tests, fixture)

CAF_TEST(the state tells what OTP has in its record) {
  options.args = {"+S1"};
  start();
  CAF_CHECK_EQUAL(state("peer_state"), "booting");
  CAF_CHECK_EQUAL(state("node"), "undefined");
  CAF_CHECK_EQUAL(state("seq"), "0");
  peer->started();
  settle();
  answer<peer::peer_status>();
  CAF_CHECK_EQUAL(state("peer_state"), "running");
  CAF_CHECK_EQUAL(state("phase"), "running");
  CAF_CHECK_EQUAL(state("node"), "nonode@nohost");
  CAF_CHECK_EQUAL(state("exec"), "<<\"fake\">>");
  CAF_CHECK_EQUAL(state("args"), "[<<\"-user\">>,<<\"peer\">>]");
  CAF_CHECK_EQUAL(state("process_id"), "4711");
  call("a");
  call("b");
  CAF_CHECK_EQUAL(state("seq"), "2");
  CAF_CHECK_EQUAL(state("outstanding"), "#{0 => {m,a},1 => {m,b}}");
  CAF_CHECK_EQUAL(option("args"), "[<<\"+S1\">>]");
  CAF_CHECK_EQUAL(option("connection"), "inherited");
  CAF_CHECK_EQUAL(option("peer_down"), "stop");
  CAF_CHECK_EQUAL(option("shutdown"), "{halt,5000}");
  CAF_CHECK_EQUAL(option("wait_boot"), "15000");
  CAF_CHECK_EQUAL(option("queue_limit"), "67108864");
  CAF_CHECK_EQUAL(option("max_calls"), "262144");
}

CAF_TEST(the state tells the limits and which of them are off) {
  options.process.limits = {.address_space = 1 << 30, .cpu_time = 7s, .memory = 4096};
  options.process.cpu_affinity = {1, 0};
  peer->limits_off = {"memory: why"};
  options.peer_down = peer::peer_down::continue_;
  start();
  CAF_CHECK_EQUAL(option("limits"), "#{address_space => 1073741824,cpu_time => 7000,memory => 4096}");
  CAF_CHECK_EQUAL(option("cpu_affinity"), "[1,0]");
  peer->control->on_spawned();
  peer->started();
  settle();
  answer<peer::peer_status>();
  CAF_CHECK_EQUAL(state("limits_off"), "[<<\"memory: why\">>]");
  peer->exits(0);
  settle();
  ask(peer::get_state_atom_v);
  CAF_CHECK_EQUAL(answer<peer::peer_status>().limits_off, std::vector<std::string>{"memory: why"});
}

CAF_TEST(the state of a peer that is down tells why) {
  options.peer_down = peer::peer_down::continue_;
  start_running();
  peer->exits(9);
  settle();
  CAF_CHECK_EQUAL(state("peer_state"), "{down,{exit_status,9}}");
  CAF_CHECK_EQUAL(state("process_id"), "undefined");
}

CAF_TEST(the policies can be replaced) {
  start_running();
  replace_option("shutdown", 2000);
  answer<term>();
  CAF_CHECK_EQUAL(option("shutdown"), "2000");
  ask(peer::stop_atom_v);
  CAF_CHECK_EQUAL(to_string(peer->channel.sent.back()), "{cast,init,stop,[]}");
  peer->exits(0);
  settle();
  CAF_CHECK(answer<peer::stop_report>().ended_by == peer::stop_step::asked);
  CAF_CHECK(!exit_of_control());
  peer = std::make_shared<fake_peer>();
  start_running();
  replace_option("peer_down", atom{"crash"});
  answer<term>();
  CAF_CHECK_EQUAL(option("peer_down"), "crash");
  peer->exits(9);
  settle();
  CAF_CHECK_EQUAL(to_string(peer::to_reason(exit_of_control())), "{exit_status,9}");
}

CAF_TEST(what has happened cannot be replaced and neither can a policy by nonsense) {
  start_running();
  auto refuses = [this](const char* key, term value) {
    replace_option(key, std::move(value));
    auto err = failure();
    CAF_CHECK_EQUAL(err, peer::errc::invalid_option);
    return peer::describe(err).find(key) != std::string::npos;
  };
  CAF_CHECK(refuses("args", peer::erl::list{"-other"}));
  CAF_CHECK(refuses("peer_down", atom{"bogus"}));
  CAF_CHECK(refuses("shutdown", 999));
  CAF_CHECK(refuses("shutdown", peer::tagged("halt", atom{"soon"})));
  ask(peer::sys_replace_state_atom_v, peer::state_function{[](const term&) { return term{1}; }});
  CAF_CHECK_EQUAL(failure(), peer::errc::invalid_option);
  CAF_CHECK_EQUAL(option("peer_down"), "stop");
  CAF_CHECK_EQUAL(option("shutdown"), "{halt,5000}");
}

CAF_TEST(a reason from Erlang code is told as it is) {
  start_running();
  ask(peer::expose_atom_v, caf::actor_cast<caf::actor>(control));
  auto id = answer<term>();
  auto from = peer::pid{atom{"n@h"}, 1, 0, 1};
  auto terminate = peer::tagged("terminate", peer::tagged("because", 7));
  peer->says(peer::tagged("message", id, peer::tagged("system", peer::erl::tuple{from, atom{"tag"}}, terminate)));
  settle();
  peer->exits(1);
  settle();
  auto reason = exit_of_control();
  CAF_CHECK_EQUAL(to_string(peer::to_reason(reason)), "{because,7}");
  CAF_CHECK(peer::describe(reason).find("{because,7}") != std::string::npos);
}

CAF_TEST(the code changes only while it is suspended) {
  start_running();
  auto change = [this] { return refusal(peer::sys_change_code_atom_v, atom{"peer"}, term{1}, term{}); };
  CAF_CHECK_EQUAL(change(), peer::errc::unknown_system_msg);
  suspend();
  CAF_CHECK(!change());
}

CAF_TEST(Erlang code in the peer can ask as it does elsewhere) {
  start_running();
  ask(peer::expose_atom_v, caf::actor_cast<caf::actor>(control));
  auto id = answer<term>();
  auto from = peer::pid{atom{"n@h"}, 1, 0, 1};
  auto request = [&](term what) {
    peer->says(
        peer::tagged("message", id, peer::tagged("system", peer::erl::tuple{from, atom{"tag"}}, std::move(what))));
    settle();
    return to_string(peer->channel.sent.back());
  };
  CAF_CHECK(request(atom{"get_state"}).find("peer_state => running") != std::string::npos);
  CAF_CHECK_EQUAL(request(atom{"suspend"}), "{message," + to_string(term{from}) + ",{tag,ok}}");
  auto sent = peer->channel.sent.size();
  request(atom{"resume"}); // comes over the connection, from which a suspended actor takes nothing
  CAF_CHECK_EQUAL(peer->channel.sent.size(), sent);
  resume();
  settle();
  CAF_CHECK_EQUAL(peer->channel.sent.size(), sent + 1);
}

CAF_TEST_FIXTURE_SCOPE_END()
