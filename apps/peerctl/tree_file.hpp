// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/child_spec.hpp"
#include "peer/peer.hpp"

#include "caf/expected.hpp"

#include <functional>
#include <string>
#include <string_view>

/// @file
/// A tree of children from a file (docs/supervise.md has all keys).

namespace peerctl {

/// Makes the sink for a child's console output.
/// @param path of the child
/// @param prefix whether each line is to begin with the path
using console_factory = std::function<peer::sink_factory(const std::string& path, bool prefix)>;

/// The contents of a file.
struct tree_file {
  peer::supervisor_spec spec;

  /// Path of the socket at which `peerctl status` and others reach the tree; empty for the default.
  std::string socket;
};

/// Reads a tree from a text in CAF's configuration syntax. A child must be restarted when its revision changes, which
/// is made of its keys; of a supervisor without those of its rules and its children.
///
/// The error (`errc::invalid_option`) has one line for each problem, "NAME:LINE: KEY: what is wrong".
/// @param name of the text in errors
caf::expected<tree_file> read_tree(std::string_view text, const std::string& name, const console_factory& console);

/// The same for a file, which must not change while it is being read.
caf::expected<tree_file> load_tree(const std::string& path, const console_factory& console);

} // namespace peerctl
