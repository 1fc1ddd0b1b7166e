// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "support/suite.hpp"

#include <string>
#include <vector>

/// @file
/// What a benchmark has found, for people and for programs.

namespace bench {

/// What was measured where and how, and a line for each contender: the median of each figure over the rounds, with the
/// least and the greatest value.
std::string to_table(const std::string& benchmark, const settings& options, const std::vector<contender>& contenders);

/// The same as a JSON object with the value of each round.
std::string to_json(const std::string& benchmark, const settings& options, const std::vector<contender>& contenders);

} // namespace bench
