// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "control_request.hpp"
#include "descriptor.hpp"

#include "caf/expected.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include <sys/stat.h>

namespace peerctl {

/// A UNIX socket that only this user may connect to. One thread talks to all clients, each of which has a limited time
/// to send its request and to read the answer; a request has a thread of its own while it is carried out. Beyond a
/// limit requests are refused, except for the state of the tree and its stop, since others may never end.
class control_socket {
public:
  /// Carries out a request; called by several threads at once.
  using handler = std::function<control_answer(const control_request&)>;

  /// Makes the socket. One that was left behind by a process that was killed is replaced; fails if a process listens.
  static caf::expected<std::unique_ptr<control_socket>> open(const std::string& path);

  /// Stops listening, removes the socket, and waits for the requests that are being carried out.
  ~control_socket();

  /// Begins to listen.
  void serve(handler carry_out);

  /// Whether the file at the path is this socket.
  bool is_in_place() const;

  /// Makes the file again. Blocks. @pre `serve` was called
  caf::error renew();

private:
  using protocol = boost::asio::local::stream_protocol;

  class client;

  explicit control_socket(std::string path);

  /// Makes sure that no other process has a socket at the path, also if its file was removed.
  caf::error claim();

  /// Binds the socket to its path.
  caf::error bind();

  // The following are called by the thread only.

  void accept();
  void add(protocol::socket connected);
  void close();

  std::string path_;
  descriptor claim_{-1};
  struct stat identity_ = {}; ///< of the file at `path_`
  handler carry_out_;
  boost::asio::io_context io_;
  protocol::acceptor acceptor_{io_};
  boost::asio::steady_timer pause_{io_}; ///< until the next client is accepted
  std::set<std::shared_ptr<client>> clients_;
  int requests_ = 0; ///< that are being carried out, except for those that are always admitted
  std::thread thread_;
};

} // namespace peerctl
