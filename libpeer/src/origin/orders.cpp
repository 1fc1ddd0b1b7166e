// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/orders.hpp"

#include "origin/incarnation.hpp"
#include "peer/control_actor.hpp"
#include "wire/message.hpp"

namespace peer::internal::origin {

namespace {

void ask_to_stop(connection::channel& over) {
  auto no_arguments = encode_arguments();
  static_cast<void>(over.send(wire::cast{"init", "stop", *no_arguments}));
}

} // namespace

void carry_out(const orders& what, incarnation& on) {
  if (what.ask_to_stop || what.close || what.to_process)
    on.note_descendants(); // each may end the peer
  if (what.ask_to_stop)
    ask_to_stop(on.connection());
  if (what.close)
    on.close();
  if (what.signal != 0)
    on.signal(what.signal, what.to_process ? process::signal_scope::process : process::signal_scope::group);
}

} // namespace peer::internal::origin
