// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/base/caf_compat.hpp"
#include "peer/base/type_ids.hpp"
#include "peer/io/sink.hpp"

#include "caf/default_enum_inspect.hpp"

namespace peer {

/// The stream's name: "standard_output" or "standard_error".
std::string to_string(stream value);

bool from_string(caf_string_view name, stream& value);

bool from_integer(std::uint8_t number, stream& value);

template <class Inspector>
bool inspect(Inspector& f, stream& x) {
  return caf::default_enum_inspect(f, x);
}

template <class Inspector>
bool inspect(Inspector& f, output_line& x) {
  return f.object(x).fields(f.field("from", x.from), f.field("text", x.text));
}

} // namespace peer
