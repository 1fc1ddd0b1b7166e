// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// How real processes end, what they leave behind, and signals to them.

#define CAF_SUITE peer.process.subprocess

#include "tests/support/seccomp.hpp"
#include "tests/unit/process/subprocess_fixture.hpp"

#include <array>

using namespace std::literals;
using namespace peer::test;

using peer::exit_status;
using peer::internal::process::signal_scope;

CAF_TEST_FIXTURE_SCOPE(subprocess_tests, subprocess_fixture)

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
    what.process.working_directory = place.path;
    auto process = start(what);
    auto status = wait_for(*io, *process);
    CAF_CHECK_EQUAL(status.how, exit_status::kind::signaled);
    CAF_CHECK_EQUAL(status.value, SIGABRT);
    CAF_CHECK_EQUAL(status.core_dumped, WCOREDUMP(measure) != 0);
    CAF_CHECK_EQUAL(to_string(status), WCOREDUMP(measure) != 0 ? "killed by signal 6 (SIGABRT), core dumped"
                                                               : "killed by signal 6 (SIGABRT)");
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

CAF_TEST(the status of a traced process is told when its tracer has let go of it) {
  for (auto destroy : {false, true}) {
    auto process = start({.program = "sleep", .arguments = {"1000"}});
    auto id = process->id();
    auto debugger = tracer{id};
    if (!debugger)
      return;
    auto told = ""s;
    process->on_exit([&](const exit_status& status, const auto&) { told = to_string(status); });
    kill(id, SIGKILL);
    constexpr auto some_looks = 5;
    for (auto i = 0; i < some_looks; ++i)
      io->run_one();
    CAF_CHECK_EQUAL(told, "");
    CAF_CHECK(!process->status());
    debugger.let_go();
    if (destroy) {
      process.reset();
      CAF_CHECK(is_gone(id));
    }
    io->run();
    CAF_CHECK_EQUAL(told, destroy ? "" : "killed by signal 9 (SIGKILL)");
    io->restart();
  }
}

CAF_TEST(many processes at once are not confused) {
  auto processes = std::vector<subprocess_ptr>{};
  auto codes = std::vector<int>(40, -1);
  for (int i = 0; i < 40; ++i) {
    processes.push_back(start(shell("exit " + std::to_string(i))));
    processes.back()->on_exit(
        [&codes, i](const exit_status& status, const auto&) { codes[static_cast<std::size_t>(i)] = status.value; });
  }
  io->run();
  for (int i = 0; i < 40; ++i)
    CAF_CHECK_EQUAL(codes[static_cast<std::size_t>(i)], i);
}

CAF_TEST(a handler may destroy its child) {
  auto process = start(shell("exit 7"));
  auto told = -1;
  process->on_exit([&](const exit_status& status, const auto&) {
    process.reset();
    told = status.value;
  });
  io->run();
  CAF_CHECK_EQUAL(told, 7);
}

CAF_TEST(a status that was never known has no number) {
  CAF_CHECK_EQUAL(shell_status(exit_status{}), -1);
  CAF_CHECK_EQUAL(to_string(exit_status{}),
                  "ended with an unknown status: the program ignores SIGCHLD or has reaped the process itself");
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
  running->on_exit([&](const exit_status&, const auto&) { called = true; });
  ended->on_exit([&](const exit_status&, const auto&) { called = true; });
  siginfo_t info;
  CAF_CHECK_EQUAL(waitid(P_PID, static_cast<id_t>(ended->id()), &info, WEXITED | WNOWAIT), 0);
  running.reset();
  ended.reset();
  io->run();
  CAF_CHECK(!called);
}

CAF_TEST(a handler that is ready to run is not called after the destructor) {
  auto calls = 0;
  auto processes = std::array<subprocess_ptr, 2>{start({.program = "/bin/true"}), start({.program = "/bin/true"})};
  siginfo_t info;
  for (auto& process : processes)
    CAF_CHECK_EQUAL(waitid(P_PID, static_cast<id_t>(process->id()), &info, WEXITED | WNOWAIT), 0);
  for (auto& process : processes) // both are ready in one turn, and the first one destroys both
    process->on_exit([&](const exit_status&, const auto&) {
      ++calls;
      for (auto& each : processes)
        each.reset();
    });
  io->run();
  CAF_CHECK_EQUAL(calls, 1);
}

CAF_TEST(a process that is released is reaped later by the loop) {
  auto process = start(shell("sleep 1000 & wait"));
  auto id = process->id();
  tracer holds{id};
  if (!holds)
    return;
  peer::internal::process::subprocess::release(std::move(process));
  CAF_CHECK(!is_gone(id)); // nobody has waited: only the end of the tracer lets it be reaped
  holds.let_go();
  io->restart();
  io->run();
  CAF_CHECK(is_gone(id));
}

CAF_TEST(a process that is released has no handler any more) {
  auto process = start(shell("exit 7"));
  process->on_exit([](const exit_status&, const auto&) { CAF_ERROR("the handler was called"); });
  auto id = process->id();
  peer::internal::process::subprocess::release(std::move(process));
  io->run();
  CAF_CHECK(is_gone(id));
}

// -- hosts that care for their children themselves --------------------------------------------------------------------

CAF_TEST(a host that ignores SIGCHLD learns of the end) {
  disposition ignored{SIGCHLD, SIG_IGN};
  auto input = unbox(peer::internal::process::make_pipe("the input"));
  auto process = start(shell("read line; exit 7"), input.read.get());
  input = {};
  auto status = wait_for(*io, *process);
  CAF_CHECK_EQUAL(status, reaped_elsewhere(7));
  CAF_CHECK(process->status() == status);
}

CAF_TEST(a host that ignores SIGCHLD learns of the signal that ended a process) {
  if (!kernel_keeps_statuses())
    return;
  disposition ignored{SIGCHLD, SIG_IGN};
  auto status = wait_for(*io, *start(shell("kill -TERM $$")));
  CAF_CHECK(status.how == exit_status::kind::signaled);
  CAF_CHECK_EQUAL(status.value, SIGTERM);
}

CAF_TEST(a host that reaps every child learns of the end) {
  auto process = start(shell("exit 7"));
  auto status = 0;
  CAF_CHECK_EQUAL(waitpid(-1, &status, 0), process->id());
  process->signal(SIGKILL, signal_scope::group); // to nobody
  CAF_CHECK_EQUAL(wait_for(*io, *process), reaped_elsewhere(7));
}

CAF_TEST(a status that is lost is reported once on stderr) {
  auto answer = make_lasting_pipe();
  forked_process host{[&] {
    std::signal(SIGCHLD, SIG_IGN);
    if (!refuse_system_calls({SYS_ioctl}, ENOTTY)) // as before Linux 6.15
      return 2;
    dup2(answer.write.get(), STDERR_FILENO);
    boost::asio::io_context own;
    auto good = true;
    for (auto round = 0; round < 2; ++round) {
      auto what = shell("exit 7");
      what.standard_input = what.standard_output = what.standard_error = null.get();
      auto process = peer::internal::process::subprocess::spawn(own, what);
      good = good && process && wait_for(own, **process) == exit_status{};
    }
    close(STDERR_FILENO);
    answer = {};
    return good ? 0 : 1;
  }};
  answer.write.reset();
  auto text = read_to_end(answer.read.get());
  CAF_CHECK_EQUAL(host.result(), 0);
  CAF_CHECK(text.find("ignores SIGCHLD") != std::string::npos);
  CAF_CHECK_EQUAL(text.find('\n'), text.size() - 1);
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
