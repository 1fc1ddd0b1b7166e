// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "process/boost_process.hpp"
#include "process/launch_plan.hpp"

#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <sys/syscall.h>
#include <unistd.h>

namespace peer::internal::process {

namespace bp = boost::process::v2;

using boost::system::error_code;
using std::filesystem::path;

/// The argument of the hooks. Null-terminated; the program's name comes first.
using command_line = const char* const*;

/// Starts processes, as a launcher of Boost.Process v2:
///
///     auto launch = launcher{};
///     auto failed = error_code{};
///     auto process = launch(executor, failed, "sh", words, search_path{}, new_session{}, bp::process_stdio{in, out,
///     err});
///
/// The cost does not depend on this program's size (`CLONE_VFORK`), nor on how many descriptors there could be. The
/// process has the descriptors 0, 1, 2 and those that an initializer binds, and no others.
///
/// An *initializer* is an object that contributes something:
///
/// * Boost's `process_stdio`, `posix::bind_fd`, `process_environment` and `process_start_dir`, which are read as data;
/// * a `std::optional` of an initializer, which contributes if it has a value;
/// * any object with one of Boost's hooks: `on_setup`, in this program before the process is made; `on_exec_setup`, in
///   the child (see `LIBPEER_BEFORE_EXEC`); `on_success`, in this program once the program is executed. It may have a
///   `name`, which `failed_step` returns, and a stage `when`, which orders the `on_exec_setup`s; default is
///   `stage::attributes`. Those of libpeer are in process/initializers.hpp.
///
/// Initializers are used by reference. Anything else does not compile, including a const object whose hooks are not
/// const, which Boost's launchers ignore.
///
/// Any thread may use a launcher of its own. It can be reused; its properties refer to the last start.
class launcher : public bp::posix::default_launcher, public launch_plan {
public:
  launcher() = default;

  launcher(const launcher&) = delete;
  launcher& operator=(const launcher&) = delete;

  ~launcher() { close_pidfd(); }

  /// Starts `exe`, a path. @param args a range of strings.
  ///
  /// Returns the process, which the caller must detach at once: `basic_process` waits without a bound in its destructor
  /// and reaps without the usage. `take_pidfd` returns a descriptor to watch and reap the process. If `failed` is set,
  /// to an errno value, nothing was started. The same holds after an exception (boost::system::system_error), which is
  /// thrown if the executor's context has no reactor yet and cannot create one.
  template <class Executor, class Args, class... Inits>
  bp::basic_process<Executor> operator()(Executor executor, error_code& failed, const path& exe, const Args& args,
                                         Inits&&... inits) {
    reset(exe);
    arguments = build_argv_(exe, args);
    failed = {};
    if ((add(exe, inits) && ...) && start()) {
      if (auto result = adopt(executor)) {
        (succeed(exe, inits), ...);
        return std::move(*result);
      }
      abandon(*this);
    }
    failed = error_code{failed_code, boost::system::system_category()};
    return bp::basic_process<Executor>{executor};
  }

  /// Releases the process's pidfd, which the caller must close; -1 if there is none.
  int take_pidfd() noexcept { return std::exchange(pidfd, -1); }

private:
  template <class T>
  struct is_optional : std::false_type {};

  template <class T>
  struct is_optional<std::optional<T>> : std::true_type {};

  template <class Init>
  static constexpr bool has_on_setup =
      requires(Init& x, launcher& self, const path& exe, command_line args) { x.on_setup(self, exe, args); };

  template <class Init>
  static constexpr bool has_on_exec_setup =
      requires(Init& x, launcher& self, const path& exe, command_line args) { x.on_exec_setup(self, exe, args); };

  template <class Init>
  static constexpr bool has_on_success =
      requires(Init& x, launcher& self, const path& exe, command_line args) { x.on_success(self, exe, args); };

  template <class Init>
  static constexpr const char* name_of() {
    if constexpr (requires { Init::name; })
      return Init::name;
    else
      return "initializer";
  }

  template <class Init>
  static constexpr stage stage_of() {
    if constexpr (requires { Init::when; })
      return Init::when;
    else
      return stage::attributes;
  }

