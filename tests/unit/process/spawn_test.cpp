// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// What a started process gets, and what cannot be started.

#define CAF_SUITE peer.process.spawn

#include "tests/unit/process/subprocess_fixture.hpp"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include <fcntl.h>

using namespace std::literals;
using namespace peer::test;

using peer::errc;
using peer::internal::process::descriptor;
using peer::internal::process::spawn_options;
using peer::internal::process::subprocess;

namespace {

/// A number in `/proc/…/status`, such as the mask of the blocked signals.
std::uint64_t signal_mask(const std::string& status, const std::string& name) {
  auto at = status.find(name + ":\t");
  return at == std::string::npos ? ~std::uint64_t{0} : std::stoull(status.substr(at + name.size() + 2), nullptr, 16);
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(spawn_tests, subprocess_fixture)

// -- what cannot be started -------------------------------------------------------------------------------------------

CAF_TEST(a program that cannot be executed is an error with the cause) {
  using std::filesystem::perms;
  temporary_directory place;
  auto plain = place.add("plain", "#!/bin/sh\n", perms::owner_read | perms::owner_write);
  auto garbage = place.add("garbage", "\x7f no program", perms::owner_all);
  auto orphan = place.add("orphan", "#!/nonexistent/interpreter\n", perms::owner_all);
  auto failure_of = [](peer::internal::process::spawn_options what) {
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
  CAF_CHECK_EQUAL(failure_of({.program = place.path}),
                  "cannot execute '" + place.path.string() + "': Permission denied");
  CAF_CHECK_EQUAL(failure_of({.program = garbage}), "cannot execute '" + garbage + "': Exec format error");
  CAF_CHECK_EQUAL(failure_of({.program = orphan}), "cannot execute '" + orphan + "': No such file or directory");
  CAF_CHECK_EQUAL(failure_of({.program = "true", .process = {.working_directory = "/nonexistent"}}),
                  "cannot enter directory '/nonexistent' for 'true': No such file or directory");
  CAF_CHECK_EQUAL(failure_of({.program = "no-such-program-in-the-path", .process = {.working_directory = "/"}}),
                  "cannot execute 'no-such-program-in-the-path' in '/': No such file or directory");
}

CAF_TEST(a missing standard stream is an error) {
  auto result = peer::internal::process::subprocess::spawn(*io, {.program = "/bin/true", .standard_input = null.get()});
  CAF_CHECK(!result);
  CAF_CHECK_EQUAL(error_text(result.error()), "cannot give '/bin/true' its descriptors: Bad file descriptor");
}

// -- what the process gets --------------------------------------------------------------------------------------------

CAF_TEST(a name is looked up in the path and arguments arrive as they are) {
  CAF_CHECK_EQUAL(output_of({.program = "printf", .arguments = {"<%s>", "a b", "", "*", "\"'\\", "\xC3\xA9"}}),
                  "<a b><><*><\"'\\><\xC3\xA9>");
}

CAF_TEST(the three streams are the given ones) {
  auto input = unbox(peer::internal::process::make_pipe("the input"));
  CAF_CHECK_EQUAL(write(input.write.get(), "hello", 5), 5);
  input.write.reset();
  auto out = unbox(peer::internal::process::make_pipe("stdout"));
  auto err = unbox(peer::internal::process::make_pipe("stderr"));
  auto what = shell("cat; echo error >&2");
  what.standard_input = input.read.get();
  what.standard_output = out.write.get();
  what.standard_error = err.write.get();
  auto process = unbox(peer::internal::process::subprocess::spawn(*io, what));
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
  CAF_CHECK_EQUAL(signal_mask(status, "SigBlk"), 0u);
  CAF_CHECK_EQUAL(signal_mask(status, "SigIgn"), 0u);
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
  CAF_CHECK_EQUAL(output_of({.program = "pwd", .arguments = {"-P"}, .process = {.working_directory = place.path}}),
                  real + "\n");
  CAF_CHECK_EQUAL(output_of({.program = "pwd", .arguments = {"-P"}}), std::filesystem::current_path().string() + "\n");
}

CAF_TEST(no other descriptor is inherited) {
  auto low = descriptor{open("/", O_RDONLY)};
  auto high = descriptor{fcntl(low.get(), F_DUPFD, 500)};
  CAF_CHECK_GREATER(high.get(), 499);
  // The last one is the directory that `ls` reads.
  CAF_CHECK_EQUAL(output_of({.program = "ls", .arguments = {"/proc/self/fd"}}), "0\n1\n2\n3\n");
}

CAF_TEST(one more descriptor is inherited if it is named) {
  auto sockets = unbox(peer::internal::process::make_socket_pair("a test"));
  auto other = descriptor{open("/", O_RDONLY)};
  auto high = descriptor{fcntl(sockets.second.get(), F_DUPFD_CLOEXEC, 500)};
  auto talk = shell("read line <&3; echo \"got $line\" >&3; exec ls /proc/self/fd");
  for (auto fd : {sockets.second.get(), high.get()}) {
    talk.inherited = fd;
    CAF_CHECK_EQUAL(write(sockets.first.get(), "hello\n", 6), 6);
    CAF_CHECK_EQUAL(output_of(talk), "0\n1\n2\n3\n4\n"); // the last one is the directory that `ls` reads
    CAF_CHECK_EQUAL(read_line(sockets.first.get()), "got hello");
  }
}

CAF_TEST(the inherited descriptor may have any number here) {
  auto sockets = unbox(peer::internal::process::make_socket_pair("a test"));
  auto number = spawn_options::inherited_number;
  auto before = descriptor{fcntl(number, F_DUPFD_CLOEXEC, 100)}; // whatever has that number in this program
  auto flags = fcntl(number, F_GETFD);
  CAF_REQUIRE_EQUAL(dup3(sockets.second.get(), number, O_CLOEXEC), number);
  auto talk = shell("echo hello >&3");
  talk.inherited = number;
  auto result = run(talk);
  if (before)
    dup3(before.get(), number, (flags & FD_CLOEXEC) != 0 ? O_CLOEXEC : 0);
  else
    close(number);
  CAF_CHECK_EQUAL(shell_status(unbox(result).status), 0);
  CAF_CHECK_EQUAL(read_line(sockets.first.get()), "hello");
}

CAF_TEST(a program without standard streams can start processes) {
  auto scope = std::make_unique<without_streams>();
  auto result = run(shell("cat; echo out; echo err >&2; ls /proc/self/fd"));
  scope.reset();
  auto got = unbox(result);
  CAF_CHECK_EQUAL(got.out, "out\n0\n1\n2\n3\n");
  CAF_CHECK_EQUAL(got.err, "err\n");
  CAF_CHECK_EQUAL(to_string(got.status), "exited with status 0");
}

CAF_TEST_FIXTURE_SCOPE_END()
