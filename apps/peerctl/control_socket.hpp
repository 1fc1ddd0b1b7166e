// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "control_request.hpp"

#include "process/descriptor.hpp"

#include "caf/expected.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include <sys/stat.h>

namespace peerctl {

/// A UNIX socket that only this user may connect to. Each connection has a thread of its own and a time in which it has
/// to say what it wants, so that one that hangs delays nobody. Requests that are too many are turned away, but for the
/// state of the tree and its stop: others may never end.
class control_socket {
public:
  /// Carries out a request; called by several threads at once.
  using handler = std::function<control_answer(const control_request&)>;

  /// Makes the socket. One that a process has left behind when it was killed is replaced; if somebody listens, this
  /// fails.
  static caf::expected<std::unique_ptr<control_socket>> open(const std::string& path);

  /// Stops to listen, removes the socket, and waits for the requests that are being carried out.
  ~control_socket();

  /// Begins to listen.
  void serve(handler carry_out);

private:
  struct connection {
    peer::internal::process::descriptor socket;
    std::thread thread;
    std::atomic<bool> over{false};
  };

  control_socket(std::string path, peer::internal::process::descriptor socket);

  void accept_all();
  void accept_one();
  void answer_one(connection& client);
  control_answer answer_to(const control_request& what);

  std::string path_;
  peer::internal::process::descriptor socket_;
  peer::internal::process::descriptor stop_;
  struct stat identity_ = {}; ///< of the file at `path_`
  handler carry_out_;
  std::atomic<int> requests_{0};      ///< that are being carried out
  std::list<connection> connections_; ///< of the accepting thread, and of the destructor after that
  std::thread thread_;
};

/// Sends a request to a tree and waits for the answer. Fails if nobody listens, or somebody else than this user.
caf::expected<control_answer> ask_socket(const std::string& path, const control_request& what);

/// Where the socket is if nobody says it: `peerctl-UID.sock` in XDG_RUNTIME_DIR, or else in /tmp.
std::string default_socket();

} // namespace peerctl
