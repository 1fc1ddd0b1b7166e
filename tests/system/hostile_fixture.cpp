// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "hostile_fixture.hpp"
#include "console/sink.hpp"
#include "support/look_until.hpp"

#include <algorithm>
#include <fstream>
#include <thread>

namespace peer::test {

namespace {

class counting_sink final : public peer::internal::console::sink {
public:
  counting_sink(std::shared_ptr<std::atomic<std::uint64_t>> count, bool keeps_up)
      : count_(std::move(count)), keeps_up_(keeps_up) {}

  void write(stream, std::string_view text, done written) override {
    *count_ += text.size();
    if (keeps_up_)
      written({});
    else
      waiting_.push_back(std::move(written));
  }

private:
  std::shared_ptr<std::atomic<std::uint64_t>> count_;
  bool keeps_up_;
  std::vector<done> waiting_;
};

} // namespace

const std::vector<std::pair<std::string, connection_kind>>& all_connections() {
  static const auto result = std::vector<std::pair<std::string, connection_kind>>{
      {"inherited", inherited{}},
      {"standard_io", standard_io{}},
      {"tcp", tcp{}},
  };
  return result;
}

// -- byte_count -------------------------------------------------------------------------------------------------------

sink_factory byte_count::sink(bool keeps_up) {
  return [count = count_, keeps_up](const peer::internal::loop::event_loop_ptr&,
                                    const std::string&) -> caf::expected<peer::internal::console::sink_ptr> {
    return std::make_shared<counting_sink>(count, keeps_up);
  };
}

sink_factory byte_count::line_sink() {
  return line_output([count = count_](const output_line& line) { *count += line.text.size(); });
}

bool byte_count::wait_for(std::uint64_t least) const {
  return look_until([&] { return value() >= least; });
}

// -- steady_caller ----------------------------------------------------------------------------------------------------

steady_caller::steady_caller(handle worker) {
  result_ = std::async(std::launch::async, [this, patient = worker.within(patience)] {
    auto calls = 0;
    for (; !enough_; ++calls) {
      if (auto answer = patient.call<std::vector<int>>("lists", "reverse", std::vector{1, 2}); !answer)
        return std::pair{calls, answer.error()};
      std::this_thread::sleep_for(std::chrono::milliseconds{1}); // others want to run, too
    }
    return std::pair{calls, caf::error{}};
  });
}

steady_caller::~steady_caller() {
  enough_ = true;
  auto [calls, failed] = result_.get();
  if (failed)
    CAF_ERROR("a call to the good peer failed: " << describe(failed));
  CAF_CHECK_GREATER(calls, 0);
}

// -- hostile_fixture --------------------------------------------------------------------------------------------------

hostile_fixture::hostile_fixture() : good(start(node(inherited{}))) {}

hostile_fixture::~hostile_fixture() {
  CAF_CHECK(answers(good));
}

start_options hostile_fixture::hostile(const connection_kind& kind, std::string_view phase,
                                       std::vector<std::string> mode) const {
  mode.insert(mode.begin(), std::string{phase});
  auto result = start_options{.exec = exec{HOSTILE, std::move(mode)}};
  result.connection = kind;
  result.peer_down = peer_down::continue_;
  result.shutdown = shutdown_close{};
  result.wait_boot = caf::timespan{patience};
  result.output = discard_output();
  return result;
}

start_options hostile_fixture::node(const connection_kind& kind) const {
  auto result = start_options{.exec = exec{PEER_NODE}};
  result.connection = kind;
  result.wait_boot = caf::timespan{patience};
  result.output = line_log{console}.sink();
  return result;
}

bool hostile_fixture::answers(const handle& worker) {
  auto answer = worker.within(patience).call<std::vector<int>>("lists", "reverse", std::vector{1, 2});
  return answer && *answer == std::vector{2, 1};
}

void hostile_fixture::check_only_left(const std::vector<pid_t>& those) const {
  for (auto id : guard.descendants())
    if (std::find(those.begin(), those.end(), id) == those.end() && !wait_for_end(id, patience))
      CAF_ERROR("process " << id << " was left");
}

void hostile_fixture::check_growth(const peak_memory& memory, const std::string& what) {
  if (auto growth = memory.growth(); growth >= growth_limit)
    CAF_ERROR(what << ": " << (growth >> 20) << " MiB more");
  else
    CAF_CHECK(true);
}

bool wait_until_suspended(pid_t process) {
  return look_until([&] {
    auto file = std::ifstream{"/proc/" + std::to_string(process) + "/status"};
    for (std::string word; file >> word;)
      if (word == "State:")
        return file >> word && word == "T";
    return false;
  });
}

} // namespace peer::test
