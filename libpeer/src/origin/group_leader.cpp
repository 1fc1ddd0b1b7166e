// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/group_leader.hpp"

#include "origin/command_line.hpp"

#include "peer/convert.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"

#include "caf/all.hpp"

#include <functional>
#include <utility>

namespace peer::internal::origin {

namespace {

/// Brings what other threads tell back to the loop's.
console::io_server::poster poster_to(const loop::loop_ptr& where) {
  if (where)
    return [weak = std::weak_ptr<loop::loop>{where}](std::function<void()> task) {
      if (auto ptr = weak.lock())
        ptr->post(std::move(task));
    };
  return [](const std::function<void()>& task) { task(); };
}

} // namespace

caf::error group_leader::open(const start_options& options, const loop::loop_ptr& where) {
  auto output = options.output(where, display_name(options));
  if (!output)
    return std::move(output.error());
  auto evaluate = [this](const atom& module, const atom& function, const term& arguments,
                         console::io_server::evaluated then) {
    owner_.evaluate(module, function, arguments, std::move(then));
  };
  io_ = std::make_shared<console::io_server>(std::move(*output), options.input(where), std::move(evaluate),
                                             poster_to(where));
  io_->on_progress([this] { balance(); });
  io_->on_ready([this] { owner_.on_ready(); });
  return {};
}

void group_leader::text(stream from, const_byte_span bytes) {
  if (from == stream::standard_error)
    last_words_.feed(detail::as_text(bytes));
  io_->text(from, detail::as_text(bytes));
  balance();
}

caf::error group_leader::serve(const wire::io_request& what) {
  if (++unanswered_ > defaults::max_io_requests)
    return caf::make_error(errc::protocol_violation, "the peer has more than "
                                                         + std::to_string(defaults::max_io_requests)
                                                         + " I/O requests that are not answered");
  auto from = byte_buffer{what.from.begin(), what.from.end()};
  auto reply_as = byte_buffer{what.reply_as.begin(), what.reply_as.end()};
  auto request = load_term<term>(what.request);
  if (!request)
    request = term{}; // no request either
  io_->request(*request, [this, alive = std::weak_ptr{io_}, from, reply_as](const term& reply) {
    if (!alive.expired())
      answer(from, reply_as, reply);
  });
  return {};
}

void group_leader::answer(const_byte_span from, const_byte_span reply_as, const term& reply) {
  --unanswered_;
  auto encoded = byte_buffer{};
  if (!save_term(encoded, reply))
    owner_.on_io_reply({from, reply_as, encoded});
}

void group_leader::suspend(bool suspended) {
  suspended_ = suspended;
  balance();
}

void group_leader::balance() {
  if (peer_ == nullptr)
    return;
  auto full = suspended_ || io_->backlog() > defaults::output_high_water;
  if (full != std::exchange(paused_, full))
    peer_->pause_console(full);
}

void group_leader::finish() {
  if (io_)
    io_->finish();
  peer_ = nullptr;
}

} // namespace peer::internal::origin
