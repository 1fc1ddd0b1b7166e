// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Actors with system messages: what they do while they are suspended, and afterwards.

#define CAF_SUITE peer.sys.with_sys

#include "loop/pinned.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"
#include "sys/with_sys.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

using namespace std::chrono_literals;

using peer::atom;
using peer::errc;
using peer::term;
using peer::erl::list;

namespace {

/// Writes down all that it handles: numbers, requests, exits, downs, errors and everything else.
using journal_actor = caf::typed_actor<caf::result<void>(std::int32_t),
                                       caf::result<std::int32_t>(caf::get_atom)>::extend_with<peer::sys_actor>;
using journal_self = journal_actor::extend_with<peer::internal::sys::sys_self>;

/// What a test sees of a journal.
struct notes {
  std::vector<std::string> lines;
  std::vector<term> replies; ///< `{To, Answer}`
  caf::actor_addr parent;
};

class journal final : public peer::internal::sys::with_sys<peer::internal::loop::pinned<journal_self::base>> {
public:
  journal(caf::actor_config& cfg, peer::internal::loop::habitat where, std::shared_ptr<notes> seen)
      : with_sys(cfg, std::move(where)), seen_(std::move(seen)) {}

  behavior_type make_behavior() override {
    set_exit_handler([this](caf::exit_msg&) { note("exit"); });
    set_down_handler([this](caf::down_msg&) { note("down"); });
    set_error_handler([this](caf::error&) { note("error"); });
    set_default_handler([this](caf::message&) -> caf::skippable_result {
      note("other");
      return caf::message{};
    });
    return with_system_messages([this](std::int32_t x) { note(std::to_string(x)); },
                                [this](caf::get_atom) {
                                  note("get");
                                  return static_cast<std::int32_t>(seen_->lines.size());
                                });
  }

protected:
  term system_get_state() override {
    return peer::to_charlist(seen_->lines.empty() ? std::string{} : seen_->lines.back());
  }

  caf::error system_replace_state(const term& x) override {
    note("replaced by " + to_string(x));
    return {};
  }

  void system_terminate(caf::error why) override { quit(std::move(why)); }

  caf::actor_addr system_parent() const override { return seen_->parent; }

  term system_pid(const caf::actor_addr&) override { return atom{"journal"}; }

  void system_reply(const term& to, const term& answer) override {
    seen_->replies.emplace_back(peer::erl::tuple{to, answer});
  }

private:
  void note(std::string line) { seen_->lines.push_back(std::move(line)); }

  std::shared_ptr<notes> seen_;
};

using lines = std::vector<std::string>;

struct fixture : test_coordinator_fixture<> {
  fixture() { start(); }

  ~fixture() {
    caf::anon_send_exit(actor, caf::exit_reason::kill);
    run();
  }

  void start() {
    actor = caf::actor_cast<journal_actor>(peer::internal::loop::spawn_pinned<journal>(
        sys, peer::internal::loop::habitat{sys.dummy_execution_unit()}, seen));
    run();
  }

  template <class... Ts>
  void tell(Ts&&... xs) {
    caf::anon_send(actor, std::forward<Ts>(xs)...);
  }

  /// In Erlang's form.
  void system(const char* request) {
    caf::anon_send(actor, term{peer::tagged("system", peer::erl::tuple{1, 2}, *peer::parse_term(request))});
  }

  /// Asks and waits for the answer.
  template <class T, class... Ts>
  caf::expected<T> ask(Ts&&... xs) {
    auto result = caf::expected<T>{caf::make_error(caf::sec::runtime_error, "no answer")};
    auto pending = self->request(actor, caf::infinite, std::forward<Ts>(xs)...);
    run();
    pending.receive([&](T& x) { result = std::move(x); }, [&](caf::error& err) { result = std::move(err); });
    return result;
  }

  template <class... Ts>
  caf::error order(Ts&&... xs) {
    auto result = caf::error{};
    auto pending = self->request(actor, caf::infinite, std::forward<Ts>(xs)...);
    run();
    pending.receive([] {}, [&](caf::error& err) { result = std::move(err); });
    return result;
  }

