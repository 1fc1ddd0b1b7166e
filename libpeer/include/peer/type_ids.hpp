// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/type_id.hpp"

#include <cstdint>
#include <vector>

/// @file
/// CAF's type IDs for the types of libpeer. They start at `caf::first_custom_type_id + 1800` (2000 in all supported
/// versions), so that programs can number their own types from `first_custom_type_id` on. The numbers are never sent to
/// other processes. The types of supervisors have a block of their own, so that `CAF_MAIN(caf::id_block::libpeer)`
/// compiles with `peer/peer.hpp` alone.

namespace peer {

enum class errc : std::uint8_t;
enum class stream : std::uint8_t;
class atom;
class term;

namespace erl {

struct exception;

} // namespace erl

struct call_request;
struct cast_request;
struct child_counts;
struct child_info;
struct child_spec;
struct encoded_term;
struct failure;
struct output_line;
struct patient_call;
struct peer_status;
struct send_request;
struct start_notice;
struct state_function;
struct stop_report;
struct supervisor_event;
struct supervisor_spec;

} // namespace peer

CAF_BEGIN_TYPE_ID_BLOCK(libpeer, caf::first_custom_type_id + 1800)

CAF_ADD_TYPE_ID(libpeer, (peer::errc))
CAF_ADD_TYPE_ID(libpeer, (peer::stream))
CAF_ADD_TYPE_ID(libpeer, (peer::atom))
CAF_ADD_TYPE_ID(libpeer, (peer::term))
CAF_ADD_TYPE_ID(libpeer, (peer::call_request))
CAF_ADD_TYPE_ID(libpeer, (peer::cast_request))
CAF_ADD_TYPE_ID(libpeer, (peer::encoded_term))
CAF_ADD_TYPE_ID(libpeer, (peer::erl::exception))
CAF_ADD_TYPE_ID(libpeer, (peer::failure))
CAF_ADD_TYPE_ID(libpeer, (peer::output_line))
CAF_ADD_TYPE_ID(libpeer, (peer::peer_status))
CAF_ADD_TYPE_ID(libpeer, (peer::send_request))
CAF_ADD_TYPE_ID(libpeer, (peer::start_notice))
CAF_ADD_TYPE_ID(libpeer, (peer::stop_report))
CAF_ADD_TYPE_ID(libpeer, (peer::state_function))
CAF_ADD_TYPE_ID(libpeer, (std::vector<peer::term>))

CAF_ADD_ATOM(libpeer, peer, apply_atom)
CAF_ADD_ATOM(libpeer, peer, await_boot_atom)
CAF_ADD_ATOM(libpeer, peer, await_ready_atom)
CAF_ADD_ATOM(libpeer, peer, count_children_atom)
CAF_ADD_ATOM(libpeer, peer, delete_child_atom)
CAF_ADD_ATOM(libpeer, peer, expose_atom)
CAF_ADD_ATOM(libpeer, peer, find_child_atom)
CAF_ADD_ATOM(libpeer, peer, find_supervisor_atom)
CAF_ADD_ATOM(libpeer, peer, get_childspec_atom)
CAF_ADD_ATOM(libpeer, peer, get_state_atom)
CAF_ADD_ATOM(libpeer, peer, kill_atom)
CAF_ADD_ATOM(libpeer, peer, ready_atom)
CAF_ADD_ATOM(libpeer, peer, restart_child_atom)
CAF_ADD_ATOM(libpeer, peer, start_child_atom)
CAF_ADD_ATOM(libpeer, peer, stop_atom)
CAF_ADD_ATOM(libpeer, peer, subscribe_atom)
CAF_ADD_ATOM(libpeer, peer, sys_change_code_atom)
CAF_ADD_ATOM(libpeer, peer, sys_get_state_atom)
CAF_ADD_ATOM(libpeer, peer, sys_replace_state_atom)
CAF_ADD_ATOM(libpeer, peer, sys_resume_atom)
CAF_ADD_ATOM(libpeer, peer, sys_suspend_atom)
CAF_ADD_ATOM(libpeer, peer, sys_terminate_atom)
CAF_ADD_ATOM(libpeer, peer, terminate_child_atom)
CAF_ADD_ATOM(libpeer, peer, unexpose_atom)
CAF_ADD_ATOM(libpeer, peer, unsubscribe_atom)
CAF_ADD_ATOM(libpeer, peer, which_children_atom)

CAF_END_TYPE_ID_BLOCK(libpeer)

CAF_BEGIN_TYPE_ID_BLOCK(libpeer_children, caf::first_custom_type_id + 1880)

CAF_ADD_TYPE_ID(libpeer_children, (peer::child_counts))
CAF_ADD_TYPE_ID(libpeer_children, (peer::child_info))
CAF_ADD_TYPE_ID(libpeer_children, (peer::child_spec))
CAF_ADD_TYPE_ID(libpeer_children, (peer::patient_call))
CAF_ADD_TYPE_ID(libpeer_children, (peer::supervisor_event))
CAF_ADD_TYPE_ID(libpeer_children, (peer::supervisor_spec))
CAF_ADD_TYPE_ID(libpeer_children, (std::vector<peer::child_info>))

CAF_END_TYPE_ID_BLOCK(libpeer_children)

namespace peer {

/// Registers the types of libpeer and of CAF's core module with CAF. Programs need not call it: each program or shared
/// library that includes this header does so before `main`. Further calls have no effect. Thread-safe.
void init_global_meta_objects();

namespace detail {

bool register_types();

/// Registers the types of libpeer in each program and shared library that uses a header of libpeer.
inline const bool types_are_registered = detail::register_types();

} // namespace detail

} // namespace peer
