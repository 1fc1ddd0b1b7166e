// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The actor that ends a node. The channel actor of these tests writes down what it is told.

#define CAF_SUITE peer.node.peer_supervision

#include "node/peer_supervision.hpp"
#include "peer/convert.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

using namespace std::chrono_literals;

using peer::atom;
using peer::term;

namespace {

struct fixture : test_coordinator_fixture<> {
  fixture() {
    supervision =
        peer::internal::node::start_supervision(sys, peer::internal::loop::habitat{sys.dummy_execution_unit()}, node,
                                                true, [this](const std::string& why) { ends.push_back(why); });
    settle();
  }

  ~fixture() {
    node->ending = true;
    for (auto& actor : {caf::actor_cast<caf::actor>(supervision), channel})
      caf::anon_send_exit(actor, caf::exit_reason::kill);
    settle();
    node->processes.clear();
  }

  /// Lets all actors do what they can without time passing.
  void settle() { consume_messages(); }

  void connect() {
    channel = sys.spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {
          [this](const peer::internal::node::outgoing_message& x) {
            told.push_back(to_string(*peer::load_term<term>(x.to)) + " ! "
                           + to_string(*peer::load_term<term>(x.content)));
          },
          [this](peer::internal::base::flush_atom) { told.emplace_back("flush"); },
      };
    });
    caf::anon_send(supervision, peer::internal::base::channel_connect_atom_v, channel);
    settle();
  }

  /// In Erlang's form, from a process of the origin.
  void system(term request) {
    auto from = peer::erl::tuple{peer::pid{atom{"o@h"}, 1, 2, 3}, 7};
    caf::anon_send(supervision, term{peer::tagged("system", from, std::move(request))});
    settle();
  }

  term state() {
    auto result = term{};
    self->send(supervision, peer::sys_get_state_atom_v);
    settle();
    self->receive([&](term& x) { result = std::move(x); }, caf::after(0s) >> [] { CAF_FAIL("no answer"); });
    return result;
  }

  std::shared_ptr<peer::internal::node::node_state> node =
      std::make_shared<peer::internal::node::node_state>(atom{"n@h"});
  peer::internal::node::peer_supervision_actor supervision;
  caf::actor channel;
  std::vector<std::string> ends;
  std::vector<std::string> told;
};

using lines = std::vector<std::string>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(peer_supervision_tests, fixture)

CAF_TEST(it has a name and shows the state of OTP) {
  auto id = node->processes.whereis("peer_supervision");
  CAF_REQUIRE(id);
  CAF_CHECK(node->processes.find(term{*id}) == supervision);
  auto fields = *peer::match_tagged(state(), "peer_sup_state", 4);
  CAF_CHECK(fields[1].is<peer::pid>());
  CAF_CHECK(fields[2].is_atom("undefined"));
  CAF_CHECK(fields[3].is_atom("true"));
  connect();
  CAF_CHECK_EQUAL((*peer::match_tagged(state(), "peer_sup_state", 4))[2], term{node->processes.expose(channel)});
}

CAF_TEST(a channel that does not connect in time ends the node) {
  sched.advance_time(peer::defaults::supervision_connect_timeout - 1ms);
  settle();
  CAF_CHECK(ends.empty());
  sched.advance_time(1ms);
  settle();
  CAF_CHECK_EQUAL(ends, lines{"peer_supervision ended: peer_channel_connect_timeout"});
}

CAF_TEST(a channel that has connected has all the time) {
  connect();
  sched.advance_time(2 * peer::defaults::supervision_connect_timeout);
  settle();
  CAF_CHECK(ends.empty());
}

CAF_TEST(the end of the channel actor ends the node) {
  connect();
  caf::anon_send_exit(channel, caf::exit_reason::kill);
  settle();
  CAF_CHECK_EQUAL(ends, lines{"peer_supervision ended: {peer_channel_terminated,killed}"});
}

CAF_TEST(a channel actor that has ended before it connects ends the node) {
  auto dead = sys.spawn([](caf::event_based_actor* ended) -> caf::behavior {
    ended->quit(caf::exit_reason::user_shutdown);
    return {[](int) {}};
  });
  settle();
  caf::anon_send(supervision, peer::internal::base::channel_connect_atom_v, dead);
  settle();
  CAF_CHECK_EQUAL(ends.size(), 1u);
}

CAF_TEST(its own end ends the node) {
  connect();
  caf::anon_send_exit(supervision, caf::exit_reason::kill);
  settle();
  CAF_CHECK_EQUAL(ends, lines{"peer_supervision ended: it was killed"});
}

