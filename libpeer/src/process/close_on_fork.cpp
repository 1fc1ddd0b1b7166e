// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/close_on_fork.hpp"

#include <mutex>
#include <vector>

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

namespace peer::internal::process {

namespace {

/// The file behind a descriptor when it was recorded. Each pipe and socket of a system has its own inode.
struct noted_file {
  dev_t device = 0;
  ino_t inode = 0;
};

struct registry {
  registry();

  std::mutex lock;
  std::vector<noted_file> files; ///< by descriptor
};

/// Never destroyed: the program may fork until it has ended.
registry& all() {
  static auto& result = *new registry;
  return result;
}

/// Runs in the forked child, which has no other threads and must not allocate.
void close_all() {
  auto& files = all().files;
  for (auto fd = 0; fd < static_cast<int>(files.size()); ++fd) {
    auto& noted = files[static_cast<std::size_t>(fd)];
    struct stat facts {};
    if (noted.inode != 0 && fstat(fd, &facts) == 0 && facts.st_ino == noted.inode && facts.st_dev == noted.device)
      close(fd);
  }
}

registry::registry() {
  pthread_atfork([] { all().lock.lock(); }, [] { all().lock.unlock(); },
                 [] {
                   close_all();
                   all().lock.unlock();
                 });
}

} // namespace

fork_pause::fork_pause() : guard_(all().lock) {}

void fork_pause::close_on_fork(int fd) {
  struct stat facts {};
  if (fd < 0 || fstat(fd, &facts) != 0)
    return;
  auto& files = all().files;
  if (files.size() <= static_cast<std::size_t>(fd))
    files.resize(static_cast<std::size_t>(fd) + 1);
  files[static_cast<std::size_t>(fd)] = {facts.st_dev, facts.st_ino};
}

} // namespace peer::internal::process
