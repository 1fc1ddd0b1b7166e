// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/launch_plan.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/// The C library's `clone`, by the name that ThreadSanitizer does not intercept: the sanitizer would treat a child that
/// shares our memory as a forked one.
extern "C" int __clone(int (*function)(void*), void* stack, int flags, void* argument, ...) noexcept;

namespace peer::internal::process {

namespace {

// -- in the child, before exec ----------------------------------------------------------------------------------------

// Plain system calls: functions of the C library may be cancellation points or intercepted by a sanitizer.

constexpr auto signal_set_size = _NSIG / 8;

/// The kernel's set of signals, including those reserved by the C library.
using signal_set = std::array<unsigned long, _NSIG / 8 / sizeof(unsigned long) + 1>;

/// What run_child needs. All memory belongs to the parent.
struct child_view {
  launch_plan& plan;
  const char* const* files; ///< null-terminated
  signal_set mask;          ///< of the program
  void* orphan_stack;       ///< of the second process, if the plan is for an orphan
};

/// Resets caught signals and, with `all`, ignored ones. Handlers must be reset before a signal can arrive: they would
/// run in the parent's memory.
LIBPEER_BEFORE_EXEC void take_dispositions(bool all) {
  constexpr auto ignored = 1UL; // SIG_IGN
  // `syscall(SYS_rt_sigaction)` takes the kernel's structure: the handler comes first, and all its bytes are 0 for the
  // default action.
  constexpr unsigned long default_action[32] = {};
  for (auto number = 1; number < _NSIG; ++number) {
    unsigned long action[32] = {};
    auto keep =
        !all && syscall(SYS_rt_sigaction, number, nullptr, action, signal_set_size) == 0 && action[0] == ignored;
    if (!keep)
      syscall(SYS_rt_sigaction, number, default_action, nullptr, signal_set_size);
  }
}

/// Gives the descriptors their numbers. Sources that have one of these numbers are moved first.
LIBPEER_BEFORE_EXEC bool take_numbers(launch_plan& plan) {
  auto highest = plan.kept.empty() ? -1 : plan.kept.back();
  for (auto& each : plan.bindings) {
    if (each.source > highest || each.source == each.number)
      continue;
    each.source = static_cast<int>(syscall(SYS_fcntl, each.source, F_DUPFD_CLOEXEC, highest + 1));
    if (each.source < 0)
      return false;
  }
  for (auto& each : plan.bindings)
    if ((each.source == each.number ? syscall(SYS_fcntl, each.number, F_SETFD, 0)
                                    : syscall(SYS_dup3, each.source, each.number, 0))
        < 0)
      return false;
  return true;
}

/// The number that a file in /proc/self/fd has as its name, or -1.
LIBPEER_BEFORE_EXEC int number_of(const char* name) {
  auto result = 0;
  for (auto c = name; *c != '\0'; ++c) {
    if (*c < '0' || *c > '9')
      return -1;
    result = 10 * result + (*c - '0');
  }
  return result;
}

/// Replaces `close_listed` where there is no /proc: tries all numbers that can be open.
LIBPEER_BEFORE_EXEC bool close_each(unsigned first, unsigned last) {
  auto limit = rlimit64{};
  if (syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &limit) != 0)
    return false;
  for (auto number = first; number <= last && number < limit.rlim_max; ++number)
    syscall(SYS_close, number);
  return true;
}

/// Replaces `close_range` where it is not available. `opendir` would allocate.
LIBPEER_BEFORE_EXEC bool close_listed(unsigned first, unsigned last) {
  auto directory = syscall(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (directory < 0)
    return close_each(first, last);
  alignas(dirent64) char buffer[4096];
  auto size = 0L;
  while ((size = syscall(SYS_getdents64, directory, buffer, sizeof(buffer))) > 0)
    for (auto at = buffer; at < buffer + size;) {
      auto entry = reinterpret_cast<dirent64*>(at);
      auto number = number_of(entry->d_name);
      if (number >= 0 && number != directory && static_cast<unsigned>(number) >= first
          && static_cast<unsigned>(number) <= last)
        syscall(SYS_close, number);
      at += entry->d_reclen;
    }
  return size == 0 && syscall(SYS_close, directory) == 0;
}

LIBPEER_BEFORE_EXEC bool close_all(const launch_plan& plan, unsigned first, unsigned last) {
  // It fails on an old kernel, and with any error under a seccomp filter.
  return (plan.has_close_range && syscall(SYS_close_range, first, last, 0) == 0) || close_listed(first, last);
}

/// Closes what is not kept.
LIBPEER_BEFORE_EXEC bool close_others(const launch_plan& plan) {
  auto next = 0;
  for (auto fd : plan.kept) {
    if (fd > next && !close_all(plan, static_cast<unsigned>(next), static_cast<unsigned>(fd) - 1))
      return false;
    next = fd + 1;
  }
  return close_all(plan, static_cast<unsigned>(next), ~0U);
}

LIBPEER_BEFORE_EXEC int take_descriptors(void*, launch_plan& plan) {
  return take_numbers(plan) && close_others(plan) ? 0 : errno;
}

/// Returns only if no file can be executed.
LIBPEER_BEFORE_EXEC int execute(const child_view& view) {
  if (view.plan.image >= 0) {
    syscall(SYS_execveat, view.plan.image, "", view.plan.arguments, view.plan.variables, AT_EMPTY_PATH);
    return errno;
  }
  auto denied = false;
  auto code = ENOENT;
  for (auto file = view.files; *file != nullptr; ++file) {
    syscall(SYS_execve, *file, view.plan.arguments, view.plan.variables);
    code = errno;
    if (code == EACCES)
      denied = true;
    else if (code != ENOENT && code != ENOTDIR && code != ESTALE && code != ENODEV && code != ETIMEDOUT)
      return code;
  }
  return denied ? EACCES : code;
}

LIBPEER_BEFORE_EXEC bool take_steps(launch_plan& plan) {
  for (auto& each : plan.steps)
    if (!plan.note(each.name, each.run(each.object, plan)))
      return false;
  return true;
}

LIBPEER_BEFORE_EXEC int run_child(void* shared) {
  auto& view = *static_cast<child_view*>(shared);
  auto& plan = view.plan;
  take_dispositions(plan.default_signals);
  if (take_steps(plan)) {
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, view.mask.data(), nullptr, signal_set_size);
    plan.note(launch_plan::exec_step, execute(view));
  }
  constexpr auto not_executed = 127;
  syscall(SYS_exit_group, not_executed);
  return not_executed;
}

/// Starts the process of the plan and ends, which leaves it to the system's reaper of orphans.
LIBPEER_BEFORE_EXEC int run_parent_of_orphan(void* shared) {
  auto& view = *static_cast<child_view*>(shared);
  if (__clone(run_child, view.orphan_stack, CLONE_VM | CLONE_VFORK | SIGCHLD, shared) < 0)
    view.plan.note(launch_plan::process_step, errno);
  syscall(SYS_exit_group, 0);
  return 0;
}

// -- in the parent ----------------------------------------------------------------------------------------------------

/// Blocks signal handlers and cancellation in the calling thread: they would affect the child as well.
class undisturbed {
public:
  undisturbed() {
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelling_);
    constexpr auto all = [] {
      auto result = signal_set{};
      result.fill(~0UL);
      return result;
    }();
    // pthread_sigmask leaves out the C library's own signals.
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, all.data(), before_.data(), signal_set_size);
  }

  undisturbed(const undisturbed&) = delete;

  ~undisturbed() {
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, before_.data(), nullptr, signal_set_size);
    pthread_setcancelstate(cancelling_, nullptr);
  }

  /// The caller's signal mask.
  const signal_set& mask() const noexcept { return before_; }