  caf::error exit_of_actor() {
    auto result = caf::make_error(caf::sec::runtime_error, "the actor lives");
    self->monitor(actor);
    run();
    self->receive([&](caf::down_msg& down) { result = std::move(down.reason); }, caf::after(0s) >> [] {});
    return result;
  }

  /// What CAF tells an actor that watches another one.
  template <class Notice>
  void deliver(const Notice& x) {
    actor->enqueue(nullptr, caf::make_message_id(), caf::make_message(x), nullptr);
    run();
  }

  /// An actor that lives until it is told to end.
  caf::actor spawn_other() {
    return sys.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](caf::ok_atom) {}}; });
  }

  std::shared_ptr<notes> seen = std::make_shared<notes>();
  journal_actor actor;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(with_sys_tests, fixture)

CAF_TEST(state is told and replaced) {
  tell(std::int32_t{5});
  CAF_CHECK_EQUAL(*ask<term>(peer::sys_get_state_atom_v), peer::to_charlist("5"));
  auto to_atom = peer::state_function{[](const term&) { return term{atom{"a"}}; }};
  CAF_CHECK_EQUAL(*ask<term>(peer::sys_replace_state_atom_v, to_atom), term{atom{"a"}});
  CAF_CHECK_EQUAL(seen->lines, (lines{"5", "replaced by a"}));
  auto throws = peer::state_function{[](const term&) -> term { throw std::runtime_error{"x"}; }};
  CAF_CHECK(ask<term>(peer::sys_replace_state_atom_v, throws).error() == errc::callback_failed);
}

CAF_TEST(a suspended actor answers system messages only) {
  CAF_CHECK(!order(peer::sys_suspend_atom_v));
  tell(std::int32_t{1});
  CAF_CHECK(ask<term>(peer::sys_get_state_atom_v));
  CAF_CHECK(seen->lines.empty());
  CAF_CHECK(!order(peer::sys_resume_atom_v));
  CAF_CHECK_EQUAL(seen->lines, lines{"1"});
}

CAF_TEST(what comes while an actor is suspended is handled afterwards and in order) {
  auto watched = spawn_other();
  tell(std::int32_t{0});
  tell(peer::sys_suspend_atom_v);
  tell(std::int32_t{1});
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  tell(std::int32_t{2});
  run();
  deliver(caf::down_msg{watched.address(), caf::exit_reason::user_shutdown});
  tell(std::int32_t{3});
  caf::anon_send(caf::actor_cast<caf::actor>(actor), "other"); // not in its interface
  caf::anon_send(caf::actor_cast<caf::actor>(actor), caf::make_error(caf::sec::runtime_error));
  tell(term{atom{"stray"}});
  run();
  CAF_CHECK(ask<term>(peer::sys_get_state_atom_v));
  tell(std::int32_t{4});
  run();
  CAF_CHECK_EQUAL(seen->lines, lines{"0"});
  tell(peer::sys_resume_atom_v);
  tell(std::int32_t{5});
  run();
  CAF_CHECK_EQUAL(seen->lines, (lines{"0", "1", "exit", "2", "down", "3", "other", "error", "4", "5"}));
}

CAF_TEST(urgent messages are not forgotten) {
  tell(peer::sys_suspend_atom_v);
  run();
  self->send<caf::message_priority::high>(actor, std::int32_t{1});
  run();
  CAF_CHECK(seen->lines.empty());
  tell(peer::sys_resume_atom_v);
  run();
  CAF_CHECK_EQUAL(seen->lines, lines{"1"});
}

CAF_TEST(a thousand messages wait and none is lost) {
  auto expected = lines{};
  tell(peer::sys_suspend_atom_v);
  for (auto i = std::int32_t{0}; i < 1000; ++i) {
    expected.push_back(std::to_string(i));
    tell(i);
    if (i % 100 == 0)
      CAF_CHECK(ask<term>(peer::sys_get_state_atom_v));
  }
  run();
  CAF_CHECK(seen->lines.empty());
  tell(peer::sys_resume_atom_v);
  run();
  CAF_CHECK_EQUAL(seen->lines, expected);
}

