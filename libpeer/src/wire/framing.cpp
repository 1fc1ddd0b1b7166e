// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "wire/framing.hpp"

namespace peer::internal::wire {

framing::sink::~sink() {
  // nop
}

framing::~framing() {
  // nop
}

} // namespace peer::internal::wire
