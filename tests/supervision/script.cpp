// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "supervision/script.hpp"

#include "caf/all.hpp"

#include <array>
#include <random>

namespace peer::test {

namespace {

class generator {
public:
  explicit generator(std::uint64_t number) : random_(number) { result_.number = number; }

  script run() {
    result_.strategy = static_cast<restart_strategy>(below(4));
    result_.intensity = below(7);
    if (one_in(2))
      result_.auto_shutdown = one_in(2) ? auto_shutdown::any_significant : auto_shutdown::all_significant;
    auto count = simple() ? 1 : 1 + below(6);
    for (std::uint32_t i = 0; i < count; ++i)
      result_.children.push_back(child(simple() ? "w" : std::string(1, static_cast<char>('a' + i))));
    choose_favourite();
    if (!simple() && one_in(5))
      result_.steps.push_back(plan());
    result_.steps.push_back({"boot"});
    for (auto left = 5 + below(20); left > 0; --left)
      add_step(result_.steps);
    if (one_in(2))
      result_.steps.push_back({"shutdown"});
    return std::move(result_);
  }

private:
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }

  bool one_in(std::uint32_t count) { return below(count) == 0; }

  template <std::size_t Size>
  std::string one_of(const std::array<const char*, Size>& values) {
    return values[below(Size)];
  }

  bool simple() const { return result_.strategy == restart_strategy::simple_one_for_one; }

  script_child child(std::string id) {
    auto result = script_child{.id = std::move(id), .restart = static_cast<restart_type>(below(3))};
    auto may_be_significant =
        result_.auto_shutdown != auto_shutdown::never && result.restart != restart_type::permanent;
    result.significant = may_be_significant && !one_in(4);
    result.shutdown = one_of(std::array{"default", "brutal_kill", "5000", "infinity"});
    result.type = one_of(std::array{"default", "worker", "supervisor"});
    return result;
  }

  /// Of a child that may exist, and now and then of one that does not. One is named more often than the others, so that
  /// more than one thing happens to it.
  std::string some_id() {
    if (!one_in(3))
      return favourite_;
    if (simple())
      return "w-" + std::to_string(1 + below(instances_ + 1));
    return std::string(1, static_cast<char>('a' + below(static_cast<std::uint32_t>(result_.children.size()) + 2)));
  }

  void choose_favourite() {
    favourite_ = std::string(1, static_cast<char>('a' + below(static_cast<std::uint32_t>(result_.children.size()))));
    if (simple())
      favourite_ = "w-" + std::to_string(1 + below(instances_ + 1));
  }

  script_step plan() {
    // An instance that returns `ignore` when it is restarted is something that OTP's supervisor does not survive.
    if (simple() || !one_in(4))
      return {"fail", some_id(), std::to_string(1 + below(3))};
    return {"ignore", some_id(), "1"};
  }

  script_step exit() {
    return {"exit", some_id(), one_of(std::array{"normal", "shutdown", "shutdown_because", "crash", "crash", "kill"})};
  }

  script_step start_child() {
    auto added = child(some_id());
    if (one_in(8))
      added.significant = true; // which may be a contradiction
    return {.verb = "start_child", .child = std::move(added)};
  }

  void add_start(std::vector<script_step>& to) {
    if (!simple())
      return to.push_back(start_child());
    ++instances_;
    if (one_in(8))
      to.push_back({"ignore", "w-" + std::to_string(instances_), "1"});
    to.push_back({"start_dynamic"});
  }

  void add_request(std::vector<script_step>& to) {
    switch (below(5)) {
    case 0:
      return to.push_back({"terminate", some_id()});
    case 1:
      return to.push_back({"restart", some_id()});
    case 2:
      return to.push_back({"delete", some_id()});
    case 3:
      return to.push_back({"childspec", simple() ? "w" : some_id()});
    default:
      return add_start(to);
    }
  }

  void add_step(std::vector<script_step>& to) {
    if (one_in(3))
      choose_favourite();
    if (simple() && (instances_ == 0 || one_in(4)))
      return add_start(to);
    auto kind = below(12);
    if (kind < 5)
      to.push_back(exit());
    else if (kind < 7)
      to.push_back(plan());
    else if (kind < 10)
      add_request(to);
    else
      to.push_back(batch());
  }

  script_step batch() {
    auto result = script_step{"batch"};
    for (auto left = 2 + below(4); left > 0; --left) {
      if (one_in(3))
        result.inner.push_back(plan());
      else if (!one_in(3))
        result.inner.push_back(exit());
      else if (simple())
        add_start(result.inner); // a request that names a pid would mean another process after a restart
      else
        add_request(result.inner);
    }
    if (one_in(12))
      result.inner.push_back({"shutdown"});
    return result;
  }

  std::mt19937_64 random_;
  script result_;
  std::uint32_t instances_ = 0; ///< of the pattern, so far
  std::string favourite_;
};

std::string quoted(const std::string& atom) {
  return "'" + atom + "'";
}

std::string to_string(const script_child& x) {
  return "{" + x.id + "," + peer::to_string(x.restart) + "," + (x.significant ? "true" : "false") + "," + x.shutdown
       + "," + x.type + "}";
}

template <class T>
std::string to_string(const std::vector<T>& items);

std::string to_string(const script_step& x) {
  if (x.verb == "batch")
    return "{batch," + to_string(x.inner) + "}";
  if (x.verb == "start_child")
    return "{start_child," + to_string(x.child) + "}";
  return "{" + x.verb + (x.id.empty() ? "" : "," + quoted(x.id)) + (x.argument.empty() ? "" : "," + x.argument) + "}";
}

template <class T>
std::string to_string(const std::vector<T>& items) {
  auto result = std::string{};
  for (auto& x : items)
    result += (result.empty() ? "" : ",") + to_string(x);
  return "[" + result + "]";
}

} // namespace

error exit_reason_named(std::string_view name) {
  if (name == "normal")
    return {};
  if (name == "shutdown" || name == "shutdown_because") // an exit reason of CAF carries no term
    return caf::exit_reason::user_shutdown;
  if (name == "kill")
    return caf::exit_reason::kill;
  return caf::sec::runtime_error;
}

script make_script(std::uint64_t number) {
  return generator{number}.run();
}

std::string to_string(const script& what) {
  return "{" + std::to_string(what.number) + "," + peer::to_string(what.strategy) + "," + std::to_string(what.intensity)
       + "," + peer::to_string(what.auto_shutdown) + "," + to_string(what.children) + "," + to_string(what.steps)
       + "}.";
}

} // namespace peer::test
