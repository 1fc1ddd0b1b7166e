// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/base/exception_class.hpp"
#include "peer/term/term.hpp"

#include <exception>
#include <string>

namespace peer {

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
