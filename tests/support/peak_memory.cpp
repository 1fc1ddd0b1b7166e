// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "support/peak_memory.hpp"

#include <fstream>
#include <string>

namespace peer::test {

namespace {

/// The greatest resident size since the record began.
std::size_t peak() {
  auto file = std::ifstream{"/proc/self/status"};
  for (std::string word; file >> word;)
    if (word == "VmHWM:") {
      auto kibibytes = std::size_t{0};
      file >> kibibytes;
      return kibibytes << 10;
    }
  return 0;
}

} // namespace

peak_memory::peak_memory() {
  std::ofstream{"/proc/self/clear_refs"} << "5"; // proc(5): resets the peak to what is resident now
  before_ = peak();
}

std::size_t peak_memory::growth() const {
  auto now = peak();
  return now > before_ ? now - before_ : 0; // the kernel's numbers are a few pages off
}

} // namespace peer::test
