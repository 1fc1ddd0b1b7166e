// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cerrno>
#include <memory>

#include <dirent.h>

namespace peer::internal::base {

/// Calls `f` with each entry of a directory, "." and ".." included, until it returns false. The iterator of
/// std::filesystem would end a program that has no memory.
/// @returns an errno value if the directory cannot be opened, else 0
template <class F>
int for_each_entry(const char* directory, F f) {
  auto entries = std::unique_ptr<DIR, decltype([](DIR* x) { closedir(x); })>{opendir(directory)};
  if (!entries)
    return errno;
  while (const dirent* entry = readdir(entries.get()))
    if (!f(*entry))
      break;
  return 0;
}

} // namespace peer::internal::base
