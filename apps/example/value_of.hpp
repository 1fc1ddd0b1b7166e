// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/failure.hpp"

#include "caf/expected.hpp"

#include <stdexcept>
#include <utility>

/// Returns the value, or throws the error's description.
template <class T>
T value_of(caf::expected<T> x) {
  if (!x)
    throw std::runtime_error{peer::describe(x.error())};
  return std::move(*x);
}