  /// Resets the state of the last start, which Boost's launchers keep.
  void reset(const path& exe) {
    close_pidfd();
    auto with_close_range = has_close_range;
    static_cast<launch_plan&>(*this) = {};
    has_close_range = with_close_range;
    argv_.clear();
    argv_buffer_.clear();
    env = ::environ;
    pid = -1;
    fd_whitelist = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
    files = {exe.native()};
    executable_ = &exe;
  }

  void close_pidfd() noexcept {
    if (pidfd >= 0)
      ::close(take_pidfd());
  }

  // -- initializers ---------------------------------------------------------------------------------------------------

  /// Returns false if the start has failed.
  template <class Init>
  bool add(const path& exe, Init& init) {
    using type = std::remove_cv_t<Init>;
    if constexpr (is_optional<type>::value) {
      return !init || add(exe, *init);
    } else if constexpr (std::is_same_v<type, bp::posix::bind_fd>) {
      return bind(init.target, init.fd, {});
    } else if constexpr (std::is_same_v<type, bp::process_stdio>) {
      return bind(STDIN_FILENO, init.in.fd, init.in.ec) && bind(STDOUT_FILENO, init.out.fd, init.out.ec)
          && bind(STDERR_FILENO, init.err.fd, init.err.ec);
    } else if constexpr (std::is_same_v<type, bp::process_environment>) {
      env = init.env.data();
      return true;
    } else if constexpr (std::is_same_v<type, bp::process_start_dir>) {
      steps.push_back({stage::directory, directory_step, const_cast<char*>(init.start_dir.c_str()), change_directory});
      return true;
    } else {
      return add_hooks(exe, init);
    }
  }

  template <class Init>
  bool add_hooks(const path& exe, Init& init) {
    static_assert(has_on_setup<Init> || has_on_exec_setup<Init> || has_on_success<Init>,
                  "not an initializer, or const although its hooks are not");
    if constexpr (has_on_exec_setup<Init>)
      steps.push_back(
          {stage_of<Init>(), name_of<Init>(), const_cast<std::remove_const_t<Init>*>(&init), run_hook<Init>});
    if constexpr (has_on_setup<Init>)
      return note(name_of<Init>(), init.on_setup(*this, exe, arguments).value());
    return true;
  }

  template <class Init>
  void succeed(const path& exe, Init& init) {
    if constexpr (is_optional<std::remove_cv_t<Init>>::value) {
      if (init)
        succeed(exe, *init);
    } else if constexpr (has_on_success<Init>) {
      init.on_success(*this, exe, arguments);
    }
  }

  bool bind(int number, int source, error_code failed) {
    bindings.push_back({number, source});
    return note(descriptors_step, failed ? failed.value() : source < 0 ? EBADF : 0);
  }

  template <class Init>
  LIBPEER_BEFORE_EXEC static int run_hook(void* object, launch_plan& plan) {
    auto& self = static_cast<launcher&>(plan);
    return static_cast<Init*>(object)->on_exec_setup(self, *self.executable_, self.arguments).value();
  }

  LIBPEER_BEFORE_EXEC static int change_directory(void* object, launch_plan&) {
    return syscall(SYS_chdir, static_cast<const char*>(object)) == 0 ? 0 : errno;
  }

  // -- the start ------------------------------------------------------------------------------------------------------

  bool start() {
    variables = env;
    kept = fd_whitelist;
    auto started = launch(*this);
    pid = process;
    return started;
  }

  /// Returns a `basic_process` with its own descriptor, which it closes and does not release.
  template <class Executor>
  std::optional<bp::basic_process<Executor>> adopt(Executor executor) {
    auto descriptor = duplicate_pidfd(*this);
    if (!note(watch_step, descriptor < 0 ? errno : 0))
      return std::nullopt;
    try {
      return bp::basic_process<Executor>{executor, pid, descriptor};
    } catch (const boost::system::system_error& error) { // no more epoll watches
      ::close(descriptor);
      note(watch_step, error.code().value());
      return std::nullopt;
    }
  }

  const path* executable_ = nullptr;
};

} // namespace peer::internal::process
