// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The launcher and its initializers: what each contributes, the order of their steps, and how a start fails.

#define CAF_SUITE peer.process.launcher

#include "process/initializers.hpp"
#include "tests/unit/process/subprocess_fixture.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/readable_pipe.hpp>

#include <array>

#include <fcntl.h>
#include <sys/resource.h>

using namespace std::literals;
using namespace peer::test;
using namespace peer::internal::process;

using peer::internal::process::descriptor;
using strings = std::vector<std::string>;

namespace {

/// Boost's hook in the child, as somebody who does not know our names and stages writes it.
struct niceness {
  int value;

  error_code on_exec_setup(launcher&, const path&, command_line) {
    return succeeded(setpriority(PRIO_PROCESS, 0, value) == 0);
  }
};

error_code out_of_domain() {
  return {EDOM, boost::system::system_category()};
}

/// Fails in the child and has no name.
struct unnamed {
  error_code on_exec_setup(launcher&, const path&, command_line) { return out_of_domain(); }
};

/// Notes that its step is done, in memory that the child shares.
struct recorder {
  std::array<char, 16> done{};
  std::size_t count = 0;

  std::string text() const { return {done.data(), count}; }
};

template <stage Stage>
struct record {
  static constexpr auto when = Stage;

  recorder& to;
  char letter;

  error_code on_exec_setup(launcher&, const path&, command_line) {
    to.done[to.count++] = letter;
    return {};
  }
};

/// Notes which hooks in this program run.
struct hooks {
  static constexpr auto name = "hooks";

  error_code result = {};
  std::string called = {};

  error_code on_setup(launcher& to, const path& exe, command_line arguments) {
    called += "setup " + exe.string() + " " + arguments[1] + " " + std::to_string(to.pid) + ", ";
    return result;
  }

  void on_success(launcher& to, const path&, command_line) { called += "success " + std::to_string(to.pid); }
};

struct fixture : subprocess_fixture {
  /// Starts a program, with its output in a pipe, and reaps it. Returns what it printed, or what failed.
  template <class... Inits>
  std::string output_from(const char* program, const strings& arguments, Inits&&... inits) {
    auto ends = unbox(peer::internal::process::make_pipe("stdout"));
    auto to = ends.write.get();
    launch(io->get_executor(), failed, program, arguments, bp::process_stdio{null.get(), to, to}, inits...).detach();
    ends.write.reset();
    if (failed)
      return failure();
    auto result = read_to_end(ends.read.get());
    waitpid(launch.pid, nullptr, 0);
    return result;
  }

  template <class... Inits>
  std::string output_of(const std::string& script, Inits&&... inits) {
    return output_from("/bin/sh", {"-c", script}, inits...);
  }

  /// Starts a program that cannot be started. Returns the step and the cause.
  template <class... Inits>
  std::string failure_of(const char* program, Inits&&... inits) {
    auto process = launch(io->get_executor(), failed, program, strings{}, inits...);
    CAF_CHECK(failed);
    CAF_CHECK(!process.is_open());
    CAF_CHECK_EQUAL(launch.pidfd, -1);
    CAF_CHECK(children().empty()); // not even a zombie
    return failure();
  }

  std::string failure() const { return launch.failed_step + ": "s + failed.message(); }

