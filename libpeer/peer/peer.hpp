// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

/// @file
/// Everything that users of libpeer need.

#include "peer/base/error.hpp"
#include "peer/base/meta_objects.hpp"
#include "peer/control/handle.hpp"
#include "peer/control/messages.hpp"
#include "peer/control/options.hpp"
#include "peer/control/report.hpp"
#include "peer/functions.hpp"
#include "peer/io/input.hpp"
#include "peer/io/messages.hpp"
#include "peer/io/sink.hpp"
#include "peer/node/messages.hpp"
#include "peer/node/node.hpp"
#include "peer/supervisor/child_spec.hpp"
#include "peer/supervisor/event.hpp"
#include "peer/supervisor/group.hpp"
#include "peer/supervisor/messages.hpp"
#include "peer/supervisor/supervisor.hpp"
#include "peer/sys/messages.hpp"
#include "peer/term/convert.hpp"
#include "peer/term/message_types.hpp"
#include "peer/term/term.hpp"
#include "peer/term/text.hpp"
