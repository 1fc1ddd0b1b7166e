// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/options.hpp"
#include "process/descriptor.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace peer::test {

/// Quotes a word for a shell.
std::string shell_quote(std::string_view word);

/// An sshd on a loopback port, with keys of its own, that lets the user who runs the test in. It and its sessions are
/// gone with this object. What is started through it inherits the mark of the `process_guard`.
class ssh_server {
public:
  /// Makes the keys and returns when connections are accepted. Ends the program if that cannot be done.
  ssh_server();

  ssh_server(const ssh_server&) = delete;
  ssh_server& operator=(const ssh_server&) = delete;

  ~ssh_server();

  /// An ssh that runs `program` there.
  exec login(const std::string& program) const { return login(program, "user"); }

  /// The same with a key that is not let in.
  exec login_with_wrong_key(const std::string& program) const { return login(program, "stranger"); }

  /// Kills the server and all its sessions. Returns when the server has ended.
  void kill();

private:
  exec login(const std::string& program, const std::string& key) const;

  /// Starts the server. Returns false if it cannot have the port.
  bool listen_at(std::uint16_t port);

  std::filesystem::path place_;
  std::uint16_t port_ = 0;
  pid_t process_ = 0;
  peer::internal::process::descriptor output_; ///< What the server says; it fits into a pipe.
};

} // namespace peer::test
