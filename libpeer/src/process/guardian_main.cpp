// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The program of the guardian (process/guardian.hpp). It uses the C library only and is part of the library's image.

#include "process/guardian_message.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace peer::internal::process {

namespace {

constexpr auto path_size = 4096;

// -- what the origin has started --------------------------------------------------------------------------------------

/// An array that grows. The guardian has no C++ library.
template <class T>
struct growing {
  T* items = nullptr;
  int size = 0;
  int room = 0;

  bool add(const T& x) {
    if (size == room) {
      auto more = room == 0 ? 64 : 2 * room;
      auto grown = std::realloc(items, static_cast<std::size_t>(more) * sizeof(T));
      if (grown == nullptr)
        return false;
      items = static_cast<T*>(grown);
      room = more;
    }
    items[size++] = x;
    return true;
  }

  void remove(int i) { items[i] = items[--size]; }
};

struct group {
  pid_t id;
  std::int64_t patience;
  std::uint64_t not_after;
  int kills; ///< how often it was sent SIGKILL
};

growing<group> groups;
growing<char*> directories;

void forget(pid_t id) {
  for (auto i = 0; i < groups.size; ++i)
    if (groups.items[i].id == id)
      return groups.remove(i);
}

void note_directory(const char* path) {
  for (auto i = 0; i < directories.size; ++i)
    if (std::strcmp(directories.items[i], path) == 0)
      return;
  if (auto copy = strdup(path))
    directories.add(copy);
}

/// Receives one message. Returns false when the origin has ended.
bool receive() {
  struct {
    guardian_message head;
    char path[path_size];
  } packet{};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
  auto part = iovec{&packet, sizeof(packet) - 1}; // so that the path ends with a null
  auto header = msghdr{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  auto got = recvmsg(guardian_socket, &header, 0);
  if (got < 0)
    return errno == EINTR;
  if (got < static_cast<ssize_t>(sizeof(packet.head)))
    return false;
  auto sender = ucred{};
  for (auto i = CMSG_FIRSTHDR(&header); i != nullptr; i = CMSG_NXTHDR(&header, i))
    if (i->cmsg_level == SOL_SOCKET && i->cmsg_type == SCM_CREDENTIALS)
      std::memcpy(&sender, CMSG_DATA(i), sizeof(sender));
  auto& what = packet.head;
  switch (what.what) {
  case guardian_message::kind::started:
    if (auto id = what.group != 0 ? what.group : sender.pid; id > 1) {
      forget(id);
      groups.add({id, what.patience, what.not_after, 0});
    }
    break;
  case guardian_message::kind::ended:
    forget(what.group);
    break;
  case guardian_message::kind::directory:
    note_directory(packet.path);
    break;
  }
  return true;
}

// -- processes --------------------------------------------------------------------------------------------------------

struct facts {
  char state;
  pid_t group;
  pid_t session;
  unsigned long long start; ///< clock ticks after the system's
};

/// Reads a file, of which the result has the beginning. Returns false if that is impossible.
bool read_file(const char* path, char* text, std::size_t size) {
  auto fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  auto got = read(fd, text, size - 1);
  close(fd);
  text[got > 0 ? got : 0] = '\0';
  return got > 0;
}

bool facts_of(pid_t id, facts& result) {
  char path[64];
  char text[1024];
  std::snprintf(path, sizeof(path), "/proc/%d/stat", id);
  if (!read_file(path, text, sizeof(text)))
    return false;
  auto end_of_name = std::strrchr(text, ')');
  return end_of_name != nullptr
      && std::sscanf(end_of_name + 1, " %c %*d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                     &result.state, &result.group, &result.session, &result.start)
             == 4;
}

/// Whether the numbers in /proc are those of this program's pid namespace.
bool has_own_proc() {
  char text[32] = {};
  return readlink("/proc/self", text, sizeof(text) - 1) > 0 && std::atoi(text) == getpid();
}

/// Whether a process runs in that group and in the session of the same number.
bool has_member(pid_t group) {
  auto all = opendir("/proc");
  if (all == nullptr)
    return false;
  auto found = false;
  while (auto entry = found ? nullptr : readdir(all)) {
    auto its = facts{};
    found = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && facts_of(std::atoi(entry->d_name), its)
         && its.group == group && its.session == group && its.state != 'Z' && its.state != 'X';
  }
  closedir(all);
  return found;
}

/// Ends a group if its first process has ended, or has had its time. Returns whether nothing is left to do.
bool settle(group& which, std::int64_t passed) {
  constexpr auto enough_kills = 50;
  if (kill(-which.id, 0) != 0 && errno == ESRCH)
    return true;
  auto first = facts{};
  if (facts_of(which.id, first)) {
    auto ticks = which.not_after / (1'000'000'000 / static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK)));
    if (first.session != which.id || first.group != which.id || first.start > ticks)
      return true; // another process has got the number
    auto runs = first.state != 'Z' && first.state != 'X';
    if (runs && (which.patience < 0 || passed < which.patience))
      return false;
  } else if (!has_member(which.id)) {
    return true;
  }
  kill(-which.id, SIGKILL);
  return ++which.kills == enough_kills;
}

void pause_for(long milliseconds) {
  auto time = timespec{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
  nanosleep(&time, nullptr);
}

std::int64_t milliseconds_now() {
  auto now = timespec{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

void end_groups() {
  auto began = milliseconds_now();
  for (auto look = 0; groups.size > 0 && has_own_proc(); ++look) {
    for (auto i = groups.size - 1; i >= 0; --i)
      if (settle(groups.items[i], milliseconds_now() - began))
        groups.remove(i);
    if (groups.size > 0)
      pause_for(look < 50 ? 10 : 100);
  }
}

// -- cgroups ----------------------------------------------------------------------------------------------------------

/// Kills the members of a cgroup that the kernel cannot kill at once (before Linux 5.14).
void kill_members(int cgroup) {
  auto fd = openat(cgroup, "cgroup.procs", O_RDONLY | O_CLOEXEC);
  if (auto list = fd < 0 ? nullptr : fdopen(fd, "r")) {
    for (auto id = 0; std::fscanf(list, "%d", &id) == 1;)
      if (id > 1)
        kill(id, SIGKILL);
    std::fclose(list);
  }
}

/// Removes a cgroup and those in it. @param name in the directory `parent`
void remove_cgroup(int parent, const char* name) {
  constexpr auto looks = 100;
  auto fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (auto all = fd < 0 ? nullptr : fdopendir(fd)) {
    while (auto entry = readdir(all))
      if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
        remove_cgroup(fd, entry->d_name);
    for (auto i = 0; i < looks && unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno == EBUSY; ++i) {
      auto killer = openat(fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);
      if (killer < 0 || write(killer, "1", 1) != 1)
        kill_members(fd);
      if (killer >= 0)
        close(killer);
      pause_for(10);
    }
    closedir(all);
  }
}

/// Removes the cgroups in a directory whose origins have ended.
void remove_cgroups(const char* path) {
  auto directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  auto all = directory < 0 ? nullptr : fdopendir(directory);
  if (all == nullptr)
    return;
  while (auto entry = readdir(all)) {
    char events[512];
    if (!names_cgroup(entry->d_name))
      continue;
    std::snprintf(events, sizeof(events), "%s/cgroup.events", entry->d_name);
    auto lock = openat(directory, events, O_RDONLY | O_CLOEXEC);
    if (lock < 0)
      continue;
    if (flock(lock, LOCK_EX | LOCK_NB) == 0)
      remove_cgroup(directory, entry->d_name);
    close(lock);
  }
  closedir(all);
}

} // namespace

} // namespace peer::internal::process

int main() {
  using namespace peer::internal::process;
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  prctl(PR_SET_NAME, "libpeer-guard");
  while (receive()) {
    // until the origin has ended
  }
  end_groups();
  for (auto i = 0; i < directories.size; ++i)
    remove_cgroups(directories.items[i]);
}
