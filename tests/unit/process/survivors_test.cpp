// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Who outlives a process: descendants that have left its group, daemons, groups without a leader.

#define CAF_SUITE peer.process.survivors

#include "process/family.hpp"
#include "tests/unit/process/subprocess_fixture.hpp"

using namespace std::literals;
using namespace peer::test;

using peer::exit_status;
using peer::survivor;
using peer::survivor_policy;
using peer::internal::process::signal_scope;
using peer::internal::process::spawn_options;

namespace {

constexpr auto nobody = uid_t{65534};

/// Starts a member of another session, prints its number and waits for ever.
constexpr auto runaway = "setsid sh -c 'echo $$; exec sleep 1000' & wait";

/// Starts a daemon, whose parent ends and which has a session of its own, prints its number and waits for ever.
constexpr auto daemon_maker = "setsid sh -c 'setsid sh -c \"echo \\$\\$; exec sleep 1000\" &'; exec sleep 1000";

peer::internal::process::spawn_options killing(std::string script) {
  auto result = shell(std::move(script));
  result.process.survivors = survivor_policy::kill;
  return result;
}

struct fixture : subprocess_fixture {
  pid_t read_id() { return std::stoi(read_line(output.read.get())); }

  /// Until the process has called exec.
  static void wait_for_command(pid_t ancestor, const std::string& command) {
    for (;;)
      for (auto& each : peer::internal::process::descendants_of(ancestor))
        if (each.command == command)
          return;
  }

