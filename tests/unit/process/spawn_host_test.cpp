// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Starting processes from host programs of all kinds: many or few descriptors, many threads, odd descriptors,
// namespaces.

#define CAF_SUITE peer.process.spawn_host

#include "tests/support/seccomp.hpp"
#include "tests/unit/process/subprocess_fixture.hpp"

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <thread>

#include <sched.h>

using namespace std::literals;
using namespace peer::test;

using peer::internal::process::descriptor;
using peer::internal::process::spawn_options;
using peer::internal::process::subprocess;

namespace {

constexpr auto nobody = uid_t{65534};

/// Changes a variable of the environment, for one scope.
class variable {
public:
  variable(std::string name, const char* value) : name_(std::move(name)) {
    if (auto before = getenv(name_.c_str()))
      before_ = before;
    change(value);
  }

  ~variable() { change(before_ ? before_->c_str() : nullptr); }

private:
  void change(const char* value) {
    if (value != nullptr)
      setenv(name_.c_str(), value, 1);
    else
      unsetenv(name_.c_str());
  }

  std::string name_;
  std::optional<std::string> before_;
};

std::string failure_of(peer::internal::process::spawn_options what) {
  auto result = run(std::move(what));
  return result ? "started: " + to_string(result->status) : error_text(result.error());
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(spawn_host_tests, subprocess_fixture)

// -- the path ---------------------------------------------------------------------------------------------------------

CAF_TEST(the first file in the path that can be executed is the program) {
  using std::filesystem::perms;
  temporary_directory denied;
  temporary_directory allowed;
  denied.add("tool", "#!/bin/sh\necho denied\n", perms::owner_read);
  allowed.add("tool", "#!/bin/sh\necho allowed\n", perms::owner_all);
  auto both = "/nonexistent:" + allowed.path.string() + "/tool:" + denied.path.string() + ":" + allowed.path.string();
  {
    variable path{"PATH", both.c_str()};
    CAF_CHECK_EQUAL(output_of({.program = "tool"}), "allowed\n");
  }
  variable path{"PATH", (denied.path.string() + ":/nonexistent").c_str()};
  CAF_CHECK_EQUAL(failure_of({.program = "tool"}), "cannot execute 'tool': Permission denied");
}

CAF_TEST(an empty entry of the path is the working directory) {
  temporary_directory place;
  place.add("tool", "#!/bin/sh\necho here\n", std::filesystem::perms::owner_all);
  for (auto path : {"", ":/nonexistent", "/nonexistent:", "/nonexistent::/"}) {
    variable scope{"PATH", path};
    CAF_CHECK_EQUAL(output_of({.program = "tool", .process = {.working_directory = place.path}}), "here\n");
  }
}

CAF_TEST(without a path those of the system are searched) {
  variable scope{"PATH", nullptr};
  CAF_CHECK_EQUAL(output_of({.program = "echo", .arguments = {"found"}}), "found\n");
}

// -- errors of exec ---------------------------------------------------------------------------------------------------

CAF_TEST(arguments that are too long are an error) {
  CAF_CHECK_EQUAL(failure_of({.program = "true", .arguments = {std::string(1 << 20, 'x')}}),
                  "cannot execute 'true': Argument list too long");
}

CAF_TEST(an error of exec ends the search) {
  temporary_directory place;
  place.add("true", "\x7f no program", std::filesystem::perms::owner_all);
  variable path{"PATH", (place.path.string() + ":/bin").c_str()};
  CAF_CHECK_EQUAL(failure_of({.program = "true"}), "cannot execute 'true': Exec format error");
}

CAF_TEST(a failed start leaves no process to a host that ignores ended children) {
  disposition ignored{SIGCHLD, SIG_IGN};
  CAF_CHECK_EQUAL(failure_of({.program = "/nonexistent"}), "cannot execute '/nonexistent': No such file or directory");
}

CAF_TEST(a sandbox may refuse to close descriptors together) {
  for (auto code : {ENOSYS, EPERM, EACCES}) {
    forked_process host{[&] {
      if (!refuse_system_calls({SYS_close_range}, code))
        return 2;
      return output_of({.program = "ls", .arguments = {"/proc/self/fd"}}) == "0\n1\n2\n3\n" ? 0 : 1;
    }};
    CAF_CHECK_EQUAL(host.result(), 0);
  }
}

// -- descriptors ------------------------------------------------------------------------------------------------------

CAF_TEST(the limit of descriptors does not matter) {
  auto before = rlimit{};
  getrlimit(RLIMIT_NOFILE, &before);
  auto most = before.rlim_max;
  std::ifstream{"/proc/sys/fs/nr_open"} >> most;
  auto high = rlimit{most, most};
  if (setrlimit(RLIMIT_NOFILE, &high) != 0) { // not allowed to raise the hard limit
    most = before.rlim_max;
    high = rlimit{most, most};
    CAF_REQUIRE_EQUAL(setrlimit(RLIMIT_NOFILE, &high), 0);
  }
  auto last = peer::internal::process::descriptor{fcntl(null.get(), F_DUPFD, most - 1)}; // not close-on-exec
  for (auto i = 0; i < 100; ++i)
    CAF_CHECK_EQUAL(output_of({.program = "true"}), "");
  CAF_CHECK_EQUAL(output_of({.program = "ls", .arguments = {"/proc/self/fd"}}), "0\n1\n2\n3\n");
  CAF_CHECK(last);
  last.reset();
  CAF_REQUIRE_EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
}

CAF_TEST(a program without descriptors cannot start processes and is told why) {
  wait_for(*io, *start({.program = "/bin/true"})); // the loop has its own descriptors now
  auto what = peer::internal::process::spawn_options{.program = "/bin/true"};
  what.standard_input = what.standard_output = what.standard_error = null.get();
  auto text = std::string{};
  {
    no_descriptors scope;
    auto result = peer::internal::process::subprocess::spawn(*io, what);
    text = result ? "started" : error_text(result.error());
  }
  CAF_CHECK_EQUAL(text, "cannot make a descriptor of the process for '/bin/true': Too many open files");
  CAF_CHECK_EQUAL(output_of({.program = "echo", .arguments = {"hello"}}), "hello\n");
}

CAF_TEST(the given descriptors may have any numbers even each others) {
  auto text = in_forked_process(getuid(), [] {
    auto one = peer::internal::process::make_pipe("stdin");
    auto two = peer::internal::process::make_pipe("stdout");
    auto three = peer::internal::process::make_pipe("stderr");
    auto four = peer::internal::process::make_socket_pair("a connection");
    if (!one || !two || !three || !four || write(one->write.get(), "in\n", 3) != 3)
      return "no descriptors"s;
    // Out of the way, and then in a circle.
    auto far = [](int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, 50); };
    int sources[] = {far(one->read.get()), far(two->write.get()), far(three->write.get()), far(four->second.get())};
    auto read_ends = std::vector{far(two->read.get()), far(three->read.get()), far(four->first.get())};
    for (auto i = 0; i < 4; ++i)
      dup3(sources[i], (i + 1) % 4, O_CLOEXEC);
    boost::asio::io_context loop;
    auto what = shell("read line; echo \"out $line\"; echo err >&2; echo more >&3; exit 7");
    what.standard_input = 1;
    what.standard_output = 2;
    what.standard_error = 3;
    what.inherited = 0;
    auto process = peer::internal::process::subprocess::spawn(loop, what);
    if (!process)
      return error_text(process.error());
    auto status = wait_for(loop, **process);
    auto result = std::string{};
    for (auto fd : read_ends)
      result += read_line(fd) + ", ";
    return result + to_string(status);
  });
  CAF_CHECK_EQUAL(text, "out in, err, more, exited with status 7");
}

CAF_TEST(a program without the first four descriptors can start processes) {
  auto text = in_forked_process(getuid(), [] {
    for (auto fd = 0; fd < 4; ++fd)
      close(fd);
    auto connection = peer::internal::process::make_socket_pair("a connection");
    auto what = shell("cat; echo out; echo more >&3");
    if (connection)
      what.inherited = connection->second.get();
    auto result = run(std::move(what));
    return result ? result->out + read_line(connection->first.get()) : error_text(result.error());
  });
  CAF_CHECK_EQUAL(text, "out\nmore");
}

// -- threads ----------------------------------------------------------------------------------------------------------

CAF_TEST(several threads can start processes at once) {
  constexpr auto per_thread = 25;
  std::atomic<int> right = 0;
  auto threads = std::vector<std::thread>{};
  for (auto number = 0; number < 4; ++number)
    threads.emplace_back([&right, number] {
      for (auto i = 0; i < per_thread; ++i) {
        auto code = number * per_thread + i;
        auto result = run(shell("echo $$; exit " + std::to_string(code)));
        if (result && shell_status(result->status) == code && !result->out.empty() && result->err.empty())
          ++right;
      }
    });
  for (auto& each : threads)
    each.join();
  CAF_CHECK_EQUAL(right.load(), 4 * per_thread);
}

CAF_TEST(the caller keeps its signal mask and its handlers) {
  static std::atomic<int> caught = 0;
  disposition handler{SIGUSR1, [](int) { ++caught; }};
  sigset_t before, after;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  CAF_CHECK_EQUAL(output_of(shell("kill -USR1 $PPID; echo done")), "done\n");
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (auto number = 1; number < _NSIG; ++number)
    CAF_CHECK_EQUAL(sigismember(&before, number), sigismember(&after, number));
  CAF_CHECK_EQUAL(caught.load(), 1);
}

// -- namespaces -------------------------------------------------------------------------------------------------------

CAF_TEST(a process in a pid namespace is the first there and nothing outlives it) {
  auto what = shell("setsid sh -c 'setsid sleep 1000 &'; echo $$; exit 7");
  what.process.pid_namespace = true;
  auto result = run(what);
  if (!result && geteuid() != 0) {
    std::cout << "not run: " << error_text(result.error()) << "\n";
    return;
  }
  CAF_REQUIRE(result);
  CAF_CHECK_EQUAL(result->out, "1\n");
  CAF_CHECK_EQUAL(to_string(result->status), "exited with status 7");
  CAF_CHECK(guard.descendants().empty());
}

CAF_TEST(a user without privileges can have a pid namespace and stays who they are) {
  if (geteuid() != 0) {
    std::cout << "not run: only root can become another user\n";
    return;
  }
  auto text = in_forked_process(nobody, [] {
    auto what = shell("echo $$ $(id -u) $(id -g)");
    what.process.pid_namespace = true;
    return output_of(what);
  });
  if (text.find("(option pid_namespace)") != std::string::npos)
    std::cout << "not run: " << text << "\n"; // a system that has switched them off
  else
    CAF_CHECK_EQUAL(text, "1 65534 65534\n");
}

CAF_TEST(a pid namespace that cannot be made is an error that names the option) {
  if (geteuid() != 0) {
    std::cout << "not run: only root can forbid namespaces\n";
    return;
  }
  auto text = in_forked_process(0, [] {
    if (unshare(CLONE_NEWUSER) != 0)
      return "cannot make a user namespace"s;
    std::ofstream{"/proc/self/uid_map"} << "0 0 1";
    std::ofstream{"/proc/sys/user/max_pid_namespaces"} << "0";
    auto what = shell("exit 7");
    what.process.pid_namespace = true;
    return failure_of(what);
  });
  if (text == "cannot make a user namespace") { // such as with ThreadSanitizer, which starts a thread
    std::cout << "not run: " << text << "\n";
    return;
  }
  CAF_CHECK_EQUAL(text, "cannot make a process for '/bin/sh' in a pid namespace of its own (option pid_namespace): "
                        "No space left on device");
}

CAF_TEST_FIXTURE_SCOPE_END()
