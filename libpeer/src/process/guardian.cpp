// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/guardian.hpp"

#include "process/close_on_fork.hpp"
#include "process/descriptor.hpp"
#include "process/guardian_image.hpp"
#include "process/guardian_message.hpp"
#include "process/launch_plan.hpp"

#include "caf/expected.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <map>
#include <mutex>
#include <set>
#include <string_view>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace peer::internal::process {

namespace {

// -- the start of the guardian ----------------------------------------------------------------------------------------

constexpr auto image_number = guardian_socket + 1; // closed by exec

LIBPEER_BEFORE_EXEC int lead_session(void*, launch_plan&) {
  return syscall(SYS_setsid) >= 0 ? 0 : errno;
}

LIBPEER_BEFORE_EXEC int leave_directory(void*, launch_plan&) {
  return syscall(SYS_chdir, "/") == 0 && syscall(SYS_fcntl, image_number, F_SETFD, FD_CLOEXEC) == 0 ? 0 : errno;
}

/// The guardian's program as an open file without a name.
descriptor open_image() {
  constexpr auto executable = 0x10U; // MFD_EXEC, which older kernels do not know
  auto fd = memfd_create("libpeer-guardian", MFD_CLOEXEC | executable);
  if (fd < 0 && errno == EINVAL)
    fd = memfd_create("libpeer-guardian", MFD_CLOEXEC);
  auto result = above_standard_streams(descriptor{fd});
  auto image = guardian_image();
  if (!result || write(result.get(), image.data(), image.size()) != static_cast<ssize_t>(image.size()))
    return {};
  return result;
}

/// Returns this program's end of the socket.
descriptor start_guardian() {
  auto image = open_image();
  auto ends = make_packet_pair("the guardian");
  auto yes = 1;
  if (!image || !ends || setsockopt(ends->second.get(), SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)) != 0)
    return {};
  auto arguments = std::array<const char*, 2>{"libpeer-guardian", nullptr};
  auto variables = std::array<const char*, 2>{"LC_ALL=C", nullptr};
  auto plan = launch_plan{};
  plan.arguments = arguments.data();
  plan.variables = variables.data();
  plan.default_signals = true;
  plan.orphan = true;
  plan.image = image_number;
  plan.bindings = {{guardian_socket, ends->second.get()}, {image_number, image.get()}};
  plan.steps = {{stage::session, "session", nullptr, lead_session},
                {stage::directory, launch_plan::directory_step, nullptr, leave_directory}};
  return launch(plan) ? std::move(ends->first) : descriptor{};
}

// -- the connection to it ---------------------------------------------------------------------------------------------

struct recorded {
  std::int64_t patience;
  std::uint64_t not_after;
};

struct guardian_link {
  std::mutex lock;
  pid_t owner = -1; ///< the process that has started the guardian
  descriptor socket;
  bool failed = false; ///< the guardian could not be started; not tried again
  std::map<pid_t, recorded> groups;
  std::set<std::string> directories;
};

/// Never destroyed: the socket is closed when the process ends.
guardian_link& mine() {
  static auto& result = *new guardian_link;
  return result;
}

/// Returns false if the guardian has ended.
bool send_packet(const descriptor& socket, const guardian_message& what, std::string_view path = {}) {
  auto parts = std::array<iovec, 2>{
      {{const_cast<guardian_message*>(&what), sizeof(what)}, {const_cast<char*>(path.data()), path.size()}}};
  auto header = msghdr{};
  header.msg_iov = parts.data();
  header.msg_iovlen = parts.size();
  return sendmsg(socket.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 || errno == EAGAIN;
}

bool introduce(const guardian_link& all) {
  for (auto& [group, its] : all.groups)
    if (!send_packet(all.socket, {guardian_message::kind::started, group, its.patience, its.not_after}))
      return false;
  for (auto& each : all.directories)
    if (!send_packet(all.socket, {guardian_message::kind::directory, 0, 0, 0}, each))
      return false;
  return true;
}

/// Whether the guardian has ended: it never sends anything.
bool is_lost(const descriptor& socket) {
  auto byte = char{};
  return recv(socket.get(), &byte, 1, MSG_DONTWAIT) == 0 || (errno != EAGAIN && errno != EINTR);
}

/// Starts a guardian if there is none. Returns whether there is one. @pre locked
bool reach(guardian_link& all) {
  if (all.owner != getpid()) { // the first call, or a forked child, in which the parent's socket is closed
    all.owner = getpid();
    all.socket.release();
    all.groups.clear();
    all.directories.clear();
    all.failed = false;
  }
  if (all.failed || (all.socket && !is_lost(all.socket)))
    return !all.failed;
  errno = 0;
  all.socket = start_guardian();
  if (all.socket && introduce(all))
    return true;
  all.failed = !is_shortage(errno);
  return false;
}

/// Nanoseconds of CLOCK_BOOTTIME.
std::uint64_t boot_time() {
  auto now = timespec{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

std::int64_t to_milliseconds(caf::timespan x) {
  return x == caf::infinite ? -1 : std::chrono::ceil<std::chrono::milliseconds>(x).count();
}

} // namespace

int guardian::socket() {
  auto guard = std::lock_guard{mine().lock};
  return reach(mine()) ? mine().socket.get() : -1;
}

guardian_message guardian::introduction(std::optional<caf::timespan> patience) {
  return {guardian_message::kind::started, 0, to_milliseconds(patience.value_or(caf::infinite)), 0};
}

void guardian::started(pid_t process, caf::timespan patience) {
  auto guard = std::lock_guard{mine().lock};
  mine().groups.insert_or_assign(process, recorded{to_milliseconds(patience), boot_time()});
}

void guardian::ended(pid_t process) {
  auto guard = std::lock_guard{mine().lock};
  mine().groups.erase(process);
  if (mine().socket && mine().owner == getpid())
    send_packet(mine().socket, {guardian_message::kind::ended, process, 0, 0});
}

void guardian::add_directory(const std::string& path) {
  auto guard = std::lock_guard{mine().lock};
  if (reach(mine()) && mine().directories.insert(path).second)
    send_packet(mine().socket, {guardian_message::kind::directory, 0, 0, 0}, path);
}

} // namespace peer::internal::process
