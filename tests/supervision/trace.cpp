// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "supervision/trace.hpp"

#include "supervisor/supervision.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

namespace peer::test {

namespace {

child_spec spec_of(const script_child& x) {
  auto result = child_spec{.id = x.id, .restart = x.restart, .significant = x.significant};
  result.start = actor_factory{[](const child_context&) { return caf::actor{}; }};
  if (x.shutdown == "brutal_kill")
    result.shutdown = brutal_kill{};
  else if (x.shutdown == "infinity")
    result.shutdown = caf::infinite;
  else if (x.shutdown != "default")
    result.shutdown = caf::timespan{std::chrono::milliseconds{std::stoi(x.shutdown)}};
  if (x.type != "default")
    result.type = x.type == "worker" ? child_type::worker : child_type::supervisor;
  return result;
}

supervisor_spec spec_of(const script& x) {
  auto result = supervisor_spec{.flags = {.strategy = x.strategy,
                                          .intensity = x.intensity,
                                          .period = std::chrono::seconds{1},
                                          .auto_shutdown = x.auto_shutdown}};
  for (auto& child : x.children)
    result.children.push_back(spec_of(child));
  return result;
}

std::string text_of(const child_shutdown& x) {
  if (std::holds_alternative<brutal_kill>(x))
    return "brutal_kill";
  auto time = std::get<caf::timespan>(x);
  return time == caf::infinite ? "infinity"
                               : std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

std::string text_of(const child_spec& x) {
  return to_string(x.restart) + " " + (x.significant ? "true " : "false ") + text_of(shutdown_of(x)) + " "
       + to_string(type_of(x));
}

/// Children that do what the script says, and the supervisor above them.
class stage final : peer::internal::supervisor::supervision::host {
public:
  stage(const script& what, answers when) : script_(what), when_(when), rules_(*this, spec_of(what)) {}

  std::string run() {
    auto result = "script " + std::to_string(script_.number) + "\n";
    auto number = 0;
    for (auto& step : script_.steps) {
      carry_out(step);
      settle();
      result += "step " + std::to_string(++number) + "\n" + take_lines() + state();
      if (!over_.empty())
        break;
    }
    return result;
  }

private:
  // -- supervision::host ---

  void start(const peer::internal::supervisor::child_record& child) override {
    auto failed = takes(failures_, child.id);
    auto ignored = !failed && takes(ignored_, child.id);
    lines_.push_back("start " + child.id + (failed ? " failed" : ignored ? " ignored" : " ok"));
    if (!failed && !ignored) {
      alive_[child.id] = child.generation;
      once_ran_.insert(child.id);
    }
    answer([this, id = child.id, generation = child.generation, failed, ignored] {
      if (failed)
        rules_.on_start_failed(id, generation, caf::make_error(errc::system_failure, std::string{"forced"}));
      else if (ignored)
        rules_.on_ignored(id, generation);
      else
        rules_.on_ready(id, generation);
    });
  }

  void stop(const peer::internal::supervisor::child_record& child) override {
    auto killed = std::holds_alternative<brutal_kill>(shutdown_of(child.spec));
    if (alive_.erase(child.id) > 0) // else its end is on the way
      lines_.push_back("stop " + child.id + (killed ? " killed" : " shutdown"));
    answer([this, id = child.id, generation = child.generation] { rules_.on_stopped(id, generation, {}); });
  }

  void retry_after(const peer::internal::supervisor::child_record&, caf::timespan) override {
    lines_.emplace_back("no script has a back-off");
  }

  void forget(const peer::internal::supervisor::child_record&) override {}

  void report(const peer::internal::supervisor::child_record&, event_kind, const error&, caf::timespan) override {}

  void finished(error why) override {
    over_ = "over ";
    if (why == errc::failed_to_start_child)
      over_ += "failed_to_start_child";
    else
      over_ += why == caf::exit_reason::user_shutdown ? "shutdown" : caf::to_string(why);
  }

  peer::internal::supervisor::supervision::time_point now() override { return {}; }

  double random() override { return 0; }

  // -- children ---

  static bool takes(std::map<std::string, int>& plans, const std::string& id) {
    auto plan = plans.find(id);
    return plan != plans.end() && plan->second > 0 && plan->second-- > 0;
  }

  void answer(std::function<void()> what) {
    if (when_ == answers::at_once)
      what();
    else
      due_.push_back(std::move(what));
  }

  // -- steps ---

  void carry_out(const script_step& step) {
    if (step.verb == "batch")
      // What arrives while a request is being answered waits until it has been. This one changes nothing.
      rules_.delete_child("nobody", [&](const error&) {
        for (auto& inner : step.inner)
          act(inner);
      });
    else
      act(step);
  }

  void act(const script_step& step) {
    if (step.verb == "fail")
      failures_[step.id] = std::stoi(step.argument);
    else if (step.verb == "ignore")
      ignored_[step.id] = std::stoi(step.argument);
    else if (step.verb == "exit")
      end_child(step);
    else if (step.verb == "shutdown")
      rules_.shut_down(caf::exit_reason::user_shutdown);
    else
      request(step);
  }

  void end_child(const script_step& step) {
    auto node = alive_.extract(step.id);
    lines_.push_back("end " + step.id + " " + (node ? step.argument : "none"));
    if (node)
      rules_.on_exit(step.id, node.mapped(), exit_reason_named(step.argument));
  }

  void request(const script_step& step) {
    auto slot = answers_.size();
    answers_.emplace_back("none");
    auto then = [this, slot](const error& failed) { answers_[slot] = failed ? name_of(failed) : "ok"; };
    auto then_id = [then](const caf::expected<std::string>& id) { then(id ? error{} : id.error()); };
    if (step.verb == "boot")
      rules_.boot([this, slot](const error& failed) {
        booted_ = true;
        answers_[slot] = failed ? "failed" : "ok";
      });
    else if (step.verb == "start_child")
      rules_.start_child(spec_of(step.child), then_id);
    else if (step.verb == "start_dynamic")
      rules_.start_child(std::vector<term>{}, then_id);
    else if (step.verb == "terminate")
      rules_.terminate_child(step.id, terminated(step.id, slot));
    else if (step.verb == "restart")
      rules_.restart_child(step.id, then);
    else if (step.verb == "delete")
      rules_.delete_child(step.id, then);
    else if (step.verb == "childspec")
      // It is no request to `supervision`, but has its turn among them.
      rules_.delete_child("nobody", [this, slot, id = step.id](const error& failed) {
        answers_[slot] = failed == errc::noproc ? "gone" : childspec(id);
      });
  }

  /// For OTP a pid that does not run, and is not to be restarted, has been terminated well, whosever it was.
  peer::internal::supervisor::supervision::done terminated(const std::string& id, std::size_t slot) {
    return [this, id, slot](const error& failed) {
      auto did_run = script_.strategy == restart_strategy::simple_one_for_one && once_ran_.contains(id);
      answers_[slot] = !failed || (failed == errc::not_found && did_run) ? "ok" : name_of(failed);
    };
  }

  std::string childspec(const std::string& id) const {
    if (auto pattern = rules_.pattern(); pattern && pattern->id == id)
      return text_of(*pattern);
    auto child = rules_.find(id);
    return child ? text_of(child->spec) : "not_found";
  }

  static std::string name_of(const error& failed) {
    auto code = static_cast<errc>(failed.code());
    return code == errc::noproc ? "gone" : to_string(code);
  }

  // -- the trace ---

  void settle() {
    while (!due_.empty()) {
      auto next = std::move(due_.front());
      due_.pop_front();
      next();
    }
  }

  std::string take_lines() {
    if (script_.strategy == restart_strategy::simple_one_for_one)
      sort_stops(); // of all at once, in no order
    auto result = std::string{};
    for (auto& line : std::exchange(lines_, {}))
      result += line + "\n";
    for (auto& line : std::exchange(answers_, {}))
      result += "answer " + line + "\n";
    return result;
  }

  void sort_stops() {
    auto is_stop = [](auto& line) { return line.starts_with("stop "); };
    for (auto first = lines_.begin(); first != lines_.end();) {
      first = std::find_if(first, lines_.end(), is_stop);
      auto last = std::find_if_not(first, lines_.end(), is_stop);
      std::sort(first, last);
      first = last;
    }
  }

  std::string state() const {
    if (!over_.empty())
      return over_ + "\n";
    if (!booted_)
      return {};
    auto children = std::vector<std::string>{};
    auto active = 0, workers = 0, supervisors = 0;
    for (auto& child : rules_.children()) {
      auto runs = child.state == child_state::running;
      active += runs ? 1 : 0;
      ++(type_of(child.spec) == child_type::worker ? workers : supervisors);
      children.push_back(" " + child.id + ":" + to_string(child.state) + ":" + to_string(type_of(child.spec)));
    }
    auto specs = children.size();
    if (rules_.pattern() != nullptr) {
      std::sort(children.begin(), children.end());
      specs = 1;
    }
    auto result = std::string{"children"};
    for (auto& child : children)
      result += child;
    return result + "\ncounts " + std::to_string(specs) + " " + std::to_string(active) + " "
         + std::to_string(supervisors) + " " + std::to_string(workers) + "\n";
  }

  const script& script_;
  answers when_;
  std::map<std::string, int> failures_; ///< starts that will fail
  std::map<std::string, int> ignored_;
  std::map<std::string, std::uint64_t> alive_; ///< generations of what runs
  std::set<std::string> once_ran_;
  std::deque<std::function<void()>> due_; ///< answers for the supervisor
  std::vector<std::string> lines_;
  std::vector<std::string> answers_;
  std::string over_;
  bool booted_ = false;
  peer::internal::supervisor::supervision rules_;
};

} // namespace

std::string trace_of(const script& what, answers when) {
  return stage{what, when}.run();
}

} // namespace peer::test
