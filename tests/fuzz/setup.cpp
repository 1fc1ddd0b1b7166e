// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/type_ids.hpp"

#include "caf/init_global_meta_objects.hpp"

/// Called once before the first input, by libFuzzer or by driver.cpp. Errors carry text, for which CAF must know the
/// type.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  peer::init_global_meta_objects();
  caf::core::init_global_meta_objects();
  return 0;
}
