// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/process/child.hpp"

#include "peer/base/defaults.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cerrno>
#include <csignal>
#include <map>

#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include <sys/pidfd.h> // glibc 2.36 forgot that C++ includes it, too
}

extern char** environ;

namespace peer {

namespace {

// -- posix_spawn ------------------------------------------------------------------------------------------------------

/// The arrays of C strings that `posix_spawn` takes.
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

/// What `posix_spawn` does in the child before exec, released at the end of the scope.
class spawn_setup {
public:
  explicit spawn_setup(const spawn_options& options) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    note(posix_spawn_file_actions_adddup2(&actions_, options.standard_input, STDIN_FILENO));
    note(posix_spawn_file_actions_adddup2(&actions_, options.standard_output, STDOUT_FILENO));
    note(posix_spawn_file_actions_adddup2(&actions_, options.standard_error, STDERR_FILENO));
    auto first_unwanted = spawn_options::inherited_number;
    if (options.inherited >= 0) // which may have that number already: then this makes it survive exec
      note(posix_spawn_file_actions_adddup2(&actions_, options.inherited, first_unwanted++));
    // CAF's and other libraries' descriptors are not all close-on-exec.
    note(posix_spawn_file_actions_addclosefrom_np(&actions_, first_unwanted));
    if (!options.working_directory.empty())
      note(posix_spawn_file_actions_addchdir_np(&actions_, options.working_directory.c_str()));
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    note(posix_spawnattr_setsigdefault(&attributes_, &all));
    note(posix_spawnattr_setsigmask(&attributes_, &none));
    note(posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID));
  }

  spawn_setup(const spawn_setup&) = delete;

  ~spawn_setup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  /// Starts the program. Returns an errno value, 0 for success.
  int run(pid_t& result, const spawn_options& options) const {
    if (failure_ != 0)
      return failure_;
    auto argv = make_argv(options);
    auto env = make_environment(options);
    return posix_spawnp(&result, options.program.c_str(), &actions_, &attributes_, argv.data(), env.data());
  }

private:
  void note(int code) {
    if (failure_ == 0)
      failure_ = code;
  }

  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
  int failure_ = 0;
};

// -- waitid -----------------------------------------------------------------------------------------------------------

caf::timespan to_timespan(const timeval& x) {
  return std::chrono::seconds{x.tv_sec} + std::chrono::microseconds{x.tv_usec};
}

/// Reaps the process behind `pidfd` if it has ended.
std::optional<exit_status> reap(int pidfd) {
  siginfo_t info{};
  rusage usage{};
  // glibc's waitid has no parameter for the usage; the system call has.
  if (syscall(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED | WNOHANG, &usage) != 0)
    return exit_status{}; // ECHILD: somebody else was faster
  if (info.si_pid == 0)
    return std::nullopt;
  auto result = exit_status{};
  result.how = info.si_code == CLD_EXITED ? exit_status::kind::exited : exit_status::kind::signaled;
  result.value = info.si_status;
  result.core_dumped = info.si_code == CLD_DUMPED;
  result.user_time = to_timespan(usage.ru_utime);
  result.system_time = to_timespan(usage.ru_stime);
  result.max_rss = usage.ru_maxrss;
  return result;
}

// -- the child --------------------------------------------------------------------------------------------------------

class child_impl final : public child {
public:
  child_impl(pid_t id, boost::asio::posix::stream_descriptor pidfd) : id_(id), pidfd_(std::move(pidfd)) {}

  ~child_impl() override {
    *alive_ = false;
    if (status_)
      return;
    signal(SIGKILL, signal_scope::group);
    auto ended = pollfd{pidfd_.native_handle(), POLLIN, 0};
    poll(&ended, 1, static_cast<int>(defaults::kill_timeout.count()));
    signal(SIGKILL, signal_scope::group);
    reap(pidfd_.native_handle());
  }

  void on_exit(exit_handler handler) override {
    pidfd_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [this, alive = alive_, handler = std::move(handler)](const boost::system::error_code& code) {
                        // A handler that is ready to run is not cancelled by the end of this object.
                        if (!code && *alive)
                          finish(handler);
                      });
  }

  void signal(int number, signal_scope scope) override {
    if (status_ || pidfd_send_signal(pidfd_.native_handle(), 0, nullptr, 0) != 0)
      return;
    // The leader has not been reaped, so nobody else can have got its number.
    if (scope == signal_scope::group)
      kill(-id_, number);
    else
      pidfd_send_signal(pidfd_.native_handle(), number, nullptr, 0);
  }

  pid_t id() const noexcept override { return id_; }

  const std::optional<exit_status>& status() const noexcept override { return status_; }

private:
  /// May destroy this object.
  void finish(const exit_handler& handler) {
    signal(SIGKILL, signal_scope::group);
    auto status = reap(pidfd_.native_handle()).value_or(exit_status{});
    status_ = status;
    pidfd_.close();
    handler(status);
  }

  pid_t id_;
  boost::asio::posix::stream_descriptor pidfd_;
  std::optional<exit_status> status_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace

child::~child() = default;

caf::expected<std::unique_ptr<child>> child::spawn(boost::asio::io_context& io, const spawn_options& options) {
  auto id = pid_t{0};
  if (auto code = spawn_setup{options}.run(id, options); code != 0) {
    auto what = "cannot execute '" + options.program + "'";
    if (!options.working_directory.empty())
      what += " in '" + options.working_directory + "'";
    return system_failure(what, code);
  }
  auto pidfd = descriptor{pidfd_open(id, 0)};
  auto code = pidfd ? 0 : errno;
  auto watched = boost::asio::posix::stream_descriptor{io};
  if (pidfd) {
    auto failed = boost::system::error_code{};
    watched.assign(pidfd.get(), failed);
    code = failed.value();
  }
  if (code != 0) {
    if (code != ESRCH) { // out of descriptors; the child has not been reaped, so the number is still its own
      kill(-id, SIGKILL);
      waitpid(id, nullptr, 0);
    } // else it has ended already, in a program that ignores SIGCHLD
    return system_failure("cannot watch the process of '" + options.program + "'", code);
  }
  pidfd.release();
  return std::make_unique<child_impl>(id, std::move(watched));
}

} // namespace peer
