// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// conformance_test erl|peer_node CONNECTION RESULTS [ARGUMENT...]: OTP's cases with one kind of peer over one
// connection. The other arguments are those of CAF's test programs. RESULTS is the file that gets a line for each case.

#include "column.hpp"

#include "peer/type_ids.hpp"

#include "caf/all.hpp"

#include <fstream>
#include <iostream>
#include <optional>
#include <string_view>

#define CAF_TEST_NO_MAIN
#include "caf/test/unit_test_impl.hpp"

namespace {

std::optional<peer::connection_kind> connection_of(std::string_view name) {
  if (name == "distribution")
    return peer::distribution{};
  if (name == "inherited")
    return peer::inherited{};
  if (name == "standard_io")
    return peer::standard_io{};
  if (name == "tcp")
    return peer::tcp{};
  return {};
}

} // namespace

int main(int argc, char** argv) {
  auto kind = std::string_view{argc > 3 ? argv[1] : ""};
  auto connection = connection_of(argc > 3 ? argv[2] : "");
  if ((kind != "erl" && kind != "peer_node") || !connection) {
    std::cerr << "usage: " << argv[0]
              << " erl|peer_node distribution|inherited|standard_io|tcp RESULTS [ARGUMENT...]\n";
    return 2;
  }
  peer::test::this_column() = {kind == "erl" ? "erl" : PEER_NODE, kind == "erl", *connection, argv[3]};
  if (!std::ofstream{argv[3]}) {
    std::cerr << argv[0] << ": cannot write " << argv[3] << '\n';
    return 2;
  }
  peer::init_global_meta_objects();
  caf::core::init_global_meta_objects();
  argv[3] = argv[0];
  return caf::test::main(argc - 3, argv + 3);
}
