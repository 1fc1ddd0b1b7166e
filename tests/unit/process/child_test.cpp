// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Real processes, one at a time or many. Each test ends with no descendant, no zombie and no descriptor more than before.

#define CAF_SUITE peer.process.child

#include "caf/all.hpp"

#include "caf/test/dsl.hpp"

#include "peer/base/error.hpp"
#include "peer/process/child.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/process_facts.hpp"
#include "tests/support/process_guard.hpp"

#include <boost/asio/io_context.hpp>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace std::literals;

using peer::child;
using peer::descriptor;
using peer::errc;
using peer::exit_status;
using peer::signal_scope;
using peer::spawn_options;
using peer::test::error_text;
using peer::test::in_fork;
using peer::test::is_gone;
using peer::test::read_line;
using peer::test::read_to_end;

using child_ptr = std::unique_ptr<child>;

namespace {

spawn_options shell(std::string script) {
  return {.program = "/bin/sh", .arguments = {"-c", std::move(script)}};
}

/// An empty directory, removed at the end of the scope.
struct temporary_directory {
  temporary_directory() {
    auto name = (std::filesystem::temp_directory_path() / "libpeer-XXXXXX").string();
    path = mkdtemp(name.data());
  }

  ~temporary_directory() { std::filesystem::remove_all(path); }

  /// Makes a file with `content` and returns its path.
  std::string add(const std::string& name, std::string_view content, std::filesystem::perms mode) const {
    auto file = path / name;
    std::ofstream{file} << content;
    std::filesystem::permissions(file, mode);
    return file;
  }

  std::filesystem::path path;
};

/// Changes what a signal does, for one scope.
class disposition {
public:
  disposition(int number, void (*handler)(int)) : number_(number) {
    struct sigaction action {};
    action.sa_handler = handler;
    sigaction(number, &action, &before_);
  }

  ~disposition() { sigaction(number_, &before_, nullptr); }

private:
  int number_;
  struct sigaction before_ {};
};

exit_status wait_for(boost::asio::io_context& io, child& what) {
  auto told = std::optional<exit_status>{};
  what.on_exit([&told](const exit_status& status) { told = status; });
  io.restart();
  while (!told && io.run_one() > 0) {
    // until the end is told
  }
  return told.value_or(exit_status{});
}

/// What `program` wrote and how it ended, run in an `io_context` of its own.
struct outcome {
  std::string out;
  std::string err;
  exit_status status;
};

caf::expected<outcome> run(spawn_options what) {
  boost::asio::io_context io;
  auto null = peer::open_null();
  auto out = peer::make_pipe("stdout");
  auto err = peer::make_pipe("stderr");
  if (!null || !out || !err)
    return caf::make_error(errc::system_failure, "no descriptors"s);
  what.standard_input = null->get();
  what.standard_output = out->write.get();
  what.standard_error = err->write.get();
  auto process = child::spawn(io, what);
  out->write.reset();
  err->write.reset();
  if (!process)
    return std::move(process.error());
  auto result = outcome{};
  result.status = wait_for(io, **process); // the output of these tests fits into the pipes
  result.out = read_to_end(out->read.get());
  result.err = read_to_end(err->read.get());
  return result;
}

std::string output_of(spawn_options what) {
  auto result = run(std::move(what));
  return result ? result->out : error_text(result.error());
}

/// A number in `/proc/…/status`, such as the mask of the blocked signals.
std::uint64_t signal_mask(const std::string& status, const std::string& name) {
  auto at = status.find(name + ":\t");
  return at == std::string::npos ? ~std::uint64_t{0} : std::stoull(status.substr(at + name.size() + 2), nullptr, 16);
}

struct fixture {
  fixture() {
    alarm(60); // a hang ends the program
    io.emplace();
    null = unbox(peer::open_null());
    output = unbox(peer::make_pipe("the output"));
  }

  ~fixture() {
    io.reset();
    null.reset();
    output = {};
    CAF_CHECK_EQUAL(guard.complaints(), std::vector<std::string>{});
    alarm(0);
  }

  /// Starts `what` with `output` as its stdout and stderr and the null device, or `input`, as its stdin.
  child_ptr start(spawn_options what, int input = -1) {
    what.standard_input = input < 0 ? null.get() : input;
    what.standard_output = what.standard_error = output.write.get();
    return unbox(child::spawn(*io, what));
  }

  /// Everything that was printed. Returns when all processes that could print have ended.
  std::string rest_of_output() {
    output.write.reset();
    return read_to_end(output.read.get());
  }

