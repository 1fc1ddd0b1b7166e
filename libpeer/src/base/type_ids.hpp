// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/type_ids.hpp"

/// @file
/// CAF's numbers for the types that only libpeer itself sends. They follow those of the face (`peer/type_ids.hpp`).

namespace peer::internal::console {

struct output_batch;

} // namespace peer::internal::console

namespace peer::internal::node {

struct console_request;
struct outgoing_message;

} // namespace peer::internal::node

namespace peer::internal::supervisor {

struct child_notice;
struct start_order;

} // namespace peer::internal::supervisor

CAF_BEGIN_TYPE_ID_BLOCK(libpeer_internal, caf::first_custom_type_id + 1950)

CAF_ADD_TYPE_ID(libpeer_internal, (peer::internal::console::output_batch))
CAF_ADD_TYPE_ID(libpeer_internal, (peer::internal::node::console_request))
CAF_ADD_TYPE_ID(libpeer_internal, (peer::internal::node::outgoing_message))
CAF_ADD_TYPE_ID(libpeer_internal, (peer::internal::supervisor::child_notice))
CAF_ADD_TYPE_ID(libpeer_internal, (peer::internal::supervisor::start_order))

CAF_ADD_ATOM(libpeer_internal, peer::internal::base, channel_connect_atom)
CAF_ADD_ATOM(libpeer_internal, peer::internal::base, flush_atom)
CAF_ADD_ATOM(libpeer_internal, peer::internal::base, forget_atom)
CAF_ADD_ATOM(libpeer_internal, peer::internal::base, halt_atom)
CAF_ADD_ATOM(libpeer_internal, peer::internal::base, poke_atom)
CAF_ADD_ATOM(libpeer_internal, peer::internal::base, sys_held_atom)

CAF_END_TYPE_ID_BLOCK(libpeer_internal)
