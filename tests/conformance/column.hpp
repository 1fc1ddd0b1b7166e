// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/options.hpp"

#include <string>

namespace peer::test {

/// What a run of the program fills: the column of one kind of peer over one connection.
struct column {
  std::string program;        ///< the program that becomes the peer
  bool is_erl = false;        ///< or it is `peer_node`
  connection_kind connection; ///< the one that all peers of the run have
  std::string results;        ///< the file of the results
};

/// The column of this run. Set by `main` before the first test.
column& this_column();

/// Adds a line to the file of the results: the name of a case, `pass`, `skip`, `refused` or `fail`, and a remark, with
/// tabs between.
void write_result(const std::string& name, const std::string& result, const std::string& remark);

} // namespace peer::test
