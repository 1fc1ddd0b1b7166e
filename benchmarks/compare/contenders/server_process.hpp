// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <string>

#include <sys/types.h>

namespace contenders {

/// This program, running once more as a server: with the arguments "--serve NAME". It ends with this object, and with
/// the thread that has made it.
class server_process {
public:
  /// Returns when the server has printed its address.
  explicit server_process(const std::string& name);

  server_process(const server_process&) = delete;
  server_process& operator=(const server_process&) = delete;

  ~server_process();

  const std::string& address() const { return address_; }

private:
  pid_t process_ = -1;
  std::string address_;
};

/// For the server: prints its address for the process that has started it, and ends with that.
void tell_address(const std::string& address);

} // namespace contenders
