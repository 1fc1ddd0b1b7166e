// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "connection/channel.hpp"
#include "connection/stream_reader.hpp"
#include "console/line_splitter.hpp"
#include "peer/term.hpp"

#include "caf/expected.hpp"
#include "caf/fwd.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace peer::internal::node {

/// The node's side of Erlang's I/O protocol: requests to the origin's I/O server and their answers, and the program's
/// standard output as such requests. Belongs to the loop's thread.
///
/// Text that is UTF-8 goes as `{put_chars, unicode, Text}`. Other bytes go as `{put_bytes, Bytes}` to an origin that is
/// a libpeer program, which passes them on as they are, and as Latin-1 characters to any other one.
class console_client {
public:
  /// Receives the answer to a request.
  using replied = std::function<void(term)>;

  /// @param from the pid that sends the requests. @param connection must outlive this object. @param queue_limit bytes
  /// that may wait for the origin before the program's requests are refused. @param takes_bytes whether the origin
  /// knows the request `put_bytes`
  console_client(connection::channel& connection, pid from, std::size_t queue_limit, bool takes_bytes);

  // -- requests ---

  /// Sends a request of the program. Fails with `errc::bad_term` or `errc::protocol_violation` if it cannot be sent,
  /// and with `errc::overload` if `defaults::max_io_requests` wait for their answers or the origin does not read; then
  /// `done` is not called.
  caf::error request(const term& what, replied done);

  /// Passes an answer on to its request. An answer without a request is dropped.
  void on_reply(const wire::io_reply& reply);

  /// Answers requests that wait for input with `{error, terminated}`, as OTP does when the group leader has exited.
  void abandon();

  // -- standard output ---

  /// Forwards the data read from `printed`.
  void forward(boost::asio::io_context& io, process::descriptor printed);

  /// Sends the output so far, unless the origin is too far behind.
  void catch_up();

  /// Sends all output so far.
  void finish();

  /// Bytes that were printed and not yet accepted by the origin.
  std::size_t backlog() const noexcept { return backlog_; }

private:
  /// A request that waits for its answer.
  struct waiter {
    replied done;
    bool input; ///< the answer may never come
  };

  caf::error check_room() const;
  caf::error send_request(const term& what, waiter next);
  void print(std::string_view text);
  void send_text(std::string_view text);
  void send_mixture(std::string_view bytes);
  void send_output(const term& request, std::size_t size);
  void accepted(std::size_t size);
  void balance();

  connection::channel& connection_;
  pid from_;
  std::size_t queue_limit_;
  bool takes_bytes_;
  std::uint32_t last_request_ = 0;
  std::map<std::uint32_t, waiter> waiting_;

  std::unique_ptr<connection::stream_reader> printed_;
  console::utf8_joiner joiner_;
  std::size_t backlog_ = 0;
  bool paused_ = false;
};

} // namespace peer::internal::node
