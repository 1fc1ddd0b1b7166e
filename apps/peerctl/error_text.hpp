// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/error.hpp"

#include <string>

/// @file
/// Errors for users of the command line, where options have names of their own.

namespace peerctl {

/// A sentence about an error of a peer that this command has started. The last lines of the peer's standard error are
/// left out: they have been printed.
std::string error_text(const caf::error& err);

/// An error of a child with the child's path in place of its program.
caf::error with_path(const caf::error& err, const std::string& path);

/// Any text with the names of options as on the command line.
std::string with_flags(std::string text);

} // namespace peerctl
