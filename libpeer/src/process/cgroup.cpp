// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/cgroup.hpp"

#include "base/directory.hpp"
#include "peer/error.hpp"
#include "process/close_on_fork.hpp"
#include "process/guardian.hpp"
#include "process/guardian_message.hpp"
#include "process/proc_stat.hpp"

#include "caf/expected.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <mutex>
#include <set>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

extern "C" {
#include <sys/pidfd.h> // glibc 2.36 forgot that C++ includes it, too
}

namespace peer::internal::process {

namespace {

/// Calls `f` with the path of each child of the cgroup.
template <class F>
void for_each_inner(const std::string& path, F f) {
  base::for_each_entry(path.c_str(), [&](const dirent& entry) {
    auto name = std::string_view{entry.d_name};
    if (entry.d_type == DT_DIR && name != "." && name != "..")
      f(path + "/" + entry.d_name);
    return true;
  });
}

void remove_all(const std::string& path) {
  for_each_inner(path, remove_all);
  rmdir(path.c_str());
}

std::set<pid_t> members(const std::string& path) {
  constexpr auto enough_for_all_numbers = std::size_t{64} << 20;
  auto in = std::istringstream{read_proc_file(path + "/cgroup.procs", enough_for_all_numbers)};
  auto result = std::set<pid_t>{};
  for (auto id = pid_t{0}; in >> id;)
    if (id != 0) // 0 stands for a process outside our pid namespace
      result.insert(id);
  return result;
}

/// Kills the current members.
void kill_members(const std::string& path) {
  auto found = std::vector<std::pair<pid_t, descriptor>>{};
  for (auto id : members(path))
    found.emplace_back(id, descriptor{pidfd_open(id, 0)});
  auto still_there = members(path); // so the numbers have not been reused
  for (auto& [id, pidfd] : found)
    if (pidfd && still_there.contains(id))
      pidfd_send_signal(pidfd.get(), SIGKILL, nullptr, 0);
  for_each_inner(path, kill_members);
}

/// Opens the events of a cgroup and locks them, as long as this program lives. Empty, with errno, if that is impossible
/// or if another program has locked them.
descriptor lock_events(const std::string& path) {
  fork_pause pause;
  auto result = descriptor{open((path + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC)};
  if (result && flock(result.get(), LOCK_EX | LOCK_NB) != 0)
    result.reset();
  pause.close_on_fork(result.get());
  return result;
}

/// Kills the members of a cgroup whose program has ended, and removes it.
void remove_left(const std::string& path) {
  constexpr auto looks = 100;
  for (auto look = 0; look < looks && !members(path).empty(); ++look) {
    kill_members(path);
    poll(nullptr, 0, 10);
  }
  remove_all(path);
}

/// Removes the cgroups that programs have left in a directory, at the first call for it.
void remove_left_cgroups(const std::string& delegated) {
  static std::mutex lock;
  static auto& done = *new std::set<std::string>; // never destroyed: threads may use it while the program exits
  {
    auto guard = std::lock_guard{lock};
    if (!done.insert(delegated).second)
      return;
  }
  for_each_inner(delegated, [](const std::string& path) {
    if (names_cgroup(std::filesystem::path{path}.filename().c_str()))
      if (auto lock_of_dead = lock_events(path))
        remove_left(path);
  });
}

} // namespace

cgroup::cgroup(std::string path, descriptor events, descriptor kill_file)
    : path_(std::move(path)), events_(std::move(events)), kill_file_(std::move(kill_file)) {}

cgroup::cgroup(cgroup&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      events_(std::move(other.events_)),
      kill_file_(std::move(other.kill_file_)) {}

cgroup::~cgroup() {
  if (!path_.empty())
    remove_all(path_);
}

caf::expected<cgroup> cgroup::make(const std::string& delegated, bool has_kill_file) {
  static std::atomic<unsigned> counter = 0;
  struct statfs facts {};
  if (statfs(delegated.c_str(), &facts) != 0)
    return system_failure("cannot use '" + delegated + "' for cgroups", errno);
  if (facts.f_type != CGROUP2_SUPER_MAGIC)
    return fail(errc::system_failure,
                "cannot use '" + delegated + "' for cgroups: it is not in the cgroup v2 hierarchy");
  remove_left_cgroups(delegated);
  auto failed = std::error_code{};
  guardian::add_directory(std::filesystem::absolute(delegated, failed).string());
  auto prefix = delegated + "/libpeer-" + std::to_string(getpid()) + "-";
  auto path = std::string{};
  auto events = descriptor{};
  while (!events) {
    path = prefix + std::to_string(++counter);
    if (mkdir(path.c_str(), 0755) != 0) {
      if (errno != EEXIST) // otherwise an earlier program with our pid has left one
        return system_failure("cannot make a cgroup in '" + delegated + "'", errno);
      continue;
    }
    events = lock_events(path);
    if (auto code = errno; !events && code != ENOENT && code != EWOULDBLOCK) { // these: another program removes it
      rmdir(path.c_str());
      return system_failure("cannot watch the cgroup '" + path + "'", code);
    }
  }
  auto result = cgroup{std::move(path), std::move(events), {}};
  if (has_kill_file)
    result.kill_file_ = descriptor{open((result.path_ + "/cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC)};
  if (has_kill_file && !result.kill_file_ && errno != ENOENT)
    return system_failure("cannot open the file to kill the cgroup '" + result.path_ + "'", errno);
  return result;
}

caf::expected<descriptor> cgroup::open_members() const {
  auto result = descriptor{open((path_ + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC)};
  if (!result)
    return system_failure("cannot open the list of members of '" + path_ + "'", errno);
  return result;
}

void cgroup::kill() const {
  if (!kill_file_ || pwrite(kill_file_.get(), "1", 1, 0) != 1)
    kill_members(path_);
}

bool cgroup::populated() const {
  auto text = std::array<char, 256>{};
  auto got = pread(events_.get(), text.data(), text.size(), 0);
  return got > 0
      && std::string_view{text.data(), static_cast<std::size_t>(got)}.find("populated 1") != std::string_view::npos;
}

} // namespace peer::internal::process
