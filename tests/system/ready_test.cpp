// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Peers that say that they are ready.

#define CAF_SUITE peer.system.ready

#include "support/system_fixture.hpp"

using namespace peer::test;
using namespace std::chrono_literals;

namespace {

struct fixture : system_fixture {
  peer::start_options node(const char* program, const peer::connection_kind& kind) const {
    return {.exec = peer::exec{program}, .connection = kind, .wait_boot = caf::timespan{patience}};
  }
};

const auto connections = std::vector<peer::connection_kind>{peer::inherited{}, peer::standard_io{}, peer::tcp{}};

} // namespace

CAF_TEST_FIXTURE_SCOPE(ready_tests, fixture)

CAF_TEST(a peer says that it is ready over every connection) {
  for (auto& kind : connections) {
    CAF_MESSAGE(peer::to_string(kind));
    auto worker = start(node(PEER_NODE, kind));
    CAF_CHECK_EQUAL(error_of(worker.await_ready(1ms)), peer::errc::timeout);
    CAF_CHECK(worker.call<void>("peer_node", "ready"));
    value_of(worker.await_ready(patience));
    CAF_CHECK(worker.call<void>("peer_node", "ready"));
    value_of(worker.await_ready(patience));
    CAF_CHECK(worker.stop());
    CAF_CHECK_EQUAL(error_of(worker.await_ready(patience)), peer::errc::noproc);
  }
}

CAF_TEST(a program may be ready before it runs) {
  for (auto& kind : connections) {
    CAF_MESSAGE(peer::to_string(kind));
    auto options = node(TEST_NODE, kind);
    options.env.emplace_back("TEST_NODE_IS_READY", "yes");
    value_of(start(std::move(options)).await_ready(patience));
  }
}

CAF_TEST(an erl says that it is ready) {
  auto worker = start(erl());
  CAF_CHECK_EQUAL(error_of(worker.await_ready(1ms)), peer::errc::timeout);
  CAF_CHECK_EQUAL(evaluate(worker, "io:request(group_leader(), ready)"), "ok"_term);
  value_of(worker.await_ready(patience));
}

CAF_TEST(an erl may be ready before it has booted) {
  auto options = erl();
  options.args = {"-eval", "ok = io:request(group_leader(), ready)"};
  value_of(start(std::move(options)).await_ready(patience));
}

CAF_TEST(who waits for a peer that ends before it is ready learns how it ended) {
  auto worker = start(node(PEER_NODE, peer::inherited{}));
  auto self = caf::scoped_actor{*sys};
  auto ready = self->request(worker.actor(), caf::infinite, peer::await_ready_atom_v);
  CAF_CHECK(!worker.cast("erlang", "halt", 7));
  ready.receive([] { CAF_ERROR("it is not ready"); },
                [](const caf::error& why) { CAF_CHECK_EQUAL(end_status(why), 7); });
}

CAF_TEST_FIXTURE_SCOPE_END()
