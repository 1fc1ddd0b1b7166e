// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/wire/framing.hpp"

namespace peer::wire {

framing::sink::~sink() {
  // nop
}

framing::~framing() {
  // nop
}

} // namespace peer::wire
