// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "config_text.hpp"
#include "peer/child_spec.hpp"

#include "caf/error.hpp"

#include <map>
#include <string>
#include <utility>

/// @file
/// Checks of a tree that was read from a file: values that can be read, but contradict each other or a rule.

namespace peerctl {

/// Problems of a text, in the order of its lines.
class problem_list {
public:
  explicit problem_list(std::string name) : name_(std::move(name)) {}

  void add(int line, const std::string& key, const std::string& what);

  bool empty() const noexcept { return problems_.empty(); }

  /// One line for each problem, "NAME:LINE: KEY: what is wrong" (`errc::invalid_option`).
  caf::error to_error() const;

private:
  std::string name_;
  std::multimap<int, std::string> problems_;
};

/// Checks a supervisor and all children below it. No effect if there are problems already: they would be found again.
/// @param top the value that `spec` was read from
void check_tree(const peer::supervisor_spec& spec, const config_node& top, problem_list& problems);

} // namespace peerctl
