// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The actor that ends a node, and what it and the channel actor send each other.

#define CAF_SUITE peer.node.peer_supervision

#include "node/peer_supervision.hpp"
#include "peer/convert.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"
#include "tests/support/because.hpp"

#include "caf/all.hpp"
#include "caf/test/bdd_dsl.hpp"

using namespace std::chrono_literals;

using peer::atom;
using peer::errc;
using peer::term;
using peer::internal::base::channel_connect_atom;
using peer::internal::base::channel_connect_atom_v;
using peer::internal::base::flush_atom;
using peer::internal::node::outgoing_message;
using peer::test::because;

namespace {

using lines = std::vector<std::string>;

const auto killed = caf::error{caf::exit_reason::kill};

struct fixture : test_coordinator_fixture<> {
  fixture() {
    supervision =
        peer::internal::node::start_supervision(sys, peer::internal::loop::habitat{sys.dummy_execution_unit()}, node,
                                                true, [this](const std::string& why) { ends.push_back(why); });
    channel = sys.spawn<caf::lazy_init>([this]() -> caf::behavior {
      return {
          [this](const outgoing_message& x) {
            told = to_string(*peer::load_term<term>(x.to)) + " ! " + to_string(*peer::load_term<term>(x.content));
          },
          [](flush_atom) {},
      };
    });
    consume_messages();
  }

  ~fixture() {
    node->ending = true;
    for (auto& actor : {caf::actor_cast<caf::actor>(supervision), channel})
      caf::anon_send_exit(actor, caf::exit_reason::kill);
    consume_messages();
    node->processes.clear();
  }

  /// The channel actor connects.
  void connect() {
    inject((channel_connect_atom, caf::actor), from(channel).to(supervision).with(channel_connect_atom_v, channel));
  }

  /// The actor is told to exit.
  void exits(const caf::actor& which, caf::error why = killed) {
    inject((caf::exit_msg), from(self).to(which).with(caf::exit_msg{self->address(), std::move(why)}));
  }

  /// A process of the origin sends a system message, in Erlang's form.
  void system(term request) {
    auto from_whom = peer::erl::tuple{peer::pid{atom{"o@h"}, 1, 2, 3}, 7};
    inject((term), to(supervision).with(term{peer::tagged("system", from_whom, std::move(request))}));
  }

  /// The channel actor gets a message for a process of the origin. Returns "Pid ! Message".
  std::string sent_to_origin() {
    expect((outgoing_message), to(channel));
    return std::exchange(told, {});
  }

  /// OTP's record.
  term state() {
    auto result = term{};
    inject((peer::sys_get_state_atom), from(self).to(supervision).with(peer::sys_get_state_atom_v));
    self->receive([&](term& x) { result = std::move(x); }, caf::after(0s) >> [] { CAF_FAIL("no answer"); });
    return result;
  }

  /// The field of that record which names the channel actor.
  term channel_in_state() { return (*peer::match_tagged(state(), "peer_sup_state", 4))[2]; }

  /// Replaces the record. Returns the error if it is refused.
  caf::error replace_state(const term& by) {
    auto result = caf::error{};
    inject((peer::sys_replace_state_atom, peer::state_function),
           from(self).to(supervision).with(peer::sys_replace_state_atom_v, peer::state_function{[by](const term&) {
                                             return by;
                                           }}));
    self->receive([](const term&) {}, [&](caf::error& err) { result = std::move(err); });
    return result;
  }

  bool nothing_waits() { return !sched.has_job() && self->mailbox().empty(); }

  std::shared_ptr<peer::internal::node::node_state> node =
      std::make_shared<peer::internal::node::node_state>(atom{"n@h"});
  peer::internal::node::peer_supervision_actor supervision;
  caf::actor channel;
  lines ends; ///< of the node
  std::string told;
};

} // namespace

BEGIN_FIXTURE_SCOPE(fixture)

// -- the channel actor connects ---------------------------------------------------------------------------------------

