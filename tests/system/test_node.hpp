// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/type_id.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// A value that travels between the tests and `test_node`, as an argument, a result and a message.
struct parcel {
  int number = 0;
  std::string text;
  std::vector<double> weights;

  friend bool operator==(const parcel&, const parcel&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, parcel& x) {
  return f.object(x).fields(f.field("number", x.number), f.field("text", x.text), f.field("weights", x.weights));
}

CAF_BEGIN_TYPE_ID_BLOCK(test_node, caf::first_custom_type_id + 100)
CAF_ADD_TYPE_ID(test_node, (parcel))
CAF_END_TYPE_ID_BLOCK(test_node)
