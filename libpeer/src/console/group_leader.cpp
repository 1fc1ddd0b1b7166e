// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "console/group_leader.hpp"

#include "base/callback.hpp"
#include "peer/convert.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"

#include "caf/expected.hpp"

#include <mutex>
#include <utility>

namespace peer::internal::console {

namespace {

/// Runs functions on the loop, or at once where there is none.
poster poster_to(const loop::event_loop_ptr& where) {
  if (where)
    return [weak = std::weak_ptr<loop::event_loop>{where}](std::function<void()> task) {
      if (auto ptr = weak.lock())
        ptr->post(std::move(task));
    };
  return [](const std::function<void()>& task) { task(); };
}

} // namespace

std::optional<caf::error> group_leader::open(const sink_factory& output, const input_factory& input,
                                             const std::string& peer_name, const loop::event_loop_ptr& where) {
  auto made = caf::expected<sink_ptr>{caf::error{}};
  auto source = input_ptr{};
  auto thrown = base::callback_failure([&] {
    made = output(where, peer_name);
    source = input(where);
  });
  if (thrown)
    return fail(errc::callback_failed, "the peer's output or input could not be made: " + *thrown);
  if (!made)
    return std::move(made.error());
  auto post = poster_to(where);
  auto sink = *made;
  auto evaluate = [this](const atom& module, const atom& function, const term& arguments, evaluated then) {
    owner_.evaluate(module, function, arguments, std::move(then));
  };
  io_ = std::make_shared<io_server>(std::move(*made), std::move(source), std::move(evaluate), post);
  io_->on_progress([this] { balance(); });
  io_->on_failure([this](const caf::error& why) { on_output_failed(why); });
  io_->on_ready([this] { owner_.on_ready(); });
  return open_sink(*sink, post);
}

/// Most sinks are open at once: then the start needs no message.
std::optional<caf::error> group_leader::open_sink(sink& what, const poster& post) {
  struct progress {
    std::mutex mutex;
    std::optional<caf::error> result;
    bool awaited = false;
  };
  auto state = std::make_shared<progress>();
  what.open([this, state, post, alive = std::weak_ptr{io_}](const caf::error& failed) {
    auto guard = std::lock_guard{state->mutex};
    if (!state->awaited)
      state->result = failed;
    else
      post([this, alive, failed] {
        if (!alive.expired() && !finished_)
          owner_.on_opened(failed);
      });
  });
  auto guard = std::lock_guard{state->mutex};
  state->awaited = true;
  return state->result;
}

void group_leader::on_output_failed(const caf::error& why) {
  auto first = !std::exchange(output_failed_, true);
  if (first)
    last_words_.add("libpeer: " + text_of(why));
  owner_.on_output_failed(why, first);
}

void group_leader::text(stream from, const_byte_span bytes) {
  if (from == stream::standard_error)
    last_words_.feed(detail::as_text(bytes));
  io_->text(from, detail::as_text(bytes));
  balance();
}

caf::error group_leader::serve(const wire::io_request& what) {
  if (unanswered_ >= defaults::max_io_requests)
    return fail(errc::protocol_violation, "the peer has more than " + std::to_string(defaults::max_io_requests)
                                              + " I/O requests that are not answered");
  auto is_overloaded = unanswered_bytes_ > defaults::max_io_bytes;
  auto cost = what.from.size() + what.reply_as.size() + what.request.size();
  ++unanswered_;
  unanswered_bytes_ += cost;
  auto from = byte_buffer{what.from.begin(), what.from.end()};
  auto reply_as = byte_buffer{what.reply_as.begin(), what.reply_as.end()};
  auto answer = [this, alive = std::weak_ptr{io_}, from = std::move(from), reply_as = std::move(reply_as),
                 cost](std::optional<term> reply) {
    if (!alive.expired())
      on_answer(from, reply_as, cost, std::move(reply));
  };
  auto done = completion{std::move(answer)};
  if (is_overloaded) {
    done.fail(atom{"overload"});
    return {};
  }
  auto request = load_term<term>(what.request);
  io_->request(request ? *request : term{}, std::move(done)); // `term{}` is an unknown request
  return {};
}

/// A request that was abandoned while the peer lives is answered as OTP's "io" does when there is no group leader.
void group_leader::on_answer(const_byte_span from, const_byte_span reply_as, std::size_t cost,
                             std::optional<term> reply) {
  --unanswered_;
  unanswered_bytes_ -= cost;
  if (finished_)
    return;
  auto encoded = byte_buffer{};
  if (!save_term(encoded, reply ? std::move(*reply) : term{tagged("error", atom{"terminated"})}))
    owner_.on_io_reply({from, reply_as, encoded});
}

void group_leader::suspend(bool suspended) {
  suspended_ = suspended;
  balance();
}

void group_leader::balance() {
  if (!pause_)
    return;
  auto full = suspended_ || io_->backlog() > defaults::output_high_water;
  if (full != std::exchange(paused_, full))
    pause_(full);
}

void group_leader::finish() {
  finished_ = true;
  pause_ = nullptr;
  if (io_)
    io_->finish();
}

} // namespace peer::internal::console
