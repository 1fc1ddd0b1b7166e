// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.console.input

#include "console/input.hpp"
#include "process/descriptor.hpp"
#include "tests/support/look_until.hpp"
#include "tests/support/process_guard.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <set>
#include <stdexcept>

#include <unistd.h>

using namespace std::literals;

using peer::internal::console::input_ptr;

using piece = std::optional<std::string>;

namespace {

/// Asks and waits for the answer.
piece read(peer::internal::console::input_source& source) {
  std::promise<piece> answer;
  source.read([&](piece got) { answer.set_value(std::move(got)); });
  return answer.get_future().get();
}

/// Waits until all other threads of this program are asleep.
void let_others_sleep() {
  for (auto awake = true; awake;) {
    awake = false;
    for (auto& entry : std::filesystem::directory_iterator{"/proc/self/task"}) {
      auto line = std::string{};
      std::getline(std::ifstream{entry.path() / "stat"}, line); // "ID (name) STATE ..."
      auto asleep = line.empty() || line.find(") S ") != std::string::npos;
      awake = awake || (!asleep && entry.path().filename() != std::to_string(gettid()));
    }
  }
}

struct fixture {
  fixture() {
    alarm(60); // a hang ends the program
    ends = unbox(peer::internal::process::make_pipe("a test"));
  }

  ~fixture() {
    ends = {};
    // The thread of a source closes its descriptors a moment after the source has gone.
    CAF_CHECK(peer::test::look_until([this] { return guard.complaints().empty(); }));
    alarm(0);
  }

