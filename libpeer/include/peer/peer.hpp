// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

/// @file
/// Includes all public headers of libpeer. Each of them can be included alone.

#include "peer/child_spec.hpp"
#include "peer/config.hpp"
#include "peer/console.hpp"
#include "peer/control_actor.hpp"
#include "peer/convert.hpp"
#include "peer/error.hpp"
#include "peer/failure.hpp"
#include "peer/function.hpp"
#include "peer/functions.hpp"
#include "peer/group.hpp"
#include "peer/handle.hpp"
#include "peer/node.hpp"
#include "peer/options.hpp"
#include "peer/process.hpp"
#include "peer/program.hpp"
#include "peer/supervisor.hpp"
#include "peer/supervisor_actor.hpp"
#include "peer/sys_actor.hpp"
#include "peer/term.hpp"
#include "peer/type_ids.hpp"
