// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/function.hpp"
#include "peer/term.hpp"
#include "term/text/print.hpp"

#include <utility>

namespace peer {

raised::raised(exception_class cls, term reason)
    : cls_(cls), reason_(std::move(reason)), text_(to_string(cls_) + ": " + internal::text::print_limited(reason_)) {}

} // namespace peer
