// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "node/call_runner.hpp"

#include "peer/error.hpp"

#include "caf/all.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <optional>

namespace peer::internal::node {

// -- jobs -------------------------------------------------------------------------------------------------------------

/// A call or cast that a thread runs.
class call_runner::call_job final : public loop::event_loop::job {
public:
  call_job(call_runner& owner, call_id id, invocation what, bool is_cast, std::stop_token stop)
      : owner_(owner.weak_from_this()),
        env_(owner.env_),
        held_(owner.held_),
        number_(owner.queue_.next_number()),
        id_(id),
        what_(std::move(what)),
        is_cast_(is_cast),
        stop_(std::move(stop)) {}

  call_job(call_job&&) = default;

  ~call_job() override {
    detail::keep_memory(std::move(what_.arguments));
    detail::keep_memory(std::move(outcome_.result));
  }

  std::size_t bytes() const noexcept { return what_.arguments.size(); }

  /// Runs it even while others are held.
  void make_urgent() noexcept { held_ = nullptr; }

  void run() noexcept override {
    skipped_ = held_ && *held_;
    if (skipped_)
      return;
    auto context = call_context{env_->make_pid(), stop_};
    outcome_ = env_->functions->evaluate(what_.found, what_.module, what_.function, what_.arguments, context);
    if (is_cast_ && outcome_.cls != wire::reply_class::ok && env_->on_failed_cast)
      env_->on_failed_cast(what_, outcome_);
    if (env_->on_ran)
      env_->on_ran();
  }

  void finish() override {
    auto owner = owner_.lock();
    if (!owner)
      return;
    if (!skipped_)
      return owner->on_returned(id_, outcome_);
    auto size = bytes();
    auto number = number_;
    owner->on_skipped(std::make_unique<call_job>(std::move(*this)), size, number);
  }

private:
  std::weak_ptr<call_runner> owner_;
  std::shared_ptr<const environment> env_;
  std::shared_ptr<const std::atomic<bool>> held_; ///< null if it is urgent
  std::uint64_t number_;                          ///< in the queue
  call_id id_;
  invocation what_;
  bool is_cast_;
  std::stop_token stop_;
  bool skipped_ = false;
  outcome outcome_;
};

class call_runner::timer : public boost::asio::steady_timer {
public:
  using boost::asio::steady_timer::steady_timer;
};

// -- constructors, destructors ----------------------------------------------------------------------------------------

call_runner::call_runner(loop::event_loop_ptr where, load_limits limits, environment env,
                         std::function<bool()> may_begin)
    : where_(std::move(where)),
      env_(std::make_shared<const environment>(std::move(env))),
      may_begin_(std::move(may_begin)),
      queue_(where_, limits, may_begin_),
      held_(std::make_shared<std::atomic<bool>>(false)) {}

call_runner::~call_runner() = default;

// -- properties -------------------------------------------------------------------------------------------------------

const detail::function* call_runner::find(std::string_view module, std::string_view function,
                                          const_byte_span arguments) const {
  return env_->functions->find(module, function, detail::arguments{arguments}.size());
}

// -- calls ------------------------------------------------------------------------------------------------------------

call_runner::call_id call_runner::run(invocation what, answered done, caf::timespan timeout) {
  auto job = make_job(std::move(what), std::move(done), timeout);
  auto size = job->bytes();
  queue_.add(std::move(job), size);
  return last_;
}

call_runner::call_id call_runner::run_at_once(invocation what, answered done) {
  auto job = make_job(std::move(what), std::move(done), caf::infinite);
  job->make_urgent();
  queue_.begin(std::move(job));
  return last_;
}

std::unique_ptr<call_runner::call_job> call_runner::make_job(invocation what, answered done, caf::timespan timeout) {
  auto id = ++last_;
  ++unreturned_;
  auto is_cast = !done;
  auto& added = entries_[id];
  added.done = std::move(done);
  if (what.found != nullptr && what.found->stoppable())
    added.stop = std::stop_source{};
  auto now = std::chrono::steady_clock::now();
  if (timeout < time_point::max() - now) {
    added.deadline = now + timeout;
    deadlines_.emplace(added.deadline, id);
    watch_deadlines();
  }
  return std::make_unique<call_job>(*this, id, std::move(what), is_cast, added.stop.get_token());
}

void call_runner::cancel(call_id id) {
  if (auto found = entries_.find(id); found != entries_.end())
    request_stop(found->second.stop);
}

void call_runner::abandon(const caf::error& why) {
  deadlines_.clear();
  for (auto& [id, x] : std::exchange(entries_, {})) {
    request_stop(x.stop);
    if (x.done)
      x.done(why, {});
  }
}

void call_runner::stop(std::function<void()> idle) {
  stopping_ = true;
  for (auto& [id, x] : entries_)
    request_stop(x.stop);
  idle_ = std::move(idle);
  update_held();
  end_if_idle();
}

bool call_runner::reconsider() {
  update_held();
  if (*held_)
    return false;
  queue_.begin_waiting();
  return true;
}

void call_runner::update_held() {
  *held_ = may_begin_ && !may_begin_();
}

/// Runs on another thread, since callbacks of the functions may block.
void call_runner::request_stop(const std::stop_source& source) {
  if (!source.stop_possible())
    return;
  auto copy = std::make_shared<std::stop_source>(source);
  where_->run_callback([copy] { copy->request_stop(); }, copy.get()); // each waits alone
}

call_runner::entry call_runner::take(std::unordered_map<call_id, entry>::iterator where) {
  auto result = std::move(where->second);
  deadlines_.erase({result.deadline, where->first});
  entries_.erase(where);
  return result;
}

void call_runner::on_returned(call_id id, const outcome& how) {
  --unreturned_;
  if (auto found = entries_.find(id); found != entries_.end())
    if (auto taken = take(found); taken.done)
      taken.done({}, how);
  update_held();
  end_if_idle();
  queue_.finished();
}

void call_runner::on_skipped(std::unique_ptr<call_job> job, std::size_t bytes, std::uint64_t number) {
  update_held();
  queue_.put_back(std::move(job), bytes, number);
  end_if_idle();
}

/// Calls that may not begin are not waited for.
void call_runner::end_if_idle() {
  if (stopping_ && *held_)
    unreturned_ -= queue_.drop_waiting();
  if (unreturned_ == 0 && idle_)
    std::exchange(idle_, {})();
}

// -- deadlines --------------------------------------------------------------------------------------------------------

/// Sets the timer to the next deadline. It is not cancelled when that call is answered: most calls are answered in
/// time, and need not touch the timer then.
void call_runner::watch_deadlines() {
  if (deadlines_.empty() || deadlines_.begin()->first >= timer_time_)
    return;
  timer_time_ = deadlines_.begin()->first;
  if (!timer_)
    timer_ = std::make_unique<timer>(where_->io());
  timer_->expires_at(timer_time_);
  timer_->async_wait([weak = weak_from_this()](boost::system::error_code failed) {
    if (auto self = weak.lock(); self && !failed)
      self->on_timer();
  });
}

void call_runner::on_timer() {
  timer_time_ = time_point::max();
  auto now = std::chrono::steady_clock::now();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    auto late = take(entries_.find(deadlines_.begin()->second));
    request_stop(late.stop);
    if (late.done)
      late.done(caf::make_error(errc::timeout), {});
  }
  watch_deadlines();
}

} // namespace peer::internal::node