private:
  signal_set before_{};
  int cancelling_ = 0;
};

/// Memory for the child's stack until exec.
class child_stack {
public:
  child_stack()
      : bottom_(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {}

  child_stack(const child_stack&) = delete;

  ~child_stack() {
    if (*this)
      munmap(bottom_, size);
  }

  explicit operator bool() const noexcept { return bottom_ != MAP_FAILED; }

  void* top() const noexcept { return static_cast<std::byte*>(bottom_) + size; }

private:
  static constexpr auto size = std::size_t{64} << 10;

  void* bottom_;
};

/// Returns an errno value.
int clone_child(launch_plan& plan) {
  auto files = std::vector<const char*>{};
  for (auto& each : plan.files)
    files.push_back(each.c_str());
  files.push_back(nullptr);
  child_stack stack;
  auto orphan_stack = plan.orphan ? std::make_optional<child_stack>() : std::nullopt;
  if (!stack || (orphan_stack && !*orphan_stack))
    return errno;
  undisturbed scope;
  auto view = child_view{plan, files.data(), plan.default_signals ? signal_set{} : scope.mask(),
                         orphan_stack ? orphan_stack->top() : nullptr};
  // Without a signal the host does not learn of the parent of an orphan, nor can it wait for it by chance.
  auto flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | plan.namespaces | (plan.orphan ? 0 : SIGCHLD);
  auto pidfd = -1;
  plan.process = __clone(plan.orphan ? run_parent_of_orphan : run_child, stack.top(), flags, &view, &pidfd);
  if (plan.process < 0)
    return errno;
  plan.pidfd = pidfd;
  return 0;
}

void put_in_order(launch_plan& plan) {
  plan.steps.push_back({stage::descriptors, launch_plan::descriptors_step, nullptr, take_descriptors});
  std::stable_sort(plan.steps.begin(), plan.steps.end(), [](auto& x, auto& y) { return x.when < y.when; });
  for (auto& each : plan.bindings)
    plan.kept.push_back(each.number);
  std::sort(plan.kept.begin(), plan.kept.end());
}

/// Reaps the process. Blocks until it has ended.
void reap(launch_plan& plan) {
  siginfo_t info;
  while (waitid(P_PIDFD, static_cast<id_t>(plan.pidfd), &info, WEXITED | __WALL) != 0 && errno == EINTR) {
    // EINTR
  }
  close(std::exchange(plan.pidfd, -1));
  plan.failed_process = std::exchange(plan.process, -1);
}

} // namespace

