// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <fcntl.h>
#include <unistd.h>

namespace programs {

/// Opens /dev/null in place of standard streams that are closed. Otherwise the next descriptors that the program makes
/// would get their numbers, and with them what is printed. Call it first.
inline void open_standard_streams() {
  auto fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO)
    fd = open("/dev/null", O_RDWR);
  if (fd >= 0)
    close(fd);
}

} // namespace programs
