// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// CAF's headers, compiled once. The test DSL cannot be among them: it wants to know each file's suite.

#include "caf/all.hpp"
