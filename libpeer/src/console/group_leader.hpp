// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "console/io_server.hpp"
#include "console/last_words.hpp"
#include "peer/detail/bytes.hpp"
#include "wire/message.hpp"

#include "caf/error.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace peer::internal::console {

/// The entry of this room: passes the output and the requests of one peer to the I/O server, and the answers back.
/// Pauses a peer whose sink does not keep up, bounds the number of its requests, and keeps its last lines on stderr.
///
/// Belongs to the loop's thread.
class group_leader {
public:
  /// The owner of the connection.
  class owner {
  public:
    virtual ~owner() = default;

    /// Calls a function in the peer.
    virtual void evaluate(const atom& module, const atom& function, const term& arguments, evaluated then) = 0;

    /// Sends the answer to an I/O request, if there is a connection.
    virtual void on_io_reply(const wire::io_reply& reply) = 0;

    /// The sink is open, or could not be opened. Called if `open` returned nothing.
    virtual void on_opened(caf::error failed) = 0;

    /// Output could not be written and was dropped. Called each time.
    virtual void on_output_failed(const caf::error& why, bool first) = 0;

    /// The peer has sent the request `ready`.
    virtual void on_ready() = 0;
  };

  /// Pauses and resumes reading the peer's output.
  using pauser = std::function<void(bool paused)>;

  /// @param listener must outlive this object.
  explicit group_leader(owner& listener) noexcept : owner_(listener) {}

  /// Makes the sink and the source. To be called once, before anything comes from the peer.
  /// @param where null in tests that have no loop.
  /// @returns the error of the sink or of its factory, or none; nothing if `owner::on_opened` will report it
  std::optional<caf::error> open(const sink_factory& output, const input_factory& input, const std::string& peer_name,
                                 const loop::event_loop_ptr& where);

  /// The peer was started: `pause` is called from now on until `finish`, when the sink falls behind and when it has
  /// caught up.
  void attach(pauser pause) { pause_ = std::move(pause); }

  /// Passes on text that the peer printed outside of the protocol.
  void text(stream from, const_byte_span bytes);

  /// Serves a request. Fails with `errc::protocol_violation` if more than `defaults::max_io_requests` wait for their
  /// answers. While more than `defaults::max_io_bytes` of requests wait, others are answered `{error, overload}`.
  caf::error serve(const wire::io_request& what);

  /// Pauses the peer whatever the sink does, or no longer.
  void suspend(bool suspended);

  /// Ends the service when the peer has ended: passes on what was held back and answers no request any more.
  void finish();

  /// The last lines that the peer wrote to stderr. Later calls return only what came after.
  std::vector<std::string> take_last_words() { return last_words_.take(); }

private:
  void balance();
  std::optional<caf::error> open_sink(sink& what, const poster& post);
  void on_output_failed(const caf::error& why);
  void on_answer(const_byte_span from, const_byte_span reply_as, std::size_t cost, std::optional<term> reply);

  owner& owner_;
  std::shared_ptr<io_server> io_;
  pauser pause_; ///< empty before and after the peer's life
  last_words last_words_;
  bool suspended_ = false;
  bool paused_ = false; ///< what `pause_` was last called with
  bool finished_ = false;
  bool output_failed_ = false;
  std::size_t unanswered_ = 0;       ///< requests
  std::size_t unanswered_bytes_ = 0; ///< in the external format
};

} // namespace peer::internal::console
