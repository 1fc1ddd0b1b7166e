// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Programs that exist for their peers: inherited signals, adopted processes.

#define CAF_SUITE peer.process.program

#include "peer/program.hpp"
#include "tests/unit/process/subprocess_fixture.hpp"

#include <csignal>

#include <poll.h>

using namespace std::literals;
using namespace peer::test;

namespace {

bool is_default(int number) {
  struct sigaction now {};
  return sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_DFL;
}

bool is_blocked(int number) {
  sigset_t now;
  pthread_sigmask(SIG_SETMASK, nullptr, &now);
  return sigismember(&now, number) == 1;
}

/// Kills a shell whose child outlives it and ends when the returned descriptor is closed.
peer::internal::process::descriptor leave_orphan(boost::asio::io_context& io, int null, pid_t& orphan) {
  auto gate = unbox(peer::internal::process::make_pipe("the gate"));
  auto output = unbox(peer::internal::process::make_pipe("the output"));
  auto what = shell("exec 3<&0; setsid sh -c 'echo $$; exec cat <&3 >/dev/null' & wait");
  what.standard_input = gate.read.get();
  what.standard_output = output.write.get();
  what.standard_error = null;
  auto process = unbox(peer::internal::process::subprocess::spawn(io, what));
  output.write.reset();
  orphan = static_cast<pid_t>(std::stoi(read_line(output.read.get())));
  process->signal(SIGKILL, peer::internal::process::signal_scope::process); // the child has left the group by now
  wait_for(io, *process);
  return std::move(gate.write);
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(program_tests, subprocess_fixture)

CAF_TEST(a program resets the signals that it inherited except those of nohup and shells) {
  forked_process program{[] {
    for (auto number : {SIGCHLD, SIGPIPE, SIGTERM, SIGHUP, SIGINT})
      std::signal(number, SIG_IGN);
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    peer::reset_signals();
    auto good = is_default(SIGCHLD) && is_default(SIGPIPE) && !is_default(SIGTERM) && !is_default(SIGHUP)
             && !is_default(SIGINT) && !is_blocked(SIGTERM) && !is_blocked(SIGCHLD);
    return good ? 0 : 1;
  }};
  CAF_CHECK_EQUAL(program.result(), 0);
}

CAF_TEST(a subreaper reaps what it adopts and not what it has started) {
  forked_process program{[&] {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    peer::reap_orphans();
    boost::asio::io_context own;
    auto orphan = pid_t{0};
    auto gate = leave_orphan(own, null.get(), orphan);
    auto mine = shell("exit 7");
    mine.standard_input = mine.standard_output = mine.standard_error = null.get();
    for (auto round = 0; round < 100; ++round) {
      auto process = unbox(peer::internal::process::subprocess::spawn(own, mine));
      if (wait_for(own, *process).max_rss == 0 || process->status()->value != 7)
        return 1;
    }
    if (is_gone(orphan))
      return 2;
    gate.reset();
    while (!is_gone(orphan)) // the alarm ends this test if it stays
      poll(nullptr, 0, 1);
    return 0;
  }};
  CAF_CHECK_EQUAL(program.result(), 0);
}

CAF_TEST(a program that adopts nothing has no reaper) {
  peer::reap_orphans();
  CAF_CHECK(!is_blocked(SIGCHLD));
}

CAF_TEST_FIXTURE_SCOPE_END()
