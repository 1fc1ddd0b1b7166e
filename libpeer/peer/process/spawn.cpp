// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/process/spawn.hpp"

#include "peer/base/error.hpp"
#include "peer/process/child_limits.hpp"

#include "caf/expected.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <map>
#include <string_view>

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

/// The C library's `clone` by the name that ThreadSanitizer does not replace: it would take a child that shares our
/// memory for a forked one and note that in this program.
extern "C" int __clone(int (*function)(void*), void* stack, int flags, void* argument, ...) noexcept;

/// For what runs in the child before exec: it has this program's memory, but neither its own thread nor its own stack
/// as far as a sanitizer knows.
#define LIBPEER_BEFORE_EXEC __attribute__((no_sanitize("address", "thread", "undefined")))

namespace peer {

namespace {

// -- arrays of strings ------------------------------------------------------------------------------------------------

/// A null-terminated array of C strings.
class string_array {
public:
  explicit string_array(std::vector<std::string> strings) : strings_(std::move(strings)) {
    for (auto& x : strings_)
      pointers_.push_back(x.data());
    pointers_.push_back(nullptr);
  }

  char* const* data() const noexcept { return pointers_.data(); }

private:
  std::vector<std::string> strings_;
  std::vector<char*> pointers_;
};

string_array make_argv(const spawn_options& options) {
  auto result = std::vector<std::string>{options.program};
  result.insert(result.end(), options.arguments.begin(), options.arguments.end());
  return string_array{std::move(result)};
}

string_array make_environment(const spawn_options& options) {
  auto variables = std::map<std::string, std::string>{};
  for (auto entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    auto text = std::string_view{*entry};
    auto split = text.find('=', 1);
    if (split != std::string_view::npos)
      variables.emplace(text.substr(0, split), text.substr(split + 1));
  }
  for (auto& [name, value] : options.environment) {
    if (value)
      variables[name] = *value;
    else
      variables.erase(name);
  }
  auto result = std::vector<std::string>{};
  for (auto& [name, value] : variables)
    result.push_back(name + "=" + value);
  return string_array{std::move(result)};
}

/// The files that may be meant, in the order to try (POSIX, "execvp").
string_array make_candidates(const std::string& program) {
  if (program.empty() || program.find('/') != std::string::npos)
    return string_array{{program}};
  auto path = getenv("PATH");
  auto directories = std::string_view{path != nullptr ? path : "/bin:/usr/bin"};
  auto result = std::vector<std::string>{};
  for (auto more = true; more;) {
    auto colon = directories.find(':');
    auto directory = std::string{directories.substr(0, colon)};
    result.push_back(directory.empty() ? program : directory + "/" + program); // an empty one is the working directory
    more = colon != std::string_view::npos;
    directories.remove_prefix(more ? colon + 1 : 0);
  }
  return string_array{std::move(result)};
}

// -- in the child, before exec ----------------------------------------------------------------------------------------

enum class step : int { none, namespaces, cgroup, descriptors, directory, cpus, limits, execution };

constexpr auto named_descriptors = spawn_options::inherited_number + 1;

/// Shared by parent and child: what to do, and what failed. All memory belongs to the parent.
struct child_plan {
  int sources[named_descriptors]; ///< per number in the child the parent's number
  int cgroup_members;
  const char* user_map = nullptr; ///< content of /proc/self/uid_map; null without a user namespace
  const char* group_map = nullptr;
  const char* directory = nullptr; ///< null for the parent's
  bool reap_orphans;
  const unsigned long* cpus; ///< see `cpu_mask`
  std::size_t cpus_size;     ///< in bytes; 0 for the parent's
  const kernel_limit* limits;
  std::size_t limit_count;
  char* const* candidates;
  char* const* argv;
  char* const* environment;
  step failed = step::none;
  const kernel_limit* failed_limit = nullptr; ///< if `failed` is `limits`
  int code = 0;                               ///< errno of `failed`
};

// Plain system calls: the C library's functions may be points of cancellation or a sanitizer's.

/// `syscall(SYS_rt_sigaction)` takes the kernel's structure, and all its bytes are 0 for the default action.
constexpr unsigned long default_action[32] = {};
constexpr unsigned long no_signals[_NSIG / 8 / sizeof(unsigned long) + 1] = {};
constexpr auto signal_set_size = _NSIG / 8;

/// Also those which the C library keeps to itself. Handlers must go before a signal can arrive: they would run in the
/// parent's memory.
LIBPEER_BEFORE_EXEC void take_default_actions() {
  for (auto number = 1; number < _NSIG; ++number)
    syscall(SYS_rt_sigaction, number, default_action, nullptr, signal_set_size);
}

LIBPEER_BEFORE_EXEC bool write_file(const char* path, const char* text) {
  auto size = 0L;
  while (text[size] != '\0')
    ++size;
  auto fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
  return fd >= 0 && syscall(SYS_write, fd, text, size) == size && syscall(SYS_close, fd) == 0;
}

/// Gives the child's descriptors their numbers and closes all others.
LIBPEER_BEFORE_EXEC bool take_descriptors(child_plan& plan) {
  auto& sources = plan.sources;
  auto wanted = sources[spawn_options::inherited_number] >= 0 ? named_descriptors : named_descriptors - 1;
  for (auto number = 0; number < wanted; ++number) {
    if (sources[number] >= named_descriptors || sources[number] == number)
      continue;
    sources[number] = static_cast<int>(syscall(SYS_fcntl, sources[number], F_DUPFD_CLOEXEC, named_descriptors));
    if (sources[number] < 0)
      return false;
  }
  for (auto number = 0; number < wanted; ++number)
    if ((sources[number] == number ? syscall(SYS_fcntl, number, F_SETFD, 0)
                                   : syscall(SYS_dup3, sources[number], number, 0))
        < 0)
      return false;
  return syscall(SYS_close_range, wanted, ~0U, 0) == 0;
}

LIBPEER_BEFORE_EXEC bool take_limits(child_plan& plan) {
  for (auto i = plan.limits; i != plan.limits + plan.limit_count; ++i)
    if (syscall(SYS_prlimit64, 0, i->resource, &i->value, nullptr) != 0) {
      plan.failed_limit = i;
      return false;
    }
  return true;
}

/// Returns only if no candidate can be executed.
LIBPEER_BEFORE_EXEC int execute(const child_plan& plan) {
  auto denied = false;
  auto code = ENOENT;
  for (auto candidate = plan.candidates; *candidate != nullptr; ++candidate) {
    syscall(SYS_execve, *candidate, plan.argv, plan.environment);
    code = errno;
    if (code == EACCES)
      denied = true;
    else if (code != ENOENT && code != ENOTDIR && code != ESTALE && code != ENODEV && code != ETIMEDOUT)
      return code;
  }
  return denied ? EACCES : code;
}

/// Returns the step that failed, with errno.
LIBPEER_BEFORE_EXEC step get_ready(child_plan& plan) {
  take_default_actions();
  syscall(SYS_setsid); // a new process cannot lead a group yet, which is all that this could fail for
  if (plan.cgroup_members >= 0 && syscall(SYS_write, plan.cgroup_members, "0", 1) != 1)
    return step::cgroup;
  if (plan.user_map != nullptr
      && (!write_file("/proc/self/setgroups", "deny") || !write_file("/proc/self/uid_map", plan.user_map)
          || !write_file("/proc/self/gid_map", plan.group_map)))
    return step::namespaces;
  if (!take_descriptors(plan))
    return step::descriptors;
  if (plan.directory != nullptr && syscall(SYS_chdir, plan.directory) != 0)
    return step::directory;
  if (plan.reap_orphans)
    syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  if (plan.cpus_size > 0 && syscall(SYS_sched_setaffinity, 0, plan.cpus_size, plan.cpus) != 0)
    return step::cpus;
  if (!take_limits(plan)) // last: what came before needs more descriptors than the program may have
    return step::limits;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, no_signals, nullptr, signal_set_size);
  return step::none;
}

LIBPEER_BEFORE_EXEC int run_child(void* shared) {
  auto& plan = *static_cast<child_plan*>(shared);
  plan.failed = get_ready(plan);
  plan.code = errno;
  if (plan.failed == step::none) {
    plan.code = execute(plan);
    plan.failed = step::execution;
  }
  constexpr auto not_executed = 127;
  syscall(SYS_exit_group, not_executed);
  return not_executed;
}

// -- in the parent ----------------------------------------------------------------------------------------------------

/// Keeps the calling thread from signal handlers and cancellation, which would happen in the child as well.
class undisturbed {
public:
  undisturbed() {
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelling_);
    constexpr auto all = [] {
      auto result = std::array<unsigned long, std::size(no_signals)>{};
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

private:
  std::array<unsigned long, std::size(no_signals)> before_{};
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

/// Runs the plan in a new process and waits until it executes its program or has ended. Returns 0 and a pid and pidfd,
/// or an errno value.
int run(child_plan& plan, unsigned namespaces, spawned_process& result) {
  child_stack stack;
  if (!stack)
    return errno;
  undisturbed scope;
  auto pidfd = -1;
  auto flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD | static_cast<int>(namespaces);
  result.id = __clone(run_child, stack.top(), flags, &plan, &pidfd);
  if (result.id < 0)
    return errno;
  result.pidfd = descriptor{pidfd};
  return 0;
}

/// Runs the plan in a pid namespace, with a user namespace if that needs one.
int run_in_namespace(child_plan& plan, spawned_process& result) {
  if (auto code = run(plan, CLONE_NEWPID, result); code != EPERM)
    return code;
  auto user = std::to_string(geteuid());
  auto group = std::to_string(getegid());
  auto user_map = user + " " + user + " 1";
  auto group_map = group + " " + group + " 1";
  plan.user_map = user_map.c_str();
  plan.group_map = group_map.c_str();
  return run(plan, CLONE_NEWPID | CLONE_NEWUSER, result);
}

std::string list_of(const std::vector<int>& numbers) {
  auto result = std::string{};
  for (auto each : numbers)
    result += (result.empty() ? "" : ", ") + std::to_string(each);
  return result;
}

std::string what_failed(const child_plan& plan, const spawn_options& options) {
  auto program = "'" + options.program + "'";
  switch (plan.failed) {
  case step::namespaces:
    return "cannot map user and group of " + program + " (option pid_namespace)";
  case step::cgroup:
    return "cannot join a cgroup in '" + options.cgroup + "' for " + program;
  case step::descriptors:
    return "cannot give " + program + " its descriptors";
  case step::directory:
    return "cannot enter directory '" + options.working_directory + "' for " + program;
  case step::cpus:
    return "cannot let " + program + " run on the CPUs " + list_of(options.cpu_affinity) + " (option cpu_affinity)";
  case step::limits:
    return "cannot limit " + std::string{plan.failed_limit->name} + " of " + program + " to "
         + std::to_string(plan.failed_limit->value.rlim_cur) + " (option limits)";
  case step::none:
  case step::execution:
    break;
  }
  auto place = options.working_directory.empty() ? "" : " in '" + options.working_directory + "'";
  return "cannot execute " + program + place;
}

std::string what_failed(int code, const spawn_options& options) {
  auto program = "'" + options.program + "'";
  if (code == EMFILE || code == ENFILE)
    return "cannot make a descriptor of the process for " + program;
  auto place = options.pid_namespace ? " in a pid namespace of its own (option pid_namespace)" : "";
  return "cannot make a process for " + program + place;
}

} // namespace

caf::expected<spawned_process> spawn(const spawn_options& options, int cgroup_members) {
  auto candidates = make_candidates(options.program);
  auto argv = make_argv(options);
  auto environment = make_environment(options);
  auto cpus = to_cpu_mask(options.cpu_affinity);
  auto limits = kernel_limits(options.limits);
  auto plan = child_plan{
      .sources = {options.standard_input, options.standard_output, options.standard_error, options.inherited},
      .cgroup_members = cgroup_members,
      .directory = options.working_directory.empty() ? nullptr : options.working_directory.c_str(),
      .reap_orphans = options.reap_orphans || options.survivors == survivor_policy::kill,
      .cpus = cpus.data(),
      .cpus_size = cpus.size() * sizeof(cpus[0]),
      .limits = limits.data(),
      .limit_count = limits.size(),
      .candidates = candidates.data(),
      .argv = argv.data(),
      .environment = environment.data(),
  };
  auto result = spawned_process{};
  if (auto code = options.pid_namespace ? run_in_namespace(plan, result) : run(plan, 0, result); code != 0)
    return system_failure(what_failed(code, options), code);
  if (plan.failed == step::none) // exec does not return to tell
    return result;
  siginfo_t info;
  while (waitid(P_PIDFD, static_cast<id_t>(result.pidfd.get()), &info, WEXITED) != 0 && errno == EINTR) {
    // a signal handler ran
  }
  return system_failure(what_failed(plan, options), plan.code);
}

} // namespace peer
