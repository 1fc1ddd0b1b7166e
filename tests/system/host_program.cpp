// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// A program with habits of its own that has peers.
//
//     host_program MODE PEER_NODE
//
// MODE is one of those in `modes`, at the end. Says on standard output what went wrong, a sentence a line, and ends
// with status 1 then.

#include "peer/peer.hpp"
#include "peer/supervisor.hpp"
#include "support/look_until.hpp"
#include "support/process_facts.hpp"
#include "support/process_guard.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace std::literals;

using peer::test::group_is_gone;
using peer::test::look_until;

using clock_type = std::chrono::steady_clock;

/// How long this program waits for a fact that has to come.
constexpr auto patience = 20s;

/// What an end or a stop has to come within that nothing holds up.
constexpr auto soon = 2s;

std::string node_program;

// -- checks -----------------------------------------------------------------------------------------------------------

std::atomic<bool> all_good = true;

void check(bool good, const std::string& complaint) {
  if (good)
    return;
  all_good = false;
  std::cout << complaint << std::endl;
}

/// The value; without one this program ends.
template <class T>
T value_of(caf::expected<T> x, const std::string& what) {
  if (!x) {
    std::cout << what << ": " << peer::describe(x.error()) << std::endl;
    std::_Exit(1);
  }
  return std::move(*x);
}

bool has_zombies() {
  auto all = peer::test::children();
  return std::any_of(all.begin(), all.end(), [](auto& x) { return x.second.starts_with("Z"); });
}