  void print(std::string_view text) {
    CAF_REQUIRE_EQUAL(write(ends.write.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  peer::test::process_guard guard;
  peer::internal::process::pipe_ends ends;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(input_tests, fixture)

CAF_TEST(no input is the end at once and every time) {
  auto source = peer::no_input()(nullptr);
  CAF_CHECK_EQUAL(read(*source), std::nullopt);
  CAF_CHECK_EQUAL(read(*source), std::nullopt);
}

CAF_TEST(text is delivered once to each peer) {
  auto make = peer::text_input("one\ntwo");
  for (auto i = 0; i < 2; ++i) {
    auto source = make(nullptr);
    CAF_CHECK_EQUAL(read(*source), "one\ntwo"s);
    CAF_CHECK_EQUAL(read(*source), std::nullopt);
  }
}

CAF_TEST(a function delivers when it has something) {
  auto receiver = peer::input_receiver{};
  auto source = peer::function_input([&](peer::input_receiver deliver) { receiver = std::move(deliver); })(nullptr);
  auto got = std::vector<piece>{};
  source->read([&](piece x) { got.push_back(std::move(x)); });
  CAF_CHECK(got.empty());
  receiver("late");
  CAF_CHECK_EQUAL(got, std::vector<piece>{"late"s});
}

CAF_TEST(a function that blocks or throws is called off the loop) {
  caf::actor_system_config config;
  caf::actor_system sys{config};
  auto loop = *peer::internal::loop::event_loop::of(sys);
  auto on_loop = std::atomic<bool>{true};
  auto calls = std::atomic<int>{0};
  auto source = peer::function_input([&](peer::input_receiver deliver) {
    on_loop = loop->in_this_thread();
    if (++calls == 1)
      return deliver("text");
    throw std::runtime_error{"no more"};
  })(loop);
  CAF_CHECK_EQUAL(read(*source), "text"s);
  CAF_CHECK(!on_loop);
  CAF_CHECK_EQUAL(read(*source), std::nullopt);
}

CAF_TEST(a function that waits for a thread does not hold up a flush) {
  caf::actor_system_config config;
  caf::actor_system sys{config};
  auto asked = std::promise<void>{};
  auto leave = std::promise<void>{};
  auto source = peer::function_input([&](const peer::input_receiver& deliver) {
    asked.set_value();
    leave.get_future().wait();
    deliver("text");
  })(*peer::internal::loop::event_loop::of(sys));
  auto got = std::promise<piece>{};
  source->read([&](piece x) { got.set_value(std::move(x)); });
  asked.get_future().wait();
  CAF_CHECK(peer::flush_console(sys));
  leave.set_value();
  CAF_CHECK_EQUAL(got.get_future().get(), "text"s);
}

/// The signals that a thread of this program blocks.
unsigned long long blocked_by(const std::filesystem::path& thread) {
  auto file = std::ifstream{thread / "status"};
  for (auto line = std::string{}; std::getline(file, line);)
    if (line.starts_with("SigBlk:"))
      return std::stoull(line.substr(7), nullptr, 16);
  return 0;
}

CAF_TEST(the thread that reads a descriptor runs no signal handler) {
  auto threads = [] {
    auto result = std::set<std::filesystem::path>{};
    for (auto& each : std::filesystem::directory_iterator{"/proc/self/task"})
      result.insert(each.path());
    return result;
  };
  auto before = threads();
  auto source = peer::descriptor_input(ends.read.get())(nullptr);
  auto got = std::promise<piece>{};
  source->read([&](piece x) { got.set_value(std::move(x)); });
  auto checked = 0;
  for (auto& each : threads())
    if (!before.contains(each)) {
      ++checked;
      CAF_CHECK((blocked_by(each) >> (SIGTERM - 1) & 1) == 1);
    }
  CAF_CHECK_EQUAL(checked, 1);
  print("text");
  CAF_CHECK_EQUAL(got.get_future().get(), "text"s);
}

CAF_TEST(a descriptor is read when somebody asks and not before) {
  auto source = peer::descriptor_input(ends.read.get())(nullptr);
  print("one");
  CAF_CHECK_EQUAL(read(*source), "one"s);
  print("two");
  print("three");
  auto c = char{};
  CAF_CHECK_EQUAL(::read(ends.read.get(), &c, 1), 1); // it is still there for everybody
  CAF_CHECK_EQUAL(c, 't');
  CAF_CHECK_EQUAL(read(*source), "wothree"s);
  ends.write.reset();
  CAF_CHECK_EQUAL(read(*source), std::nullopt);
  CAF_CHECK_EQUAL(read(*source), std::nullopt);
}

CAF_TEST(a question may be answered much later) {
  auto source = peer::descriptor_input(ends.read.get())(nullptr);
  std::promise<piece> answer;
  auto later = answer.get_future();
  source->read([&](piece got) { answer.set_value(std::move(got)); });
  CAF_CHECK(later.wait_for(0s) == std::future_status::timeout);
  print("one");
  CAF_CHECK_EQUAL(later.get(), "one"s);
}

CAF_TEST(a descriptor that cannot be read is the end) {
  auto source = peer::descriptor_input(ends.write.get())(nullptr);
  ends.read.reset();
  CAF_CHECK_EQUAL(read(*source), std::nullopt);
}

CAF_TEST(a source that waits can be destroyed and answers no more) {
  auto answered = false;
  auto source = peer::descriptor_input(ends.read.get())(nullptr);
  source->read([&](const piece&) { answered = true; });
  source.reset(); // its thread is joined here
  CAF_CHECK(!answered);
  peer::descriptor_input(ends.read.get())(nullptr); // never asked, so without a thread
}

CAF_TEST(sources that share a descriptor never hang although only one gets the input) {
  for (auto round = 0; round < 100; ++round) {
    std::promise<std::string> first;
    auto won = first.get_future();
    std::once_flag once;
    auto sources = std::vector<input_ptr>{};
    for (auto i = 0; i < 16; ++i) {
      sources.push_back(peer::descriptor_input(ends.read.get())(nullptr));
      sources.back()->read([&](const piece& got) { std::call_once(once, [&] { first.set_value(got.value_or("")); }); });
    }
    let_others_sleep(); // in `poll`, so that all are woken
    print("x");
    CAF_CHECK_EQUAL(won.get(), "x");
    sources.clear(); // none of them may be stuck
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