CAF_TEST(a request that waits is answered after all) {
  tell(peer::sys_suspend_atom_v);
  auto pending = self->request(actor, caf::infinite, caf::get_atom_v);
  run();
  tell(peer::sys_resume_atom_v);
  run();
  auto answer = std::int32_t{0};
  pending.receive([&](std::int32_t x) { answer = x; }, [](const caf::error& err) { CAF_FAIL(err); });
  CAF_CHECK_EQUAL(answer, 1);
}

CAF_TEST(suspending twice and resuming twice does nothing more) {
  CAF_CHECK(!order(peer::sys_resume_atom_v));
  CAF_CHECK(!order(peer::sys_suspend_atom_v));
  CAF_CHECK(!order(peer::sys_suspend_atom_v));
  tell(std::int32_t{1});
  run();
  CAF_CHECK(seen->lines.empty());
  CAF_CHECK(!order(peer::sys_resume_atom_v));
  CAF_CHECK(!order(peer::sys_resume_atom_v));
  CAF_CHECK_EQUAL(seen->lines, lines{"1"});
}

CAF_TEST(an actor can be suspended again before it has handled what waits) {
  tell(peer::sys_suspend_atom_v);
  tell(std::int32_t{1});
  run();
  tell(peer::sys_resume_atom_v);
  tell(peer::sys_suspend_atom_v);
  tell(std::int32_t{2});
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  run();
  CAF_CHECK_EQUAL(seen->lines, lines{"1"});
  tell(peer::sys_resume_atom_v);
  run();
  CAF_CHECK_EQUAL(seen->lines, (lines{"1", "2", "exit"}));
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  run();
  CAF_CHECK_EQUAL(seen->lines.size(), 4u);
}

CAF_TEST(code changes in a suspended actor only) {
  CAF_CHECK(order(peer::sys_change_code_atom_v, atom{"m"}, term{}, term{}) == errc::unknown_system_msg);
  tell(peer::sys_suspend_atom_v);
  CAF_CHECK(!order(peer::sys_change_code_atom_v, atom{"m"}, term{}, term{}));
}

CAF_TEST(termination is answered and then ends the actor) {
  for (auto suspended : {false, true}) {
    if (suspended) {
      start();
      tell(peer::sys_suspend_atom_v);
    }
    CAF_CHECK(!order(peer::sys_terminate_atom_v, caf::make_error(errc::timeout)));
    CAF_CHECK(exit_of_actor() == errc::timeout);
  }
}

CAF_TEST(the end of its parent ends a suspended actor) {
  auto parent = spawn_other();
  seen->parent = parent.address();
  tell(peer::sys_suspend_atom_v);
  run();
  deliver(caf::exit_msg{parent.address(), caf::exit_reason::user_shutdown});
  CAF_CHECK(exit_of_actor() == caf::exit_reason::user_shutdown);
  CAF_CHECK(seen->lines.empty());
}

CAF_TEST(kill ends a suspended actor) {
  tell(peer::sys_suspend_atom_v);
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  CAF_CHECK(exit_of_actor() == caf::exit_reason::kill);
}

CAF_TEST(requests in the form of Erlang do the same) {
  system("suspend");
  tell(std::int32_t{1});
  system("get_state");
  run();
  CAF_CHECK(seen->lines.empty());
  system("resume");
  system("suspend");
  tell(std::int32_t{2});
  system("resume");
  run();
  CAF_CHECK_EQUAL(seen->lines, (lines{"1", "2"}));
  CAF_CHECK_EQUAL(peer::to_string(peer::erl::list{seen->replies}),
                  "[{1,{2,ok}},{1,{2,[]}},{1,{2,ok}},{1,{2,ok}},{1,{2,ok}}]");
  system("suspend");
  system("{terminate, normal}");
  CAF_CHECK(!exit_of_actor());
}

CAF_TEST(a term that is no system message is dropped) {
  tell(term{atom{"stray"}});
  run();
  CAF_CHECK(seen->lines.empty());
  CAF_CHECK(seen->replies.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
