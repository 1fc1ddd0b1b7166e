// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/type_id.hpp"

#include <cstdint>
#include <string>

/// What the origin hands to a worker.
struct job {
  int number = 0;
  std::string text;
};

template <class Inspector>
bool inspect(Inspector& f, job& x) {
  return f.object(x).fields(f.field("number", x.number), f.field("text", x.text));
}

/// What the worker found.
struct report {
  int number = 0;
  std::int64_t words = 0;
  std::string longest;
};

template <class Inspector>
bool inspect(Inspector& f, report& x) {
  return f.object(x).fields(f.field("number", x.number), f.field("words", x.words), f.field("longest", x.longest));
}

CAF_BEGIN_TYPE_ID_BLOCK(example, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(example, (job))
CAF_ADD_TYPE_ID(example, (report))
CAF_END_TYPE_ID_BLOCK(example)
