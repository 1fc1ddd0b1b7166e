// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

/// @file
/// Time that passes, and numbers that sum up many.

namespace bench {

using clock_type = std::chrono::steady_clock;

/// What one round of a contender found: names with their unit ("median_us", "calls_per_s") and values, in the order in
/// which they are shown.
using figures = std::vector<std::pair<std::string, double>>;

/// Time since it was made.
class stopwatch {
public:
  double seconds() const { return in<std::ratio<1>>(); }
  double milliseconds() const { return in<std::milli>(); }
  double microseconds() const { return in<std::micro>(); }

private:
  template <class Unit>
  double in() const {
    return std::chrono::duration<double, Unit>(clock_type::now() - begin_).count();
  }

  clock_type::time_point begin_ = clock_type::now();
};

/// The value that this part (0 to 1) of the values lies below. `xs` must not be empty.
double quantile(std::vector<double> xs, double part);

/// The middle value; of an even number of values the mean of the middle two. `xs` must not be empty.
double median(std::vector<double> xs);

/// `median_us` and `p99_us` of these times in microseconds.
figures latency_figures(const std::vector<double>& microseconds);

/// Runs `f` that many times and takes the time of each run. Returns microseconds.
template <class F>
std::vector<double> time_each(std::size_t repeats, F f) {
  auto result = std::vector<double>{};
  result.reserve(repeats);
  for (auto i = std::size_t{0}; i < repeats; ++i) {
    auto watch = stopwatch{};
    f();
    result.push_back(watch.microseconds());
  }
  return result;
}

} // namespace bench