bool launch(launch_plan& plan) {
  put_in_order(plan);
  auto code = clone_child(plan);
  if (code == EPERM && plan.namespaces_if_forbidden != 0) {
    plan.namespaces = plan.namespaces_if_forbidden;
    code = clone_child(plan);
  }
  if (!plan.note(launch_plan::process_step, code))
    return false;
  auto started = *plan.failed_step == '\0';
  if (!started || plan.orphan)
    reap(plan);
  return started;
}

void abandon(launch_plan& plan) {
  syscall(SYS_pidfd_send_signal, plan.pidfd, SIGKILL, nullptr, 0);
  reap(plan);
}

int duplicate_pidfd(const launch_plan& plan) {
  return fcntl(plan.pidfd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

std::vector<std::string> execvp_files(std::string_view program, const char* path) {
  if (program.empty() || program.find('/') != std::string_view::npos)
    return {std::string{program}};
  auto directories = std::string_view{path != nullptr ? path : "/bin:/usr/bin"};
  auto result = std::vector<std::string>{};
  for (auto more = true; more;) {
    auto colon = directories.find(':');
    auto directory = std::string{directories.substr(0, colon)};
    auto file = directory.empty() ? "" : directory + "/"; // an empty one is the working directory
    result.push_back(file += program);
    more = colon != std::string_view::npos;
    directories.remove_prefix(more ? colon + 1 : 0);
  }
  return result;
}

LIBPEER_BEFORE_EXEC bool write_before_exec(const char* path, const char* text) {
  auto size = 0L;
  while (text[size] != '\0')
    ++size;
  auto fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
  return fd >= 0 && syscall(SYS_write, fd, text, size) == size && syscall(SYS_close, fd) == 0;
}

} // namespace peer::internal::process
