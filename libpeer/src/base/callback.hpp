// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <exception>
#include <optional>
#include <string>

namespace peer::internal::base {

/// Calls `f`, which runs code of the host program. Returns the text of the exception that it throws; nothing if it
/// returns.
template <class F>
std::optional<std::string> callback_failure(F&& f) {
  try {
    f();
    return std::nullopt;
  } catch (const std::exception& x) {
    return x.what();
  } catch (...) {
    return "unknown exception";
  }
}

} // namespace peer::internal::base
