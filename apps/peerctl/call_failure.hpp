// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "arguments.hpp"
#include "error_text.hpp"

#include "caf/error.hpp"

#include <string>

namespace peerctl {

/// Why a call failed, for the user.
struct call_failure {
  exit_code status;
  std::string text;
};

/// The text of an exception is its term.
inline call_failure call_failure_of(const caf::error& err) {
  if (peer::exception_of(err))
    return {raised, peer::to_string(peer::to_reason(err))};
  if (err == peer::errc::timeout)
    return {timed_out, error_text(err)};
  if (err == peer::errc::bad_term)
    return {usage, error_text(err)};
  return {went_down, error_text(err)};
}

} // namespace peerctl
