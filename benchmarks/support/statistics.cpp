// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "support/statistics.hpp"

#include <algorithm>

namespace bench {

double quantile(std::vector<double> xs, double part) {
  std::sort(xs.begin(), xs.end());
  return xs[std::min(xs.size() - 1, static_cast<std::size_t>(part * static_cast<double>(xs.size())))];
}

double median(std::vector<double> xs) {
  std::sort(xs.begin(), xs.end());
  return (xs[(xs.size() - 1) / 2] + xs[xs.size() / 2]) / 2;
}

figures latency_figures(const std::vector<double>& microseconds) {
  return {{"median_us", median(microseconds)}, {"p99_us", quantile(microseconds, 0.99)}};
}

} // namespace bench
