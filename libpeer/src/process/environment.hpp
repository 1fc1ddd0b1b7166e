// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace peer::internal::process {

/// Variables by their names.
using environment = std::map<std::string, std::string>;

using environment_ptr = std::shared_ptr<const environment>;

/// Copies the environment of this program. No other thread may change it meanwhile (setenv(3)), so the copy is made by
/// a thread of the program's own when it asks for a start, never by the loop.
environment_ptr current_environment();

/// The environment with changes, as "NAME=VALUE": a value sets a variable, `nullopt` removes it.
std::vector<std::string> changed(environment variables,
                                 const std::vector<std::pair<std::string, std::optional<std::string>>>& changes);

} // namespace peer::internal::process
