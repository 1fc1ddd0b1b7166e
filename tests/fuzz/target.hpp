// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

/// @file
/// What each fuzz target defines. With clang's `-fsanitize=fuzzer,address`, the target and setup.cpp are a libFuzzer
/// program. With any compiler and driver.cpp besides, they are one that runs a bounded number of random mutations of
/// the corpus.

/// Prepares CAF; see setup.cpp.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);

/// Runs the target once. Ends the program if a property does not hold.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace peer::fuzz {

/// Inputs that the driver mutates.
std::vector<std::string> corpus();

/// Ends the program if `holds` is false.
inline void require(bool holds, const char* property) {
  if (!holds) {
    std::fprintf(stderr, "violated: %s\n", property);
    std::abort();
  }
}

/// The input of a target as bytes.
inline const_byte_span as_bytes(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span{data, size});
}

} // namespace peer::fuzz