std::size_t count_entries(const char* directory) {
  auto entries = std::filesystem::directory_iterator{directory};
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

// -- peers ------------------------------------------------------------------------------------------------------------

const auto kinds = std::map<std::string, peer::connection_kind>{
    {"inherited", peer::inherited{}},
    {"standard_io", peer::standard_io{}},
    {"tcp", peer::tcp{}},
};

struct running_peer {
  std::string what;
  peer::handle worker;
  pid_t process = 0;
};

peer::start_options node_over(const peer::connection_kind& kind) {
  auto result = peer::start_options{.exec = peer::exec{node_program}};
  result.connection = kind;
  result.wait_boot = caf::timespan{patience};
  result.output = peer::discard_output(); // standard output is for complaints
  return result;
}

running_peer start(caf::actor_system& sys, const std::string& what, const peer::start_options& options) {
  auto worker = value_of(peer::start(sys, options), "cannot start a peer over " + what);
  auto status = value_of(worker.get_state(), "no state over " + what);
  return {what, worker, static_cast<pid_t>(status.process_id.value_or(0))};
}

/// A peer over each connection.
std::vector<running_peer> start_all(caf::actor_system& sys) {
  auto result = std::vector<running_peer>{};
  for (auto& [name, kind] : kinds)
    result.push_back(start(sys, name, node_over(kind)));
  return result;
}

/// The same, and an `erl` over each connection that it can have.
std::vector<running_peer> start_all_and_erl(caf::actor_system& sys) {
  auto result = start_all(sys);
  for (auto name : {"standard_io", "tcp"}) {
    auto options = node_over(kinds.at(name));
    options.exec = peer::exec{"erl"};
    result.push_back(start(sys, name + " (erl)"s, options));
  }
  return result;
}

void check_answers(const running_peer& x) {
  auto answer = x.worker.within(patience).call<std::vector<int>>("lists", "reverse", std::vector{1, 2});
  check(answer && *answer == std::vector{2, 1}, "the peer over " + x.what + " does not answer");
}

peer::stop_report stop(const running_peer& x) {
  auto began = clock_type::now();
  auto report = value_of(x.worker.stop(), "the peer over " + x.what + " does not stop");
  auto took = clock_type::now() - began;
  check(report.ended_by == peer::stop_step::closed || report.ended_by == peer::stop_step::asked,
        "the peer over " + x.what + " did not end gracefully but by the step " + to_string(report.ended_by));
  check(took < soon, "the stop over " + x.what + " took " + caf::deep_to_string(caf::timespan{took}));
  check(group_is_gone(x.process), "the peer over " + x.what + " is still there");
  return report;
}

/// Kills peers whose program has a child in its group, and checks that the ends are told at once and nothing is left.
void check_kills(caf::actor_system& sys, std::vector<int> statuses) {
  for (auto& [key, kind] : kinds) {
    auto& name = key; // clang 14 lets no lambda capture a binding
    auto options = node_over(kind);
    options.exec = peer::exec{"sh", {"-c", "sleep 1000 & exec \"$0\" \"$@\"", node_program}};
    options.peer_down = peer::peer_down::crash;
    auto victim = start(sys, name, options);
    auto self = caf::scoped_actor{sys};
    self->monitor(victim.worker.actor());
    auto began = clock_type::now();
    kill(victim.process, SIGKILL);
    self->receive(
        [&](const caf::down_msg& down) {
          auto took = clock_type::now() - began;
          check(took < soon, "the end over " + name + " was told after " + caf::deep_to_string(caf::timespan{took}));
          auto ended = peer::failure_of(down.reason);
          auto status = ended && ended->status ? peer::shell_status(*ended->status) : -2;
          check(std::find(statuses.begin(), statuses.end(), status) != statuses.end(),
                "the end over " + name + " is told as: " + peer::describe(down.reason));
        },
        caf::after(patience) >> [&] { check(false, "the end over " + name + " was not told"); });
    check(look_until([&] { return group_is_gone(victim.process); }, soon),
          "the group of the peer over " + name + " lives");
    check(look_until([] { return !has_zombies(); }, soon), "there is a zombie after the end over " + name);
    kill(-victim.process, SIGKILL);
  }
}

/// A child of this program's own, which ends with status 3.
pid_t fork_child() {
  auto result = fork();
  if (result == 0)
    _exit(3);
  return result;
}

// -- signals and children ---------------------------------------------------------------------------------------------

std::atomic<int> deaths = 0;

void count_death(int) {
  ++deaths;
}

void count_deaths(caf::actor_system& sys) {
  struct sigaction mine = {};
  mine.sa_handler = count_death;
  mine.sa_flags = SA_RESTART;
  sigaction(SIGCHLD, &mine, nullptr);
  auto peers = start_all(sys);
  for (auto round = 0; round < 2; ++round) {
    auto before = deaths.load();
    auto status = 0;
    auto child = fork_child();
    check(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3, "a child of this program's own got lost");
    check(look_until([&] { return deaths > before; }), "the handler was not called for a child of this program's own");
    check_kills(sys, {137}); // the second round comes after ends of peers
  }
  struct sigaction now = {};
  sigaction(SIGCHLD, nullptr, &now);
  check(now.sa_handler == count_death, "the handler is not installed any more");
  for (auto& x : peers)
    check(stop(x).status->how == peer::exit_status::kind::exited, "the status of a stopped peer is unknown");
}

void ignore_children(caf::actor_system& sys) {
  std::signal(SIGCHLD, SIG_IGN);
  check_kills(sys, {peer::test::kernel_keeps_statuses() ? 137 : -1});
  for (auto& x : start_all(sys))
    stop(x);
  check(std::signal(SIGCHLD, SIG_IGN) == SIG_IGN, "SIGCHLD is not ignored any more");
}

void reap_everything(caf::actor_system& sys) {
  auto enough = std::atomic<bool>{false};
  auto reaper = std::thread{[&] {
    while (!enough)
      if (waitpid(-1, nullptr, 0) < 0)
        std::this_thread::sleep_for(1ms); // there are no children
  }};
  check_kills(sys, {-1, 137}); // who is first is chance
  for (auto& x : start_all(sys))
    stop(x);
  enough = true;
  reaper.join();
}

// -- forks ------------------------------------------------------------------------------------------------------------

/// A copy of this program that does nothing and holds every descriptor open.
pid_t fork_copy() {
  auto result = fork();
  if (result == 0)
    for (;;)
      pause();
  return result;
}

void fork_copies(caf::actor_system& sys) {
  auto peers = start_all_and_erl(sys);
  auto copy = fork_copy();
  for (auto& x : peers)
    stop(x);
  check(kill(copy, 0) == 0, "the copy of this program is gone");
  kill(copy, SIGKILL);
  waitpid(copy, nullptr, 0);
}

/// Says "peer PID CONNECTION" for each peer, "copy PID" and "host PID", and waits to be killed.
void wait_for_death(caf::actor_system& sys) {
  auto peers = start_all_and_erl(sys);
  std::cout.flush();
  auto copy = fork_copy();
  for (auto& x : peers)
    std::cout << "peer " << x.process << " " << x.what << "\n";
  std::cout << "copy " << copy << "\nhost " << getpid() << std::endl;
  for (;;)
    pause();
}

// -- descriptors ------------------------------------------------------------------------------------------------------

void allow_many_descriptors(caf::actor_system& sys) {
  auto limit = rlimit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  auto most = rlimit{1 << 20, 1 << 20}; // what kernels allow by default
  if (setrlimit(RLIMIT_NOFILE, &most) != 0) {
    limit.rlim_cur = limit.rlim_max;
    check(setrlimit(RLIMIT_NOFILE, &limit) == 0, "cannot raise the limit of descriptors");
  }
  for (auto& x : start_all(sys)) {
    check_answers(x);
    stop(x);
  }
}

/// Starts peers until that fails.
std::vector<running_peer> start_until_failure(caf::actor_system& sys, const std::string& name) {
  auto result = std::vector<running_peer>{};
  while (result.size() < 100) {
    auto worker = peer::start(sys, node_over(kinds.at(name)));
    if (!worker) {
      auto text = peer::describe(worker.error());
      check(worker.error() == peer::errc::boot_failed, "over " + name + " the error is another one: " + text);
      check(text.find("Too many open files") != text.npos, "over " + name + " the error says something else: " + text);
      return result;
    }
    auto process = value_of(worker->get_state(), "no state over " + name).process_id.value_or(0);
    result.push_back({name, *worker, static_cast<pid_t>(process)});
  }
  check(false, "over " + name + " a hundred peers start");
  return result;
}

void allow_few_descriptors(caf::actor_system& sys) {
  stop(start(sys, "inherited", node_over(peer::inherited{}))); // the loop has its descriptors now
  auto before = count_entries("/proc/self/fd");
  auto limit = rlimit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = 40;
  check(setrlimit(RLIMIT_NOFILE, &limit) == 0, "cannot lower the limit of descriptors");
  for (auto& [name, kind] : kinds) {
    auto most = std::size_t{0};
    for (auto round = 0; round < 3; ++round) {
      auto peers = start_until_failure(sys, name);
      check(peers.size() > 2, "over " + name + " only " + std::to_string(peers.size()) + " peers start");
      check(peers.size() >= most, "over " + name + " fewer peers start than before");
      most = peers.size();
      check(peer::test::children().size() == most, "a peer over " + name + " that did not start was left");
      for (auto& x : peers)
        check_answers(x);
      for (auto& x : peers)
        stop(x);
      check(look_until([&] { return count_entries("/proc/self/fd") == before; }), "descriptors over " + name + " leak");
    }
  }
}

// -- actor systems and threads ----------------------------------------------------------------------------------------

void have_several_systems(caf::actor_system& first) {
  auto config = caf::actor_system_config{};
  auto second = std::make_optional<caf::actor_system>(config);
  auto third = std::make_optional<caf::actor_system>(config);
  auto firsts = start_all(first);
  auto seconds = start_all(*second);
  auto thirds = start_all(*third);
  second.reset();
  for (auto& x : seconds)
    check(look_until([&] { return group_is_gone(x.process); }), "a peer of the second system has outlived it");
  for (auto& x : firsts)
    check_answers(x);
  second.emplace(config);
  for (auto& x : start_all(*second))
    check_answers(x);
  for (auto& x : thirds)
    stop(x);
  third.reset();
  for (auto& x : firsts)
    stop(x);
}

void have_systems_in_turn(caf::actor_system& first) {
  stop(start(first, "inherited", node_over(peer::inherited{}))); // the guardian has its descriptor now
  auto threads = count_entries("/proc/self/task");
  auto descriptors = count_entries("/proc/self/fd");
  auto config = caf::actor_system_config{};
  for (auto round = 0; round < 50; ++round) {
    auto kind = std::next(kinds.begin(), round % 3);
    auto process = pid_t{0};
    {
      auto sys = caf::actor_system{config};
      auto x = start(sys, kind->first, node_over(kind->second));
      check_answers(x);
      process = x.process;
    }
    check(group_is_gone(process), "a peer has outlived its system");
  }
  check(count_entries("/proc/self/fd") == descriptors, "descriptors leak");
  check(look_until([&] { return count_entries("/proc/self/task") == threads; }), "threads leak");
}

void use_threads(caf::actor_system& sys) {
  auto shared = start_all(sys);
  auto threads = std::vector<std::future<void>>{};
  for (auto i = 0; i < 8; ++i)
    threads.push_back(std::async(std::launch::async, [&, i] {
      auto kind = std::next(kinds.begin(), i % 3);
      auto mine = start(sys, kind->first, node_over(kind->second));
      for (auto round = 0; round < 50; ++round) {
        check_answers(mine);
        check_answers(shared[static_cast<std::size_t>(round) % shared.size()]);
      }
      stop(mine);
    }));
  for (auto& x : threads)
    x.get();
  for (auto& x : shared)
    stop(x);
}

// -- directory and environment ----------------------------------------------------------------------------------------

void move(caf::actor_system& sys) {
  auto directory_of = [](const running_peer& x) {
    return std::filesystem::read_symlink("/proc/" + std::to_string(x.process) + "/cwd");
  };
  auto variable_of = [](const running_peer& x) {
    return value_of(x.worker.call<peer::term>("os", "getenv", "LIBPEER_HOST_VARIABLE"), "no variable");
  };
  auto before = std::filesystem::current_path();
  unsetenv("LIBPEER_HOST_VARIABLE");
  auto early = start_all(sys);
  chdir("/") == 0 ? void() : std::abort();
  setenv("LIBPEER_HOST_VARIABLE", "later", 1);
  for (auto& x : start_all(sys)) {
    check(directory_of(x) == "/", "a later peer over " + x.what + " runs in another directory");
    check(to_string(variable_of(x)).find("false") == std::string::npos,
          "a later peer over " + x.what + " lacks the variable");
    stop(x);
  }
  clearenv();
  for (auto& x : early) {
    check(directory_of(x) == before, "an early peer over " + x.what + " has moved");
    check(to_string(variable_of(x)) == "false", "an early peer over " + x.what + " has the variable");
    stop(x);
  }
  for (auto& x : start_all(sys)) // without any environment
    stop(x);
}

/// One thread changes the environment without pause while a supervisor restarts a child.
void change_environment(caf::actor_system& sys) {
  auto spec = peer::supervisor_spec{.flags = {.intensity = 1000}};
  spec.children.push_back({.id = "worker", .start = node_over(peer::inherited{})});
  auto tree = value_of(peer::start_supervisor(sys, std::move(spec)), "the tree");
  auto worker = value_of(tree.child("worker"), "the child");
  auto over = std::atomic<bool>{false};
  auto changes = std::thread{[&over] {
    for (auto i = 0; !over; ++i) {
      auto name = "LIBPEER_HOST_" + std::to_string(i % 1000);
      i % 2000 < 1000 ? setenv(name.c_str(), "value", 1) : unsetenv(name.c_str());
    }
  }};
  for (auto i = 0; i < 50; ++i) {
    auto before = value_of(worker.info(), "the state of the child");
    kill(static_cast<pid_t>(before.process_id.value()), SIGKILL);
    auto is_up_again = [&] {
      auto now = value_of(worker.info(), "the state of the child");
      return now.generation > before.generation && now.process_id;
    };
    check(look_until(is_up_again, patience), "the child was not restarted");
  }
  over = true;
  changes.join();
  check(!tree.stop(), "the tree does not stop");
}

const auto modes = std::map<std::string_view, void (*)(caf::actor_system&)>{
    {"counts_deaths", count_deaths},
    {"ignores_children", ignore_children},
    {"reaps_everything", reap_everything},
    {"forks", fork_copies},
    {"forks_and_is_killed", wait_for_death},
    {"has_many_descriptors", allow_many_descriptors},
    {"has_few_descriptors", allow_few_descriptors},
    {"has_several_systems", have_several_systems},
    {"has_systems_in_turn", have_systems_in_turn},
    {"uses_threads", use_threads},
    {"moves", move},
    {"changes_environment", change_environment},
};

} // namespace

int main(int count, char** arguments) {
  if (count != 3 || !modes.contains(arguments[1]))
    return 2;
  node_program = arguments[2];
  peer::init_global_meta_objects();
  caf::core::init_global_meta_objects();
  auto config = caf::actor_system_config{};
  config.set("caf.scheduler.policy", "sharing");
  {
    auto sys = caf::actor_system{config};
    modes.at(arguments[1])(sys);
  }
  check(peer::test::children().empty(), "children were left");
  return all_good ? 0 : 1;
}