CAF_TEST(a node that ends anyway is not ended) {
  connect();
  node->ending = true;
  caf::anon_send_exit(channel, caf::exit_reason::user_shutdown);
  settle();
  CAF_CHECK(ends.empty());
}

CAF_TEST(stray messages exits and errors are ignored) {
  connect();
  auto dynamic = caf::actor_cast<caf::actor>(supervision);
  caf::anon_send(dynamic, "stray");
  caf::anon_send(dynamic, term{atom{"stray"}});
  caf::anon_send(dynamic, caf::make_error(caf::sec::runtime_error));
  caf::anon_send(dynamic, caf::down_msg{self->address(), caf::exit_reason::kill});
  caf::anon_send_exit(dynamic, caf::exit_reason::user_shutdown);
  caf::anon_send(dynamic, peer::internal::base::channel_connect_atom_v, caf::actor{self}); // a second one
  settle();
  CAF_CHECK(ends.empty());
  CAF_CHECK_EQUAL((*peer::match_tagged(state(), "peer_sup_state", 4))[2], term{node->processes.expose(channel)});
}

CAF_TEST(a process of the origin is answered through the channel) {
  connect();
  system(atom{"suspend"});
  system(term{peer::tagged("replace_state", 5)});
  CAF_CHECK_EQUAL(
      told, (lines{"#Pid<o@h.1.2> ! {7,ok}", "#Pid<o@h.1.2> ! {7,{error,{callback_failed,{peer,system_replace_state},"
                                             "{error,{badfun,5}}}}}"}));
}

CAF_TEST(an actor of the node is answered by itself) {
  connect();
  auto from = peer::erl::tuple{node->processes.expose(caf::actor{self}), 7};
  caf::anon_send(supervision, term{peer::tagged("system", from, atom{"suspend"})});
  settle();
  auto answer = term{};
  self->receive([&](term& x) { answer = std::move(x); }, caf::after(0s) >> [] { CAF_FAIL("no answer"); });
  CAF_CHECK_EQUAL(to_string(answer), "{7,ok}");
  CAF_CHECK(told.empty());
}

CAF_TEST(a suspended one notices the end of the channel when it goes on) {
  connect();
  system(atom{"suspend"});
  caf::anon_send_exit(channel, caf::exit_reason::kill);
  settle();
  CAF_CHECK(ends.empty());
  caf::anon_send(supervision, peer::sys_resume_atom_v);
  settle();
  CAF_CHECK_EQUAL(ends.size(), 1u);
}

CAF_TEST(a request to terminate is answered before the node ends) {
  connect();
  system(term{peer::tagged("terminate", atom{"enough"})});
  CAF_CHECK_EQUAL(told, (lines{"#Pid<o@h.1.2> ! {7,ok}", "flush"}));
  CAF_CHECK_EQUAL(ends, lines{"peer_supervision ended: enough"});
}

CAF_TEST(the state can be replaced by one like it) {
  connect();
  auto replace = [this](const term& by) {
    auto result = caf::error{};
    self->send(supervision, peer::sys_replace_state_atom_v, peer::state_function{[by](const term&) { return by; }});
    settle();
    self->receive([](const term&) {}, [&](caf::error& err) { result = std::move(err); });
    return result;
  };
  auto fields = *peer::match_tagged(state(), "peer_sup_state", 4);
  CAF_CHECK(!replace(peer::tagged("peer_sup_state", 1, fields[2], false)));
  CAF_CHECK_EQUAL(state(), term{peer::tagged("peer_sup_state", 1, fields[2], false)});
  CAF_CHECK(replace(peer::tagged("peer_sup_state", 1, fields[2], 2)) == peer::errc::type_mismatch);
  CAF_CHECK(replace(atom{"none"}) == peer::errc::type_mismatch);
  caf::anon_send_exit(channel, caf::exit_reason::kill);
  settle();
  CAF_CHECK_EQUAL(ends.size(), 1u);
}

CAF_TEST(what a supervisor needs to know is that of OTP) {
  CAF_CHECK_EQUAL(peer::internal::node::supervision_child_spec(true),
                  *peer::parse_term("{ok, #{id => peer_supervision, start => {peer, start_supervision, []}, "
                                    "restart => permanent, shutdown => 1000, type => worker, modules => [peer]}}"));
  CAF_CHECK_EQUAL(peer::internal::node::supervision_child_spec(false), term{atom{"none"}});
}

CAF_TEST_FIXTURE_SCOPE_END()
