// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "whole_file.hpp"
#include "descriptor.hpp"
#include "peer/error.hpp"
#include "peer/peer.hpp"

#include "caf/all.hpp"

#include <cerrno>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace peerctl {

namespace {

constexpr auto size_limit = off_t{1} << 20;

caf::error unreadable(const std::string& path, const std::string& why) {
  return peer::fail(peer::errc::invalid_option, path + ": " + why);
}

bool same_time(const timespec& x, const timespec& y) {
  return x.tv_sec == y.tv_sec && x.tv_nsec == y.tv_nsec;
}

/// Whether a file is unchanged between two calls of fstat(2).
bool same_file(const struct stat& x, const struct stat& y) {
  return x.st_dev == y.st_dev && x.st_ino == y.st_ino && x.st_size == y.st_size && same_time(x.st_mtim, y.st_mtim)
      && same_time(x.st_ctim, y.st_ctim);
}

/// Reads to the end, or one byte beyond the limit.
bool read_all(int fd, std::string& text) {
  char buffer[16384];
  while (text.size() <= size_limit) {
    auto got = read(fd, buffer, sizeof(buffer));
    if (got > 0)
      text.append(buffer, static_cast<std::size_t>(got));
    else if (got == 0)
      return true;
    else if (errno != EINTR)
      return false;
  }
  return true;
}

/// `nullopt` if the file has changed meanwhile.
caf::expected<std::optional<std::string>> try_to_read(const std::string& path) {
  auto file = descriptor{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat before = {};
  if (!file || fstat(file.get(), &before) != 0)
    return unreadable(path, std::strerror(errno));
  if (!S_ISREG(before.st_mode))
    return unreadable(path, "is not a regular file");
  if (before.st_size > size_limit)
    return unreadable(path, "is larger than 1 MiB");
  auto text = std::string{};
  if (!read_all(file.get(), text))
    return unreadable(path, std::strerror(errno));
  struct stat after = {};
  if (stat(path.c_str(), &after) != 0 || !same_file(before, after) || static_cast<off_t>(text.size()) != after.st_size)
    return std::optional<std::string>{};
  return std::optional<std::string>{std::move(text)};
}

} // namespace

caf::expected<std::string> read_whole_file(const std::string& path) {
  for (auto tries = 0; tries < 2; ++tries) {
    auto text = try_to_read(path);
    if (!text)
      return std::move(text.error());
    if (*text)
      return std::move(**text);
  }
  return unreadable(path, "has changed while it was being read");
}

} // namespace peerctl
