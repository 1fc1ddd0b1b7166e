// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/convert.hpp"
#include "peer/type_ids.hpp"

#include "test_node.hpp"

#include "caf/all.hpp"

#define CAF_TEST_NO_MAIN
#include "caf/test/unit_test_impl.hpp"

int main(int argc, char** argv) {
  peer::init_global_meta_objects();
  caf::core::init_global_meta_objects();
  caf::init_global_meta_objects<caf::id_block::test_node>();
  peer::register_message_types<parcel>();
  return caf::test::main(argc, argv);
}