  launcher launch;
  error_code failed;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(launcher_tests, fixture)

// -- descriptors ------------------------------------------------------------------------------------------------------

CAF_TEST(all descriptors are closed but the standard streams and those that were bound) {
  auto leaks = std::vector<descriptor>{};
  for (auto number : {40, 41, 43, 700})
    leaks.emplace_back(fcntl(null.get(), F_DUPFD, number)); // not close-on-exec
  for (auto has_close_range : {true, false}) {
    launch.has_close_range = has_close_range;
    // The last number is the directory that `ls` reads.
    CAF_CHECK_EQUAL(output_of("exec ls /proc/self/fd"), "0\n1\n2\n3\n");
    CAF_CHECK_EQUAL(output_of("exec ls /proc/self/fd", bp::posix::bind_fd{42, null.get()}), "0\n1\n2\n3\n42\n");
  }
}

CAF_TEST(descriptors may be each others sources) {
  auto zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  auto full = open("/dev/full", O_RDONLY | O_CLOEXEC);
  auto first = descriptor{fcntl(zero, F_DUPFD_CLOEXEC, 60)};
  auto second = descriptor{fcntl(full, F_DUPFD_CLOEXEC, 60)};
  close(zero);
  close(full);
  CAF_CHECK_EQUAL(output_of("for each in " + std::to_string(first.get()) + " " + std::to_string(second.get())
                                + "; do readlink /proc/$$/fd/$each; done",
                            bp::posix::bind_fd{first.get(), second.get()},
                            bp::posix::bind_fd{second.get(), first.get()}),
                  "/dev/full\n/dev/zero\n");
}

CAF_TEST(a descriptor that keeps its number is inherited although it is close on exec) {
  auto kept = descriptor{fcntl(null.get(), F_DUPFD_CLOEXEC, 60)};
  auto number = std::to_string(kept.get());
  CAF_CHECK_EQUAL(output_of("readlink /proc/$$/fd/" + number, bp::posix::bind_fd{kept.get()}), "/dev/null\n");
  CAF_CHECK_EQUAL(fcntl(kept.get(), F_GETFD), FD_CLOEXEC);
}

CAF_TEST(a pipe that Boost makes ends with the process) {
  auto out = boost::asio::readable_pipe{*io};
  launch(io->get_executor(), failed, "/bin/echo", strings{"hello"}, bp::process_stdio{nullptr, out, {}}).detach();
  CAF_REQUIRE(!failed);
  auto text = ""s;
  auto end = error_code{};
  boost::asio::read(out, boost::asio::dynamic_buffer(text), end);
  CAF_CHECK_EQUAL(text, "hello\n");
  CAF_CHECK(end == boost::asio::error::eof);
  waitpid(launch.pid, nullptr, 0);
}

// -- Boost's other initializers ---------------------------------------------------------------------------------------

CAF_TEST(the environment is the given one or that of the caller) {
  auto variables = strings{"A=1", "B="};
  CAF_CHECK_EQUAL(output_of("tr '\\0' '\\n' </proc/$$/environ", bp::process_environment{variables}), "A=1\nB=\n");
  setenv("LIBPEER_ENV_KEPT", "kept", 1);
  CAF_CHECK_EQUAL(output_of("echo $LIBPEER_ENV_KEPT"), "kept\n");
  unsetenv("LIBPEER_ENV_KEPT");
}

CAF_TEST(the directory is the given one or that of the caller) {
  temporary_directory place;
  auto real = std::filesystem::canonical(place.path).string();
  CAF_CHECK_EQUAL(output_of("pwd -P", bp::process_start_dir{place.path}), real + "\n");
  CAF_CHECK_EQUAL(output_of("pwd -P"), std::filesystem::current_path().string() + "\n");
}

// -- ours -------------------------------------------------------------------------------------------------------------

CAF_TEST(the process leads a session if it is to) {
  auto print = "cut -d ' ' -f 6 /proc/$$/stat";
  auto session = output_of(print, new_session{});
  CAF_CHECK_EQUAL(session, std::to_string(launch.pid) + "\n");
  CAF_CHECK_EQUAL(output_of(print), std::to_string(getsid(0)) + "\n");
}

CAF_TEST(signals are inherited but for handlers or all of them are reset) {
  disposition ignored{SIGUSR1, SIG_IGN};
  disposition caught{SIGUSR2, [](int) {}};
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  // No shell, which has a mask of its own.
  auto ask = strings{"-n", "-E", "s/^Sig(Blk|Ign|Cgt):\t0*//p", "/proc/self/status"};
  auto inherited = output_from("/bin/sed", ask);
  auto reset = output_from("/bin/sed", ask, default_signals{});
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  CAF_CHECK_EQUAL(inherited, "4000\n200\n\n");
  CAF_CHECK_EQUAL(reset, "\n\n\n");
}

CAF_TEST(a name is looked up in the path if it is to be) {
  CAF_CHECK_EQUAL(failure_of("true"), "exec: No such file or directory");
  launch(io->get_executor(), failed, "true", strings{}, search_path{}).detach();
  CAF_CHECK(!failed);
  waitpid(launch.pid, nullptr, 0);
}

CAF_TEST(a process joins a cgroup by writing to its members) {
  auto members = unbox(peer::internal::process::make_pipe("members"));
  CAF_CHECK_EQUAL(output_of("echo joined", join_cgroup{members.write.get()}), "joined\n");
  members.write.reset();
  CAF_CHECK_EQUAL(read_to_end(members.read.get()), "0");
}

CAF_TEST(orphans become children of the process if it is to have them) {
  auto print = "x=$(sh -c 'sleep 1000 >/dev/null 2>&1 & echo $!'); cut -d ' ' -f 4 /proc/$x/stat; kill $x";
  auto parent = output_of(print, reap_orphans{});
  CAF_CHECK_EQUAL(parent, std::to_string(launch.pid) + "\n");
  parent = output_of(print);
  CAF_CHECK_NOT_EQUAL(parent, std::to_string(launch.pid) + "\n");
}

CAF_TEST(the process is limited and runs where it is to) {
  auto cpu = peer::internal::process::usable_cpus().front();
  auto limits = set_limits{peer::internal::process::kernel_limits({.open_files = 33})};
  auto print = "sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status";
  CAF_CHECK_EQUAL(output_of("ulimit -n; "s + print, limits, run_on{peer::internal::process::to_cpu_mask({cpu})}),
                  "33\n" + std::to_string(cpu) + "\n");
}

CAF_TEST(the first process of a namespace has its own user and group) {
  auto print = "echo $$; id -u; id -g";
  auto text = output_of(print, pid_namespace{});
  if (launch.failed_step == launch_plan::process_step && geteuid() != 0) {
    std::cout << "not run: " << text << "\n"; // a system that has switched them off
    return;
  }
  CAF_CHECK_EQUAL(text, "1\n" + std::to_string(geteuid()) + "\n" + std::to_string(getegid()) + "\n");
}

CAF_TEST(an optional initializer contributes if it has a value) {
  auto print = "pwd; cut -d ' ' -f 6 /proc/$$/stat";
  auto root = std::optional<bp::process_start_dir>{"/"};
  auto none = std::optional<new_session>{};
  CAF_CHECK_EQUAL(output_of(print, root, none), "/\n" + std::to_string(getsid(0)) + "\n");
}

CAF_TEST(an initializer of anybody can be one more) {
  CAF_CHECK_EQUAL(output_of("nice", niceness{7}), "7\n");
}

// -- hooks ------------------------------------------------------------------------------------------------------------

CAF_TEST(steps are done in the order of their stages) {
  recorder done;
  CAF_CHECK_EQUAL(output_of("echo done", record<stage::limits>{done, 'l'}, record<stage::cpus>{done, 'p'},
                            record<stage::directory>{done, 'd'}, record<stage::attributes>{done, '1'},
                            record<stage::attributes>{done, '2'}, record<stage::user>{done, 'u'},
                            record<stage::cgroup>{done, 'c'}, record<stage::session>{done, 's'}),
                  "done\n");
  CAF_CHECK_EQUAL(done.text(), "scu12dpl");
}

CAF_TEST(limits do not apply to the steps before them) {
  auto limits = set_limits{peer::internal::process::kernel_limits({.open_files = 4})};
  CAF_CHECK_EQUAL(output_of("ulimit -n; readlink /proc/$$/fd/77", limits, bp::posix::bind_fd{77, null.get()}),
                  "4\n/dev/null\n");
}

CAF_TEST(hooks in this program run before and after the start) {
  hooks seen;
  output_of("exit", seen);
  CAF_CHECK_EQUAL(seen.called, "setup /bin/sh -c -1, success " + std::to_string(launch.pid));
  auto refusing = hooks{out_of_domain()};
  recorder done;
  CAF_CHECK_EQUAL(output_of("exit", record<stage::session>{done, 's'}, refusing),
                  "hooks: Numerical argument out of domain");
  CAF_CHECK_EQUAL(refusing.called, "setup /bin/sh -c -1, ");
  CAF_CHECK_EQUAL(done.text(), "");
}

// -- failures ---------------------------------------------------------------------------------------------------------

CAF_TEST(a failure names its step) {
  using std::filesystem::perms;
  temporary_directory place;
  auto plain = place.add("plain", "#!/bin/sh\n", perms::owner_read | perms::owner_write);
  CAF_CHECK_EQUAL(failure_of("/nonexistent"), "exec: No such file or directory");
  CAF_CHECK_EQUAL(failure_of(plain.c_str()), "exec: Permission denied");
  CAF_CHECK_EQUAL(failure_of("/bin/true", bp::process_start_dir{"/nonexistent"}),
                  "directory: No such file or directory");
  CAF_CHECK_EQUAL(failure_of("/bin/true", bp::posix::bind_fd{5, 9999}), "descriptors: Bad file descriptor");
  CAF_CHECK_EQUAL(failure_of("/bin/true", bp::process_stdio{path{"/nonexistent"}, {}, {}}),
                  "descriptors: Bad file descriptor");
  CAF_CHECK_EQUAL(failure_of("/bin/true", join_cgroup{-1}), "cgroup: Bad file descriptor");
  CAF_CHECK_EQUAL(failure_of("/bin/true", run_on{peer::internal::process::to_cpu_mask({100000})}),
                  "cpus: Invalid argument");
  CAF_CHECK_EQUAL(failure_of("/bin/true", unnamed{}), "initializer: Numerical argument out of domain");
}

CAF_TEST(a limit that is refused is known) {
  auto limits =
      set_limits{peer::internal::process::kernel_limits({.cpu_time = 77s, .open_files = std::uint64_t{1} << 40})};
  CAF_CHECK_EQUAL(failure_of("/bin/true", limits), "limits: Operation not permitted");
  CAF_CHECK(limits.failed == &limits.limits[1]);
}

CAF_TEST(a process that cannot be watched is killed) {
  auto text = output_of("exit"); // the loop has its own descriptors now
  close(launch.take_pidfd());
  {
    no_descriptors scope;
    scope.give_back(1); // for the process, and none for basic_process
    launch(io->get_executor(), failed, "/bin/sleep", strings{"1000"}).detach();
    text = failure();
  }
  CAF_CHECK_EQUAL(text, "watch: Too many open files");
  CAF_CHECK(children().empty());
}

#ifndef __SANITIZE_ADDRESS__ // with it comes UBSan, which looks at an exception by means of a pipe
CAF_TEST(a loop that cannot have its descriptors is an exception and the launcher knows the failure) {
  auto text = ""s;
  {
    no_descriptors scope;
    try {
      launch(io->get_executor(), failed, "/bin/true", strings{});
    } catch (const boost::system::system_error&) {
      text = launch.failed_step + ": "s + std::to_string(launch.failed_code);
    }
  }
  CAF_CHECK_EQUAL(text, "process: " + std::to_string(EMFILE));
  CAF_CHECK(children().empty());
}
#endif

CAF_TEST(a host that ignores SIGCHLD can start processes) {
  disposition ignored{SIGCHLD, SIG_IGN};
  CAF_CHECK_EQUAL(failure_of("/nonexistent"), "exec: No such file or directory");
  CAF_CHECK_EQUAL(output_of("echo done"), "done\n");
}

CAF_TEST(a launcher can be used again) {
  auto variables = strings{"X=1", "PATH=/bin"};
  CAF_CHECK_EQUAL(output_of("echo $0 $# $X; ls /proc/self/fd", bp::process_environment{variables},
                            bp::posix::bind_fd{9, null.get()}),
                  "/bin/sh 0 1\n0\n1\n2\n3\n9\n");
  CAF_CHECK_EQUAL(failure_of("/nonexistent"), "exec: No such file or directory");
  CAF_CHECK_EQUAL(output_of("echo $0 $# $X; ls /proc/self/fd"), "/bin/sh 0\n0\n1\n2\n3\n");
  CAF_CHECK_EQUAL(launch.failed_step, ""s);
}

CAF_TEST_FIXTURE_SCOPE_END()
