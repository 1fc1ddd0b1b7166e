// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "column.hpp"

#include <fstream>

namespace peer::test {

column& this_column() {
  static auto instance = column{};
  return instance;
}

void write_result(const std::string& name, const std::string& result, const std::string& remark) {
  std::ofstream{this_column().results, std::ios::app} << name << '\t' << result << '\t' << remark << '\n';
}

} // namespace peer::test