  bool runs(pid_t id) { return !wait_for_end(id, 0ms); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(survivors_tests, fixture)

// -- report -----------------------------------------------------------------------------------------------------------

CAF_TEST(a process without a family is told in one turn) {
  auto process = start(shell("exit 3"));
  auto told = 0;
  process->on_exit([&](const exit_status& status, const auto& survivors) {
    CAF_CHECK_EQUAL(status.value, 3);
    CAF_CHECK(survivors.empty());
    ++told;
  });
  CAF_CHECK_EQUAL(io->run_one(), 1u);
  CAF_CHECK_EQUAL(told, 1);
}

CAF_TEST(a descendant outside of the group is reported) {
  auto process = start(shell(runaway));
  auto id = read_id();
  wait_for_command(process->id(), "sleep 1000");
  process->note_descendants();
  process->signal(SIGKILL, peer::internal::process::signal_scope::process);
  auto end = wait_for_all(*io, *process);
  CAF_CHECK_EQUAL(to_string(end.status), "killed by signal 9 (SIGKILL)");
  CAF_CHECK_EQUAL(end.survivors, (std::vector{survivor{id, "sleep 1000"}}));
  CAF_CHECK(runs(id));
  kill(id, SIGKILL);
}

CAF_TEST(a signal that ends the group finds the descendants before) {
  for (auto number : {SIGTERM, SIGKILL}) {
    auto process = start(shell(runaway));
    auto id = read_id();
    process->signal(number, peer::internal::process::signal_scope::group);
    auto end = wait_for_all(*io, *process);
    CAF_REQUIRE_EQUAL(end.survivors.size(), 1u);
    CAF_CHECK_EQUAL(end.survivors[0].id, id);
    kill(id, SIGKILL);
  }
}

CAF_TEST(a descendant that ends with its input is not reported) {
  auto process = start(shell("sleep 1000 | setsid sh -c 'echo $$; exec cat'"));
  auto id = read_id();
  process->signal(SIGKILL, peer::internal::process::signal_scope::group);
  CAF_CHECK(wait_for_all(*io, *process).survivors.empty());
  CAF_CHECK(!runs(id));
}

CAF_TEST(a descendant that was noted long ago is remembered) {
  auto input = unbox(peer::internal::process::make_pipe("the input"));
  auto process = start(shell("exec 3<&0; setsid sh -c 'sh -c \"echo \\$\\$; exec sleep 1000\" & read x' <&3 & wait;"
                             "echo 0; exec sleep 1000"),
                       input.read.get());
  auto id = read_id();
  process->note_descendants();
  CAF_CHECK_EQUAL(write(input.write.get(), "\n", 1), 1);
  CAF_CHECK_EQUAL(read_id(), 0); // the one in between has ended
  process->signal(SIGKILL, peer::internal::process::signal_scope::group);
  auto end = wait_for_all(*io, *process);
  CAF_REQUIRE_EQUAL(end.survivors.size(), 1u);
  CAF_CHECK_EQUAL(end.survivors[0].id, id);
  kill(id, SIGKILL);
}

CAF_TEST(the end is told when the whole group has ended) {
  auto input = unbox(peer::internal::process::make_pipe("the input"));
  auto process = start(shell("sleep 1000 & echo $!; read x; exit 3"), input.read.get());
  auto group = process->id();
  auto stopper = tracer{read_id(), PTRACE_O_TRACEEXIT}; // the member stops when it is killed
  if (!stopper)
    return;
  auto told = ""s;
  process->on_exit([&](const exit_status& status, const auto&) {
    CAF_CHECK(!peer::internal::process::has_living_member(group));
    told = to_string(status);
  });
  input.write.reset();
  constexpr auto some_looks = 5;
  for (auto i = 0; i < some_looks; ++i)
    io->run_one();
  CAF_CHECK_EQUAL(told, "");
  stopper.let_go();
  io->run();
  CAF_CHECK_EQUAL(told, "exited with status 3");
}

CAF_TEST(members of the group take no descriptors) {
  auto process = start(shell("i=0; while [ $i -lt 100 ]; do sleep 1000 & i=$((i + 1)); done;"
                             "setsid sh -c 'echo $$; exec sleep 1000' & wait"));
  auto id = read_id();
  {
    no_descriptors none;
    none.give_back(8);
    process->note_descendants();
  }
  process->signal(SIGKILL, signal_scope::process);
  auto end = wait_for_all(*io, *process);
  CAF_REQUIRE_EQUAL(end.survivors.size(), 1u);
  CAF_CHECK_EQUAL(end.survivors[0].id, id);
  kill(id, SIGKILL);
}

CAF_TEST(the group of a process that now belongs to another user is killed) {
  if (geteuid() != 0) {
    std::cout << "not run: only root can become another user\n";
    return;
  }
  temporary_directory place;
  std::filesystem::permissions(place.path, std::filesystem::perms{0755});
  auto setuid_root = place.path / "setpriv";
  std::filesystem::copy_file("/usr/bin/setpriv", setuid_root);
  std::filesystem::permissions(setuid_root, std::filesystem::perms{04755});
  // The leader becomes root, whom nobody may not send signals; the member becomes nobody again.
  auto member = in_forked_process(nobody, [&] {
    auto input = unbox(peer::internal::process::make_pipe("the input"));
    auto out = unbox(peer::internal::process::make_pipe("the output"));
    auto what = shell("");
    what.program = setuid_root;
    what.arguments = {"--reuid", "0", "sh", "-c",
                      "setpriv --reuid 65534 sh -c 'echo $$; exec sleep 1000' & read x; exit 3"};
    what.standard_input = input.read.get();
    what.standard_output = what.standard_error = out.write.get();
    boost::asio::io_context loop;
    auto process = unbox(peer::internal::process::subprocess::spawn(loop, what));
    auto result = read_line(out.read.get());
    input.write.reset();
    return result + " " + to_string(wait_for(loop, *process));
  });
  auto id = std::stoi(member);
  CAF_CHECK_EQUAL(member, std::to_string(id) + " exited with status 3");
  CAF_CHECK(wait_for_end(id, 10s));
}

// -- kill -------------------------------------------------------------------------------------------------------------

CAF_TEST(a descendant outside of the group is killed if asked for) {
  auto process = start(killing(runaway));
  auto id = read_id();
  process->signal(SIGKILL, signal_scope::group);
  CAF_CHECK(wait_for_all(*io, *process).survivors.empty());
  CAF_CHECK(!runs(id));
}

CAF_TEST(a daemon is killed if asked for) {
  auto process = start(killing(daemon_maker));
  auto id = read_id();
  process->signal(SIGKILL, signal_scope::group);
  CAF_CHECK(wait_for_all(*io, *process).survivors.empty());
  CAF_CHECK(!runs(id));
}

CAF_TEST(the session of a process that ends by itself is killed if asked for) {
  auto what = killing("set -m; sleep 1000 & echo $!; exit 3"); // each job has a group of its own
  what.program = "bash";                                       // others need a terminal for that
  auto process = start(what);
  auto id = read_id();
  auto end = wait_for_all(*io, *process);
  CAF_CHECK_EQUAL(to_string(end.status), "exited with status 3");
  CAF_CHECK(end.survivors.empty());
  CAF_CHECK(!runs(id));
}

CAF_TEST(those that noted ones have brought about since are killed as well) {
  auto input = unbox(peer::internal::process::make_pipe("the input"));
  auto process =
      start(killing("exec 3<&0; setsid sh -c 'echo $$; read x; setsid sleep 1000 & echo $!; wait' <&3 & wait"),
            input.read.get());
  auto first = read_id();
  process->note_descendants();
  CAF_CHECK_EQUAL(write(input.write.get(), "\n", 1), 1);
  auto second = read_id();
  process->signal(SIGKILL, signal_scope::process);
  CAF_CHECK(wait_for_all(*io, *process).survivors.empty());
  CAF_CHECK(!runs(first));
  CAF_CHECK(!runs(second));
}

CAF_TEST(the destructor kills descendants if asked for) {
  for (auto script : {runaway, daemon_maker}) {
    auto process = start(killing(script));
    auto id = read_id();
    process.reset();
    CAF_CHECK(!runs(id));
  }
}

CAF_TEST(the destructor leaves descendants outside of the group alone if only a report is asked for) {
  auto process = start(shell(runaway));
  auto id = read_id();
  process.reset();
  CAF_CHECK(runs(id));
  kill(id, SIGKILL);
}

CAF_TEST(a child may go while its survivors have their time) {
  auto process = start(shell(runaway));
  auto id = read_id();
  auto told = false;
  process->signal(SIGKILL, signal_scope::group);
  process->on_exit([&](const exit_status&, const auto&) { told = true; });
  while (!process->status())
    io->run_one();
  CAF_CHECK(!told);
  process.reset();
  io->run();
  CAF_CHECK(!told);
  kill(id, SIGKILL);
}

// -- groups whose leader was reaped by the host -----------------------------------------------------------------------

CAF_TEST(a host that ignores ended children learns of the end once and the group is killed) {
  disposition ignored{SIGCHLD, SIG_IGN};
  auto process = start(shell("sleep 1000 & echo $!; exit 3"));
  auto member = read_id();
  CAF_CHECK(wait_for_end(process->id(), 10s));
  auto told = 0;
  process->on_exit([&](const exit_status& status, const auto&) {
    CAF_CHECK_EQUAL(status, reaped_elsewhere(3));
    CAF_CHECK(!runs(member));
    ++told;
  });
  io->run();
  CAF_CHECK_EQUAL(told, 1);
}

CAF_TEST(a host with children that leave no zombie learns of the end and the group is killed) {
  struct sigaction action {
  }, before{};
  action.sa_handler = SIG_DFL;
  action.sa_flags = SA_NOCLDWAIT;
  sigaction(SIGCHLD, &action, &before);
  auto process = start(shell("sleep 1000 & echo $!; exit 3"));
  auto member = read_id();
  CAF_CHECK_EQUAL(wait_for(*io, *process), reaped_elsewhere(3));
  CAF_CHECK(!runs(member));
  sigaction(SIGCHLD, &before, nullptr);
}

CAF_TEST(short lived processes are told to a host that ignores ended children) {
  disposition ignored{SIGCHLD, SIG_IGN};
  for (auto i = 0; i < 100; ++i) {
    auto process = start({.program = "/bin/true"});
    CAF_CHECK_EQUAL(wait_for(*io, *process), reaped_elsewhere(0));
  }
}

CAF_TEST(a host that reaps every child learns of the end and the group is killed) {
  auto process = start(shell("sleep 1000 & echo $!; exit 3"));
  auto member = read_id();
  auto status = 0;
  CAF_CHECK_EQUAL(waitpid(-1, &status, 0), process->id());
  CAF_CHECK_EQUAL(wait_for(*io, *process), reaped_elsewhere(3));
  CAF_CHECK(!runs(member));
}

CAF_TEST(the destructor kills a group whose leader was reaped by the host) {
  auto process = start(shell("sleep 1000 & echo $!; exit 3"));
  auto member = read_id();
  auto status = 0;
  CAF_CHECK_EQUAL(waitpid(-1, &status, 0), process->id());
  process.reset();
  CAF_CHECK(!runs(member));
}

CAF_TEST(a group is left alone if its number has a new owner) {
  auto owner = start(shell("echo ready; exec sleep 1000"));
  CAF_CHECK_EQUAL(read_line(output.read.get()), "ready");
  for (auto policy : {survivor_policy::report, survivor_policy::kill}) {
    auto stranger = peer::internal::process::family{owner->id(), policy, std::nullopt};
    stranger.kill(peer::internal::process::leader_state::stolen);
    CAF_CHECK(stranger.ended());
  }
  CAF_CHECK(runs(owner->id()));
}

CAF_TEST_FIXTURE_SCOPE_END()
