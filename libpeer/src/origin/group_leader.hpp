// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "console/io_server.hpp"
#include "origin/incarnation.hpp"
#include "origin/last_words.hpp"
#include "peer/detail/bytes.hpp"
#include "peer/options.hpp"
#include "wire/message.hpp"

#include "caf/error.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace peer::internal::origin {

/// What one peer prints and asks for, on its way to the I/O server and back. Lets the peer wait when it prints and the
/// sink does not keep up, bounds how much it may ask at a time, and remembers its last words.
///
/// Belongs to the loop's thread.
class group_leader {
public:
  /// What serving the peer needs of the control actor.
  class owner {
  public:
    virtual ~owner() = default;

    /// Calls a function in the peer.
    virtual void evaluate(const atom& module, const atom& function, const term& arguments,
                          console::io_server::evaluated then) = 0;

    /// Sends the answer to an I/O request, if there is a connection.
    virtual void on_io_reply(const wire::io_reply& reply) = 0;

    /// The peer says that it is ready.
    virtual void on_ready() = 0;
  };

  /// @param whom must outlive this object.
  explicit group_leader(owner& whom) noexcept : owner_(whom) {}

  /// Makes the sink and the source that the options name. To be called once, before anything comes from the peer.
  /// @param where null in tests that have no loop.
  caf::error open(const start_options& options, const loop::loop_ptr& where);

  /// The peer was started: it is what waits from now on if the sink does not keep up. @param whom must live until
  /// `finish`.
  void attach(incarnation& whom) noexcept { peer_ = &whom; }

  /// Passes on text that the peer printed outside of the protocol.
  void text(stream from, const_byte_span bytes);

  /// Serves a request. Fails with `errc::protocol_violation` if too many are not answered.
  caf::error serve(const wire::io_request& what);

  /// Lets the peer wait in any case, or no longer.
  void suspend(bool suspended);

  /// Notes the peer's end: what was held back is passed on, and no request will be answered any more.
  void finish();

  /// The last lines that the peer wrote to stderr; they are told once.
  std::vector<std::string> take_last_words() { return last_words_.take(); }

private:
  void balance();
  void answer(const_byte_span from, const_byte_span reply_as, const term& reply);

  owner& owner_;
  std::shared_ptr<console::io_server> io_;
  incarnation* peer_ = nullptr; ///< null before and after its life
  last_words last_words_;
  bool suspended_ = false;
  bool paused_ = false;        ///< the peer waits when it prints
  std::size_t unanswered_ = 0; ///< requests
};

} // namespace peer::internal::origin