SCENARIO("it has a name and shows the state of OTP") {
  GIVEN("the actor of a node whose channel has not connected") {
    WHEN("it is looked for by its name") {
      auto id = node->processes.whereis("peer_supervision");
      THEN("it is found") {
        REQUIRE(id);
        CHECK(node->processes.find(term{*id}) == supervision);
      }
    }
    WHEN("it is asked for its state") {
      auto fields = *peer::match_tagged(state(), "peer_sup_state", 4);
      THEN("there is no channel") {
        CHECK(fields[1].is<peer::pid>());
        CHECK(fields[2].is_atom("undefined"));
        CHECK(fields[3].is_atom("true"));
      }
    }
    WHEN("the channel actor connects") {
      connect();
      THEN("the state names it") {
        CHECK_EQ(channel_in_state(), term{node->processes.expose(channel)});
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("the channel actor learns that it is monitored") {
  GIVEN("a channel actor that asks for that") {
    static_cast<void>(self->request(supervision, caf::infinite, channel_connect_atom_v, channel));
    WHEN("its request is taken") {
      expect((channel_connect_atom, caf::actor), from(self).to(supervision).with(_, channel));
      THEN("it is answered") {
        expect((void), from(supervision).to(self));
        exits(channel);
        expect((caf::down_msg), from(channel).to(supervision).with(because{killed}));
      }
    }
  }
}

SCENARIO("a channel that does not connect in time ends the node") {
  GIVEN("the actor of a node whose channel has not connected") {
    WHEN("its time is not over") {
      advance_time(peer::defaults::supervision_connect_timeout - 1ms);
      THEN("nothing happens") {
        CHECK(nothing_waits());
      }
    }
    WHEN("its time is over") {
      advance_time(1ms);
      THEN("the node ends") {
        expect((caf::action), to(supervision));
        CHECK_EQ(ends, lines{"peer_supervision ended: peer_channel_connect_timeout"});
      }
    }
  }
}

SCENARIO("a channel that has connected has all the time") {
  GIVEN("a channel that has connected") {
    connect();
    WHEN("time passes") {
      advance_time(2 * peer::defaults::supervision_connect_timeout);
      THEN("nothing happens") {
        CHECK(nothing_waits());
        CHECK(ends.empty());
      }
    }
  }
}

// -- what ends the node -----------------------------------------------------------------------------------------------

SCENARIO("the end of the channel actor ends the node") {
  GIVEN("a channel that has connected") {
    connect();
    WHEN("its actor is killed") {
      exits(channel);
      CHECK(ends.empty());
      expect((caf::down_msg), from(channel).to(supervision).with(because{killed}));
      THEN("the node ends") {
        CHECK_EQ(ends, lines{"peer_supervision ended: {peer_channel_terminated,killed}"});
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a channel actor that has ended before it connects ends the node") {
  GIVEN("a channel actor that has ended") {
    exits(channel, caf::exit_reason::user_shutdown);
    WHEN("its request to connect arrives") {
      inject((channel_connect_atom, caf::actor), from(self).to(supervision).with(channel_connect_atom_v, channel));
      CHECK(ends.empty());
      expect((caf::down_msg), to(supervision));
      THEN("the node ends") {
        CHECK_EQ(ends.size(), 1u);
      }
    }
  }
}

SCENARIO("its own end ends the node") {
  GIVEN("a channel that has connected") {
    connect();
    WHEN("peer_supervision is killed") {
      exits(caf::actor_cast<caf::actor>(supervision));
      THEN("the node ends, and the channel actor is sent nothing") {
        CHECK_EQ(ends, lines{"peer_supervision ended: it was killed"});
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a node that ends anyway is not ended") {
  GIVEN("a node that ends") {
    connect();
    node->ending = true;
    WHEN("its channel actor ends") {
      exits(channel, caf::exit_reason::user_shutdown);
      expect((caf::down_msg), from(channel).to(supervision));
      THEN("nothing is done about it") {
        CHECK(ends.empty());
      }
    }
  }
}

SCENARIO("stray messages exits and errors are ignored") {
  GIVEN("a channel that has connected") {
    connect();
    WHEN("others send messages of all kinds, and another actor wants to connect") {
      auto dynamic = caf::actor_cast<caf::actor>(supervision);
      inject((std::string), from(self).to(supervision).with("stray"));
      inject((term), from(self).to(supervision).with(term{atom{"stray"}}));
      inject((caf::error), from(self).to(supervision).with(caf::make_error(caf::sec::runtime_error)));
      inject((caf::down_msg), from(self).to(supervision).with(caf::down_msg{self->address(), killed}));
      exits(dynamic, caf::exit_reason::user_shutdown);
      inject((channel_connect_atom, caf::actor),
             from(self).to(supervision).with(channel_connect_atom_v, caf::actor{self}));
      THEN("nobody is sent anything, and the node goes on with its channel") {
        CHECK(nothing_waits());
        CHECK(ends.empty());
        CHECK_EQ(channel_in_state(), term{node->processes.expose(channel)});
      }
    }
  }
}

// -- system messages --------------------------------------------------------------------------------------------------

SCENARIO("a process of the origin is answered through the channel") {
  GIVEN("a channel that has connected") {
    connect();
    WHEN("a process suspends the actor") {
      system(atom{"suspend"});
      THEN("the channel actor gets the answer to it") {
        CHECK_EQ(sent_to_origin(), "#Pid<o@h.1.2> ! {7,ok}");
        CHECK(nothing_waits());
      }
    }
    WHEN("it asks for what cannot be done") {
      system(term{peer::tagged("replace_state", 5)});
      THEN("the answer is an error") {
        CHECK_EQ(sent_to_origin(), "#Pid<o@h.1.2> ! {7,{error,{callback_failed,{peer,system_replace_state},"
                                   "{error,{badfun,5}}}}}");
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("an actor of the node is answered by itself") {
  GIVEN("a channel that has connected") {
    connect();
    WHEN("an actor that has a pid suspends the actor") {
      auto from_self = peer::erl::tuple{node->processes.expose(caf::actor{self}), 7};
      inject((term), to(supervision).with(term{peer::tagged("system", from_self, atom{"suspend"})}));
      THEN("it gets the answer, and the channel actor does not") {
        disallow((outgoing_message), to(channel));
        self->receive([](const term& answer) { CHECK_EQ(to_string(answer), "{7,ok}"); },
                      caf::after(0s) >> [] { CAF_FAIL("no answer"); });
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a suspended one notices the end of the channel when it goes on") {
  GIVEN("a suspended actor") {
    connect();
    system(atom{"suspend"});
    sent_to_origin();
    WHEN("its channel actor is killed") {
      exits(channel);
      expect((caf::down_msg), from(channel).to(supervision));
      consume_messages();
      THEN("the node goes on") {
        CHECK(ends.empty());
      }
    }
    WHEN("it goes on") {
      caf::anon_send(supervision, peer::sys_resume_atom_v);
      consume_messages();
      THEN("the node ends") {
        CHECK_EQ(ends.size(), 1u);
      }
    }
  }
}

SCENARIO("a request to terminate is answered before the node ends") {
  GIVEN("a channel that has connected") {
    connect();
    WHEN("a process of the origin wants the actor to terminate") {
      system(term{peer::tagged("terminate", atom{"enough"})});
      THEN("the channel actor is asked to write the answer, and the node ends when it has") {
        CHECK_EQ(sent_to_origin(), "#Pid<o@h.1.2> ! {7,ok}");
        expect((flush_atom), from(supervision).to(channel));
        CHECK(ends.empty());
        expect((void), from(channel).to(supervision));
        CHECK_EQ(ends, lines{"peer_supervision ended: enough"});
      }
    }
  }
}

SCENARIO("a channel that does not write the answer does not keep a node alive") {
  GIVEN("an actor that is to terminate and has asked its channel actor to write the answer") {
    connect();
    system(term{peer::tagged("terminate", atom{"enough"})});
    WHEN("the channel actor has not answered within its time") {
      advance_time(2 * peer::defaults::flush_timeout - 1ms);
      CHECK(ends.empty());
      advance_time(1ms);
      THEN("the node ends nevertheless") {
        expect((caf::error), to(supervision).with(caf::sec::request_timeout));
        CHECK_EQ(ends, lines{"peer_supervision ended: enough"});
      }
    }
  }
}

SCENARIO("the state can be replaced by one like it") {
  GIVEN("a channel that has connected") {
    connect();
    auto same_channel = channel_in_state();
    WHEN("the state is replaced by one without a parent and outside of a tree") {
      auto other = term{peer::tagged("peer_sup_state", 1, same_channel, false)};
      THEN("that is the state") {
        CHECK_EQ(replace_state(other), caf::error{});
        CHECK_EQ(state(), other);
      }
    }
    WHEN("it is replaced by something else") {
      THEN("that is refused") {
        CHECK_EQ(replace_state(peer::tagged("peer_sup_state", 1, same_channel, 2)), errc::type_mismatch);
        CHECK_EQ(replace_state(atom{"none"}), errc::type_mismatch);
      }
    }
    WHEN("the channel actor ends") {
      exits(channel);
      expect((caf::down_msg), from(channel).to(supervision));
      THEN("the node ends as before") {
        CHECK_EQ(ends.size(), 1u);
      }
    }
  }
}

CAF_TEST(what a supervisor needs to know is that of OTP) {
  CHECK_EQ(peer::internal::node::supervision_child_spec(true),
           *peer::parse_term("{ok, #{id => peer_supervision, start => {peer, start_supervision, []}, "
                             "restart => permanent, shutdown => 1000, type => worker, modules => [peer]}}"));
  CHECK_EQ(peer::internal::node::supervision_child_spec(false), term{atom{"none"}});
}

END_FIXTURE_SCOPE()