  peer::test::process_guard guard;
  std::optional<boost::asio::io_context> io;
  descriptor null;
  peer::pipe_ends output;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(child_tests, fixture)

// -- how a process ends -----------------------------------------------------------------------------------------------

CAF_TEST(the exit code is told) {
  auto process = start(shell("exit 7"));
  CAF_CHECK(!process->status());
  auto id = process->id();
  auto status = wait_for(*io, *process);
  CAF_CHECK_EQUAL(status.how, exit_status::kind::exited);
  CAF_CHECK_EQUAL(status.value, 7);
  CAF_CHECK(!status.core_dumped);
  CAF_CHECK_EQUAL(to_string(status), "exited with status 7");
  CAF_CHECK_EQUAL(shell_status(status), 7);
  CAF_CHECK(process->status() == status);
  CAF_CHECK(is_gone(id));
}

CAF_TEST(the signal is told) {
  auto process = start(shell("kill -KILL $$"));
  auto status = wait_for(*io, *process);
  CAF_CHECK_EQUAL(status.how, exit_status::kind::signaled);
  CAF_CHECK_EQUAL(status.value, SIGKILL);
  CAF_CHECK(!status.core_dumped);
  CAF_CHECK_EQUAL(to_string(status), "killed by signal 9 (SIGKILL)");
  CAF_CHECK_EQUAL(shell_status(status), 137);
}

CAF_TEST(the core flag is what wait says) {
  // Whether there is a core depends on the system, so another such process is the measure.
  for (auto script : {"ulimit -c unlimited; kill -ABRT $$", "ulimit -c 0; kill -ABRT $$"}) {
    temporary_directory place;
    auto id = fork();
    if (id == 0) {
      if (chdir(place.path.c_str()) == 0)
        execl("/bin/sh", "sh", "-c", script, nullptr);
      _exit(127);
    }
    auto measure = 0;
    CAF_CHECK_EQUAL(waitpid(id, &measure, 0), id);
    CAF_CHECK(WIFSIGNALED(measure));
    auto what = shell(script);
    what.working_directory = place.path;
    auto process = start(what);
    auto status = wait_for(*io, *process);
    CAF_CHECK_EQUAL(status.how, exit_status::kind::signaled);
    CAF_CHECK_EQUAL(status.value, SIGABRT);
    CAF_CHECK_EQUAL(status.core_dumped, WCOREDUMP(measure) != 0);
    CAF_CHECK_EQUAL(to_string(status),
                    WCOREDUMP(measure) != 0 ? "killed by signal 6 (SIGABRT), core dumped" : "killed by signal 6 (SIGABRT)");
  }
}

CAF_TEST(the usage is told) {
  auto process = start(shell("i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done"));
  auto status = wait_for(*io, *process);
  CAF_CHECK_EQUAL(shell_status(status), 0);
  CAF_CHECK_GREATER((status.user_time + status.system_time).count(), 0);
  CAF_CHECK_LESS(status.user_time + status.system_time, caf::timespan{60s});
  CAF_CHECK_GREATER(status.max_rss, 100);
}

CAF_TEST(a process that ended before anybody asked is told as well) {
  auto process = start({.program = "/bin/true"});
  siginfo_t info;
  CAF_CHECK_EQUAL(waitid(P_PID, static_cast<id_t>(process->id()), &info, WEXITED | WNOWAIT), 0);
  CAF_CHECK_EQUAL(to_string(wait_for(*io, *process)), "exited with status 0");
}

CAF_TEST(many processes at once are not confused) {
  auto processes = std::vector<child_ptr>{};
  auto codes = std::vector<int>(40, -1);
  for (int i = 0; i < 40; ++i) {
    processes.push_back(start(shell("exit " + std::to_string(i))));
    processes.back()->on_exit([&codes, i](const exit_status& status) { codes[static_cast<std::size_t>(i)] = status.value; });
  }
  io->run();
  for (int i = 0; i < 40; ++i)
    CAF_CHECK_EQUAL(codes[static_cast<std::size_t>(i)], i);
}

CAF_TEST(a handler may destroy its child) {
  auto process = start(shell("exit 7"));
  auto told = -1;
  process->on_exit([&](const exit_status& status) {
    process.reset();
    told = status.value;
  });
  io->run();
  CAF_CHECK_EQUAL(told, 7);
}

CAF_TEST(a status that was never known has no number) {
  CAF_CHECK_EQUAL(shell_status(exit_status{}), -1);
  CAF_CHECK_EQUAL(to_string(exit_status{}),
                  "ended with an unknown status: the program does not leave its children to be waited for");
}

// -- what cannot be started -------------------------------------------------------------------------------------------

CAF_TEST(a program that cannot be executed is an error with the cause) {
  using std::filesystem::perms;
  temporary_directory place;
  auto plain = place.add("plain", "#!/bin/sh\n", perms::owner_read | perms::owner_write);
  auto garbage = place.add("garbage", "\x7f no program", perms::owner_all);
  auto orphan = place.add("orphan", "#!/nonexistent/interpreter\n", perms::owner_all);
  auto failure_of = [](spawn_options what) {
    auto result = run(std::move(what));
    if (result)
      return "started: " + to_string(result->status);
    CAF_CHECK_EQUAL(result.error(), errc::system_failure);
    return error_text(result.error());
  };
  CAF_CHECK_EQUAL(failure_of({.program = "/nonexistent/program"}),
                  "cannot execute '/nonexistent/program': No such file or directory");
  CAF_CHECK_EQUAL(failure_of({.program = "no-such-program-in-the-path"}),
                  "cannot execute 'no-such-program-in-the-path': No such file or directory");
  CAF_CHECK_EQUAL(failure_of({.program = ""}), "cannot execute '': No such file or directory");
  CAF_CHECK_EQUAL(failure_of({.program = plain}), "cannot execute '" + plain + "': Permission denied");
  CAF_CHECK_EQUAL(failure_of({.program = place.path}), "cannot execute '" + place.path.string() + "': Permission denied");
  CAF_CHECK_EQUAL(failure_of({.program = garbage}), "cannot execute '" + garbage + "': Exec format error");
  CAF_CHECK_EQUAL(failure_of({.program = orphan}), "cannot execute '" + orphan + "': No such file or directory");
  CAF_CHECK_EQUAL(failure_of({.program = "true", .working_directory = "/nonexistent"}),
                  "cannot execute 'true' in '/nonexistent': No such file or directory");
}

CAF_TEST(a missing standard stream is an error) {
  auto result = child::spawn(*io, {.program = "/bin/true", .standard_input = null.get()});
  CAF_CHECK(!result);
  CAF_CHECK_EQUAL(error_text(result.error()), "cannot execute '/bin/true': Bad file descriptor");
}

// -- what the process gets --------------------------------------------------------------------------------------------

CAF_TEST(a name is looked up in the path and arguments arrive as they are) {
  CAF_CHECK_EQUAL(output_of({.program = "printf", .arguments = {"<%s>", "a b", "", "*", "\"'\\", "\xC3\xA9"}}),
                  "<a b><><*><\"'\\><\xC3\xA9>");
}

CAF_TEST(the three streams are the given ones) {
  auto input = unbox(peer::make_pipe("the input"));
  CAF_CHECK_EQUAL(write(input.write.get(), "hello", 5), 5);
  input.write.reset();
  auto out = unbox(peer::make_pipe("stdout"));
  auto err = unbox(peer::make_pipe("stderr"));
  auto what = shell("cat; echo error >&2");
  what.standard_input = input.read.get();
  what.standard_output = out.write.get();
  what.standard_error = err.write.get();
  auto process = unbox(child::spawn(*io, what));
  out.write.reset();
  err.write.reset();
  CAF_CHECK_EQUAL(read_to_end(out.read.get()), "hello");
  CAF_CHECK_EQUAL(read_to_end(err.read.get()), "error\n");
  CAF_CHECK_EQUAL(shell_status(wait_for(*io, *process)), 0);
}

CAF_TEST(the process leads a session and a group of its own) {
  auto process = start(shell("echo ready; exec sleep 1000"));
  CAF_CHECK_EQUAL(read_line(output.read.get()), "ready");
  CAF_CHECK_NOT_EQUAL(process->id(), getpid());
  CAF_CHECK_EQUAL(getsid(process->id()), process->id());
  CAF_CHECK_EQUAL(getpgid(process->id()), process->id());
}

CAF_TEST(no signal is blocked or ignored in the process) {
  disposition term{SIGTERM, SIG_IGN};
  disposition pipe{SIGPIPE, SIG_IGN};
  disposition hangup{SIGHUP, SIG_IGN};
  disposition realtime{SIGRTMAX, SIG_IGN};
  disposition caught{SIGUSR1, [](int) {}};
  sigset_t all, mask;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &mask);
  auto status = output_of({.program = "cat", .arguments = {"/proc/self/status"}});
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  // The C library keeps two signals to itself and ignores them in the child.
  constexpr auto internal = std::uint64_t{3} << 31;
  CAF_CHECK_EQUAL(signal_mask(status, "SigBlk"), 0u);
  CAF_CHECK_EQUAL(signal_mask(status, "SigIgn") & ~internal, 0u);
  CAF_CHECK_EQUAL(signal_mask(status, "SigCgt"), 0u);
}

CAF_TEST(the environment is that of the caller with changes) {
  setenv("LIBPEER_ENV_KEPT", "kept", 1);
  setenv("LIBPEER_ENV_CHANGED", "before", 1);
  setenv("LIBPEER_ENV_REMOVED", "there", 1);
  auto text = output_of({.program = "env",
                         .environment = {{"LIBPEER_ENV_CHANGED", "after=\xC3\xA9 \"x\""},
                                         {"LIBPEER_ENV_REMOVED", std::nullopt},
                                         {"LIBPEER_ENV_ABSENT", std::nullopt},
                                         {"LIBPEER_ENV_EMPTY", ""},
                                         {"LIBPEER_ENV_TWICE", "first"},
                                         {"LIBPEER_ENV_TWICE", "second"}}});
  auto ours = std::vector<std::string>{};
  auto line = std::string{};
  for (auto in = std::istringstream{text}; std::getline(in, line);)
    if (line.starts_with("LIBPEER_ENV_"))
      ours.push_back(line);
  std::sort(ours.begin(), ours.end());
  CAF_CHECK_EQUAL(ours, (std::vector{"LIBPEER_ENV_CHANGED=after=\xC3\xA9 \"x\""s, "LIBPEER_ENV_EMPTY="s,
                                     "LIBPEER_ENV_KEPT=kept"s, "LIBPEER_ENV_TWICE=second"s}));
  CAF_CHECK_NOT_EQUAL(text.find("\nPATH="), std::string::npos);
  CAF_CHECK_EQUAL(getenv("LIBPEER_ENV_CHANGED"), "before"s);
  for (auto name : {"LIBPEER_ENV_KEPT", "LIBPEER_ENV_CHANGED", "LIBPEER_ENV_REMOVED"})
    unsetenv(name);
}

CAF_TEST(the working directory is the given one or that of the caller) {
  temporary_directory place;
  auto real = std::filesystem::canonical(place.path).string();
  CAF_CHECK_EQUAL(output_of({.program = "pwd", .arguments = {"-P"}, .working_directory = place.path}), real + "\n");
  CAF_CHECK_EQUAL(output_of({.program = "pwd", .arguments = {"-P"}}), std::filesystem::current_path().string() + "\n");
}

CAF_TEST(no other descriptor is inherited) {
  auto low = descriptor{open("/", O_RDONLY)};
  auto high = descriptor{fcntl(low.get(), F_DUPFD, 500)};
  CAF_CHECK_GREATER(high.get(), 499);
  // The last one is the directory that `ls` reads.
  CAF_CHECK_EQUAL(output_of({.program = "ls", .arguments = {"/proc/self/fd"}}), "0\n1\n2\n3\n");
}

CAF_TEST(a program without standard streams can start processes) {
  auto text = in_fork([] {
    for (auto fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
      close(fd);
    auto result = run(shell("cat; echo out; echo err >&2; ls /proc/self/fd"));
    return result ? result->out + result->err + to_string(result->status) : error_text(result.error());
  });
  CAF_CHECK_EQUAL(text, "out\n0\n1\n2\n3\nerr\nexited with status 0");
}

// -- signals ----------------------------------------------------------------------------------------------------------

CAF_TEST(a signal goes to the process alone or to its group) {
  auto process = start(shell("trap 'echo leader USR1' USR1; trap 'echo leader USR2' USR2;"
                             "(trap 'echo member USR1' USR1; trap 'echo member USR2' USR2; echo ready;"
                             " while :; do sleep 1000 & wait; done) &"
                             "while :; do wait; done"));
  CAF_CHECK_EQUAL(read_line(output.read.get()), "ready");
  process->signal(SIGUSR1, signal_scope::process);
  CAF_CHECK_EQUAL(read_line(output.read.get()), "leader USR1");
  process->signal(SIGUSR2, signal_scope::group);
  // Had the member got the first signal, it would tell so before this one.
  auto both = std::vector{read_line(output.read.get()), read_line(output.read.get())};
  std::sort(both.begin(), both.end());
  CAF_CHECK_EQUAL(both, (std::vector{"leader USR2"s, "member USR2"s}));
  process.reset();
  CAF_CHECK_EQUAL(rest_of_output(), "");
}

CAF_TEST(a signal that ends the process is told as its end) {
  auto process = start(shell("exec sleep 1000"));
  process->signal(SIGTERM, signal_scope::process);
  CAF_CHECK_EQUAL(to_string(wait_for(*io, *process)), "killed by signal 15 (SIGTERM)");
}

CAF_TEST(a signal after the end does nothing) {
  auto process = start({.program = "/bin/true"});
  auto status = wait_for(*io, *process);
  process->signal(SIGKILL, signal_scope::process);
  process->signal(SIGKILL, signal_scope::group);
  CAF_CHECK(process->status() == status);
}

// -- what is left behind ----------------------------------------------------------------------------------------------

CAF_TEST(the rest of the group is killed when its leader ends) {
  auto process = start(shell("trap '' TERM HUP; sleep 1000 & echo ready; exit 3"));
  CAF_CHECK_EQUAL(read_line(output.read.get()), "ready");
  CAF_CHECK_EQUAL(to_string(wait_for(*io, *process)), "exited with status 3");
  CAF_CHECK_EQUAL(rest_of_output(), ""); // returns, so nobody holds the pipe
}

CAF_TEST(the destructor kills the group and reaps the process) {
  auto process = start(shell("trap '' TERM HUP; sleep 1000 & echo ready; wait"));
  CAF_CHECK_EQUAL(read_line(output.read.get()), "ready");
  auto id = process->id();
  process.reset();
  CAF_CHECK(is_gone(id));
  CAF_CHECK_EQUAL(rest_of_output(), "");
}

CAF_TEST(the destructor kills a stopped process) {
  auto process = start(shell("kill -STOP $$"));
  siginfo_t info;
  auto id = process->id();
  CAF_CHECK_EQUAL(waitid(P_PID, static_cast<id_t>(id), &info, WSTOPPED | WNOWAIT), 0);
  process.reset();
  CAF_CHECK(is_gone(id));
}

CAF_TEST(no handler is called after the destructor) {
  auto called = false;
  auto running = start(shell("exec sleep 1000"));
  auto ended = start({.program = "/bin/true"});
  running->on_exit([&](const exit_status&) { called = true; });
  ended->on_exit([&](const exit_status&) { called = true; });
  siginfo_t info;
  CAF_CHECK_EQUAL(waitid(P_PID, static_cast<id_t>(ended->id()), &info, WEXITED | WNOWAIT), 0);
  running.reset();
  ended.reset();
  io->run();
  CAF_CHECK(!called);
}

CAF_TEST(a handler that is ready to run is not called after the destructor) {
  auto calls = 0;
  auto processes = std::array<child_ptr, 2>{start({.program = "/bin/true"}), start({.program = "/bin/true"})};
  siginfo_t info;
  for (auto& process : processes)
    CAF_CHECK_EQUAL(waitid(P_PID, static_cast<id_t>(process->id()), &info, WEXITED | WNOWAIT), 0);
  for (auto& process : processes) // both are ready in one turn, and the first one destroys both
    process->on_exit([&](const exit_status&) {
      ++calls;
      for (auto& each : processes)
        each.reset();
    });
  io->run();
  CAF_CHECK_EQUAL(calls, 1);
}

// -- hosts that care for their children themselves --------------------------------------------------------------------

CAF_TEST(a host that ignores SIGCHLD learns of the end but not of its status) {
  disposition ignored{SIGCHLD, SIG_IGN};
  auto input = unbox(peer::make_pipe("the input"));
  auto process = start({.program = "cat"}, input.read.get());
  input = {};
  auto status = wait_for(*io, *process);
  CAF_CHECK_EQUAL(status.how, exit_status::kind::unknown);
  CAF_CHECK(process->status() == exit_status{});
}

CAF_TEST(a host that reaps every child learns of the end but not of its status) {
  auto process = start(shell("exit 7"));
  auto status = 0;
  CAF_CHECK_EQUAL(waitpid(-1, &status, 0), process->id());
  process->signal(SIGKILL, signal_scope::group); // to nobody
  CAF_CHECK_EQUAL(wait_for(*io, *process).how, exit_status::kind::unknown);
}

CAF_TEST(other children of the host are left alone) {
  auto other = fork();
  if (other == 0)
    _exit(42);
  auto process = start(shell("exit 7"));
  CAF_CHECK_EQUAL(wait_for(*io, *process).value, 7);
  auto status = 0;
  CAF_CHECK_EQUAL(waitpid(other, &status, 0), other);
  CAF_CHECK_EQUAL(WEXITSTATUS(status), 42);
}

CAF_TEST_FIXTURE_SCOPE_END()
