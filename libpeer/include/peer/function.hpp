// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/failure.hpp"
#include "peer/term.hpp"

#include <exception>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

/// @file
/// What the functions of a `node` and of `functions` may take and throw.

namespace peer {

/// The context of a call, for the function that runs.
struct call_context {
  /// Identifies this call, as the pid of the process that runs it would in Erlang. Unique within the node.
  pid self;

  /// Triggered when the result is no longer needed: the caller's time-out has passed, or the node stops. In a
  /// cast it is triggered only when the node stops.
  std::stop_token stop;
};

/// A function of any number of arguments. May throw (see `raised`).
using raw_function = std::function<term(const call_context&, const std::vector<term>&)>;

/// Thrown by a function of a node to end its call as Erlang's `throw/1`, `error/1` and `exit/1` do: the caller gets
/// class and reason. Other exceptions arrive there as class `error`, too, with the reason `{Type, What}`.
class raised : public std::exception {
public:
  raised(exception_class cls, term reason);

  exception_class cls() const noexcept { return cls_; }

  const term& reason() const noexcept { return reason_; }

  /// "error: badarg"
  const char* what() const noexcept override { return text_.c_str(); }

private:
  exception_class cls_;
  term reason_;
  std::string text_;
};

} // namespace peer
