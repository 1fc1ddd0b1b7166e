// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The heavy headers that most of our sources need anyway, compiled once. Not part of the interface: never include it.

#include "caf/all.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>
