// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "base/type_ids.hpp"
#include "loop/event_loop.hpp"
#include "loop/pinned.hpp"
#include "origin/ask.hpp"
#include "peer/control_actor.hpp"
#include "peer/failure.hpp"

#include "caf/disposable.hpp"
#include "caf/event_based_actor.hpp"
#include "caf/expected.hpp"

#include <future>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// @file
/// Many requests to control actors at once, for one thread that waits for all of their answers.

namespace peer::internal::group {

template <class Result>
using results = std::vector<caf::expected<Result>>;

/// Collects a number of results on the loop, where the control actors are too, and hands them to a thread all at once:
/// that costs two wake-ups, however many there are. It ends when it has all; if it is killed with its system, those
/// that are missing are errors.
template <class Result>
class conversation : public loop::pinned<caf::event_based_actor> {
public:
  /// @param size the number of results, at least one.
  conversation(caf::actor_config& cfg, loop::habitat place, std::size_t size, std::promise<results<Result>> waiter)
      : pinned(cfg, std::move(place)), slots_(size), missing_(size), waiter_(std::move(waiter)) {}

  void on_exit() override {
    auto killed =
        with_delivery(fail(errc::noproc, "the actor system ended before there was an answer"), delivery::unanswered);
    auto all = results<Result>{};
    all.reserve(slots_.size());
    for (auto& x : slots_)
      all.push_back(x ? std::move(*x) : killed);
    waiter_.set_value(std::move(all));
    keep_alive_ = nullptr;
    pinned::on_exit();
  }

protected:
  /// To be called first: lets the actor live until it has all results.
  void begin() { keep_alive_ = caf::strong_actor_ptr{this->ctrl()}; }

  /// Notes a result unless that one is there already.
  void set(std::size_t index, caf::expected<Result> x) {
    if (slots_[index])
      return;
    slots_[index].emplace(std::move(x));
    if (--missing_ == 0)
      this->quit();
  }

  /// Notes an error for each result that is not there.
  void set_missing(const caf::error& why) {
    for (std::size_t i = 0; i < slots_.size(); ++i)
      set(i, why);
  }

private:
  std::vector<std::optional<caf::expected<Result>>> slots_;
  std::size_t missing_;
  std::promise<results<Result>> waiter_;
  caf::strong_actor_ptr keep_alive_;
};

/// Spawns `Impl`, an heir of `conversation<Result>`, and waits for its results. On a loop all of them are
/// `errc::would_block`.
template <class Result, class Impl, class... Ts>
results<Result> converse(caf::actor_system& sys, std::size_t size, Ts&&... xs) {
  if (size == 0)
    return {};
  if (auto err = origin::check_may_block())
    return results<Result>(size, err);
  auto where = loop::event_loop::of(sys);
  if (!where)
    return results<Result>(size, caf::expected<Result>{where.error()});
  auto waiter = std::promise<results<Result>>{};
  auto answers = waiter.get_future();
  loop::spawn_pinned<Impl>(sys, *where, size, std::move(waiter), std::forward<Ts>(xs)...);
  return answers.get();
}

/// The same error, and which member of a group it is about.
caf::error of_member(const caf::error& why, std::size_t index);

/// What to do when the first answer is an error.
enum class after_failure { wait_for_all, give_up };

/// Sends the same request to all and collects the answers.
template <class Result, class Request>
class inquiry final : public conversation<Result> {
public:
  inquiry(caf::actor_config& cfg, loop::habitat place, std::size_t size, std::promise<results<Result>> waiter,
          std::vector<control_actor> whom, caf::timespan limit, after_failure then, Request request)
      : conversation<Result>(cfg, std::move(place), size, std::move(waiter)),
        whom_(std::move(whom)),
        limit_(limit),
        then_(then),
        request_(std::move(request)) {}

  const char* name() const override { return "peer.inquiry"; }

  caf::behavior make_behavior() override {
    this->begin();
    for (std::size_t i = 0; i < whom_.size(); ++i)
      this->request(whom_[i], caf::infinite, request_)
          .then([this, i](Result& answer) { this->set(i, std::move(answer)); },
                [this, i](caf::error& why) { on_error(i, from_request(std::move(why))); });
    if (limit_ != caf::infinite)
      timer_ = this->run_delayed(
          limit_, [this] { this->set_missing(fail(errc::timeout, "the peer has not answered in time")); });
    return {[](base::poke_atom) {}};
  }

  void on_exit() override {
    timer_.dispose();
    conversation<Result>::on_exit();
  }

private:
  void on_error(std::size_t index, const caf::error& why) {
    if (then_ == after_failure::give_up)
      this->set_missing(of_member(why, index));
    else
      this->set(index, why);
  }

  std::vector<control_actor> whom_;
  caf::timespan limit_;
  after_failure then_;
  Request request_;
  caf::disposable timer_;
};

/// Sends `request` to all control actors at once. Returns their answers in order, each a `Result` or an error, such as
/// `errc::timeout` after `limit` and `errc::noproc` if the actor has exited.
/// @param then `give_up`: the first error becomes the answer of all that have not answered; `of_member` names its
///        origin.
template <class Result, class Request>
results<Result> ask_all(caf::actor_system& sys, const std::vector<control_actor>& whom, Request request,
                        caf::timespan limit = caf::infinite, after_failure then = after_failure::wait_for_all) {
  return converse<Result, inquiry<Result, Request>>(sys, whom.size(), whom, limit, then, std::move(request));
}

} // namespace peer::internal::group
