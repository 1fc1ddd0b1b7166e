// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.console.completion

#include "console/completion.hpp"
#include "peer/term.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <optional>
#include <string>
#include <vector>

using namespace std::literals;

using peer::internal::console::completion;

namespace {

struct fixture {
  completion make() {
    return completion{[this](const std::optional<peer::term>& answer) {
      answers.push_back(answer ? to_string(*answer) : "abandoned");
    }};
  }

  std::vector<std::string> answers;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(completion_tests, fixture)

CAF_TEST(a request is answered once) {
  auto done = make();
  CAF_CHECK(done.pending());
  done.answer(peer::atom{"ok"});
  CAF_CHECK(!done.pending());
  done.answer(peer::atom{"again"});
  done.fail(peer::atom{"late"});
  done = {};
  CAF_CHECK_EQUAL(answers, std::vector{"ok"s});
}

CAF_TEST(copies are the same request) {
  auto first = make();
  auto second = first;
  second.fail(peer::atom{"request"});
  CAF_CHECK(!first.pending());
  first.answer(peer::atom{"ok"});
  CAF_CHECK_EQUAL(answers, std::vector{"{error,request}"s});
}

CAF_TEST(a request is abandoned with the last copy that was not answered) {
  auto first = make();
  {
    auto second = first;
    first = {};
    CAF_CHECK(second.pending());
    CAF_CHECK_EQUAL(answers, std::vector<std::string>{});
  }
  CAF_CHECK_EQUAL(answers, std::vector{"abandoned"s});
}

CAF_TEST(a receiver may destroy the completion) {
  auto done = std::optional<completion>{};
  done.emplace([&](const std::optional<peer::term>& answer) {
    done.reset();
    answers.push_back(to_string(*answer));
  });
  done->answer(1);
  CAF_CHECK_EQUAL(answers, std::vector{"1"s});
}

CAF_TEST(a completion without a receiver does nothing) {
  auto done = completion{};
  CAF_CHECK(!done.pending());
  done.answer(peer::atom{"ok"});
  done.fail(peer::atom{"request"});
}

CAF_TEST_FIXTURE_SCOPE_END()
