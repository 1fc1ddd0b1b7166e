// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The test DSL and what it needs, compiled once. Each test still includes what it uses.

#include "caf/all.hpp"

#include "caf/test/dsl.hpp"
