// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

/// @file
/// Includes what starts peers, calls them and makes a program a peer. Each of the headers can be included alone. Not
/// included, since they take time to compile: `peer/group.hpp`, `peer/supervisor.hpp` and `peer/functions.hpp`.

#include "peer/config.hpp"
#include "peer/console.hpp"
#include "peer/control_actor.hpp"
#include "peer/convert.hpp"
#include "peer/error.hpp"
#include "peer/failure.hpp"
#include "peer/function.hpp"
#include "peer/handle.hpp"
#include "peer/node.hpp"
#include "peer/options.hpp"
#include "peer/process.hpp"
#include "peer/program.hpp"
#include "peer/sys_actor.hpp"
#include "peer/term.hpp"
#include "peer/type_ids.hpp"
