// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "connection/channel.hpp"
#include "loop/event_loop.hpp"
#include "node/call_runner.hpp"
#include "node/console_client.hpp"
#include "node/node_state.hpp"
#include "node/origin_link.hpp"
#include "wire/message.hpp"

#include "caf/error.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace peer::internal::node {

/// The node's side of the connection to its origin: calls, casts, messages and the console. The channel actor owns and
/// drives it. Belongs to the loop's thread.
///
/// The memory for an origin that calls more than the node can run, or does not read, is bounded by `load_limits`. Above
/// them calls end with `error:system_limit`, and casts and messages are dropped, which is reported once on standard
/// error. No further function begins while too much output waits for the origin. Reading never pauses, since a running
/// function may wait for a message.
class session : private connection::channel::listener {
public:
  /// Receives the end of the connection, once.
  using end_handler = std::function<void(caf::error)>;

  session(loop::event_loop_ptr where, load_limits limits, std::shared_ptr<node_state> node, end_handler on_end);

  /// Authenticates, sends `started` and starts reading.
  void start(origin_link link);

  /// Sends a message to a process of the origin; both are encoded. Fails with `errc::protocol_violation` if it is too
  /// large, and with `errc::overload` if the origin does not read.
  caf::error send(const_byte_span to, const_byte_span content);

  /// Sends the messages in the node's `outgoing_queue`.
  void send_outgoing();

  /// Sends a request to the origin's I/O server.
  caf::error request(const term& what, console_client::replied done);

  /// Refuses further calls, requests the stop of all functions and calls `idle` when none runs. Calls that were
  /// accepted still begin, unless the origin does not read.
  void stop(std::function<void()> idle);

  /// Flushes output and messages to the origin. Blocks for `defaults::flush_timeout` at most.
  void flush();

private:
  // -- channel::listener ---
  void on_frame(const_byte_span payload) override;
  void on_text(const_byte_span) override {} // an Erlang origin sends no text over standard I/O
  void on_written() override;
  void on_closed(caf::error why) override;

  // -- messages of the origin ---
  void on_message(const wire::call& x);
  void on_message(const wire::cast& x);
  void on_message(const wire::message& x);
  void on_message(const wire::io_reply& x);
  void on_message(const wire::undecodable& x);
  bool is_cancellation(const term& to) const;
  void cancel(const_byte_span seq);

  // -- calls ---
  template <class Call>
  call_runner::call_id execute(const Call& x, const detail::function* found, bool urgent, call_runner::answered done);
  template <class Call>
  bool begins_at_once(const Call& x) const;
  bool origin_reads() const;
  void complain_once(bool& complained, std::string_view text);
  void refuse(std::uint64_t seq, wire::reply_class cls, const term& reason);
  void answer(std::uint64_t seq, const outcome& how);

  loop::event_loop_ptr where_;
  load_limits limits_;
  std::shared_ptr<node_state> node_;
  end_handler on_end_;
  connection::channel_ptr channel_;
  std::shared_ptr<call_runner> runner_;
  std::unique_ptr<console_client> console_;
  wire::parser parser_;
  std::unordered_map<std::uint64_t, call_runner::call_id> stoppable_; ///< calls whose functions take a stop token
  bool end_asked_ = false;
  bool stopping_ = false;
  std::size_t undelivered_ = 0;
  std::size_t unread_refusals_ = 0;     ///< since the origin has read enough
  bool dropped_casts_reported_ = false; ///< since there was room the last time
  bool dropped_messages_reported_ = false;
  bool ended_ = false;
};

} // namespace peer::internal::node
