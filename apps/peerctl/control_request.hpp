// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "arguments.hpp"
#include "peer/term.hpp"
#include "tree_view.hpp"

#include "caf/timespan.hpp"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <vector>

/// @file
/// The protocol between `peerctl status`, `stop`, `restart`, `call` and the peerctl that supervises a tree. One request
/// and one answer per connection, each as its length in four bytes, the highest first, and one term in the external
/// format:
///
///     {request, Command, Path, Module, Function, [Argument], {ns, Timeout}, {ns, Wait}}
///     {answer, Status, Text, [Child]}
///
/// Command, Path, Module, Function and Text are binaries; a Child is a `child_row`.

namespace peerctl {

struct control_request {
  std::string command; ///< "status", "stop", "restart" or "call"
  std::string path;    ///< of the child; "stop" without one means the tree
  std::string module;
  std::string function;
  std::vector<peer::term> arguments;
  caf::timespan timeout{0};
  caf::timespan wait{0}; ///< how long a call waits for a child that is down
};

template <class Inspector>
bool inspect(Inspector& f, control_request& x) {
  return f.object(x).pretty_name("request").fields(f.field("command", x.command), f.field("path", x.path),
                                                   f.field("module", x.module), f.field("function", x.function),
                                                   f.field("arguments", x.arguments), f.field("timeout", x.timeout),
                                                   f.field("wait", x.wait));
}

struct control_answer {
  std::int32_t status = 0; ///< an `exit_code`
  std::string text;        ///< the result if the status is 0, else the error
  std::vector<child_row> children;
};

template <class Inspector>
bool inspect(Inspector& f, control_answer& x) {
  return f.object(x).pretty_name("answer").fields(f.field("status", x.status), f.field("text", x.text),
                                                  f.field("children", x.children));
}

/// The children that are being restarted on request: two restarts of one child do not mix.
class restarts {
public:
  /// Waits until nobody restarts the child, and marks it.
  void begin(const std::string& path);
  void end(const std::string& path);

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> paths_;
};

/// Carries out a request. Blocks until that is done.
control_answer carry_out(const control_request& what, const peer::supervisor& root, tree_view& view,
                         restarts& restarting);

} // namespace peerctl
