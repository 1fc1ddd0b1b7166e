// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The end of a node, whoever reads what it says, or nobody.

#define CAF_SUITE peer.node.node_end

#include "node/node_end.hpp"
#include "tests/unit/process/subprocess_fixture.hpp"

#include <climits>

using namespace std::literals;
using namespace peer::test;

namespace {

/// Ends a forked node with `complaint` and that for its standard error. Returns its exit status.
int end_with(const std::string& complaint, int standard_error) {
  return forked_process{[&]() -> int {
           dup2(standard_error, STDERR_FILENO);
           peer::internal::node::end_node(complaint);
         }}
      .result();
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(node_end_tests, subprocess_fixture)

CAF_TEST(a complaint is one line) {
  auto error = make_lasting_pipe();
  CAF_CHECK_EQUAL(end_with("it is over", error.write.get()), 1);
  error.write.reset();
  CAF_CHECK_EQUAL(read_to_end(error.read.get()), "libpeer: it is over\n");
}

CAF_TEST(a node without a complaint says nothing) {
  auto error = make_lasting_pipe();
  CAF_CHECK_EQUAL(end_with("", error.write.get()), 1);
  error.write.reset();
  CAF_CHECK_EQUAL(read_to_end(error.read.get()), "");
}

CAF_TEST(a complaint that does not fit into the pipe is cut) {
  auto error = make_lasting_pipe();
  fcntl(error.write.get(), F_SETPIPE_SZ, PIPE_BUF);
  CAF_CHECK_EQUAL(end_with(std::string(100'000, 'x'), error.write.get()), 1);
  error.write.reset();
  CAF_CHECK_EQUAL(read_to_end(error.read.get()),
                  "libpeer: " + std::string(PIPE_BUF - "libpeer: \n"s.size(), 'x') + "\n");
}

CAF_TEST_FIXTURE_SCOPE_END()
