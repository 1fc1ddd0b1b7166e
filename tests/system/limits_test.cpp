// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// What a peer may use, and the CPUs that it runs on.

#define CAF_SUITE peer.system.limits

#include "hostile_fixture.hpp"
#include "process/kernel_limits.hpp"
#include "support/delegated_cgroup.hpp"

#include <csignal>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

using namespace peer::test;
using namespace std::literals;

using peer::atom;

namespace {

using strings = std::vector<std::string>;

/// The rest of the line that begins with that text in a file of /proc/PID, without blanks at its beginning.
std::string line_of(pid_t process, const std::string& file, const std::string& beginning) {
  auto in = std::ifstream{"/proc/" + std::to_string(process) + "/" + file};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(beginning)) {
      auto rest = line.find_first_not_of(" \t", beginning.size());
      return rest == std::string::npos ? "" : line.substr(rest);
    }
  return "no line in " + file;
}

struct fixture : hostile_fixture {
  /// A peer of each kind.
  std::vector<peer::start_options> both_kinds() const { return {node(peer::inherited{}), erl()}; }

  static strings limits_off(const peer::handle& worker) { return value_of(worker.get_state()).limits_off; }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(limits_tests, fixture)

CAF_TEST(a peer whose address space is too small does not boot) {
  for (auto& options : both_kinds()) {
    options.process.limits.address_space = 3 << 20;
    auto err = start_failure(options);
    CAF_CHECK_EQUAL(err, peer::errc::boot_failed);
    auto details = peer::failure_of(err);
    CAF_REQUIRE(details && details->status);
    CAF_CHECK_NOT_EQUAL(peer::shell_status(*details->status), 0);
    CAF_MESSAGE(peer::describe(err));
  }
}

CAF_TEST(a peer runs within its limits) {
  for (auto& options : both_kinds()) {
    options.process.limits = {.cpu_time = 3600s, .open_files = 100};
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) // which reserve terabytes
    options.process.limits.address_space = std::uint64_t{8} << 30;
#endif
    auto worker = start(options);
    CAF_CHECK(answers(worker));
    CAF_CHECK_EQUAL(limits_off(worker), strings{});
    auto limit = [id = process_of(worker)](const std::string& name) {
      auto line = line_of(id, "limits", name);
      auto in = std::istringstream{line};
      auto soft = std::string{}, hard = std::string{};
      in >> soft >> hard;
      return soft + " " + hard;
    };
    CAF_CHECK_EQUAL(limit("Max cpu time"), "3600 3601");
    CAF_CHECK_EQUAL(limit("Max open files"), "100 100");
    if (options.process.limits.address_space)
      CAF_CHECK_EQUAL(limit("Max address space"), "8589934592 8589934592");
    value_of(worker.stop());
  }
}

CAF_TEST(a limit that the system refuses is an error of the start) {
  auto options = node(peer::inherited{});
  options.process.limits.open_files = std::uint64_t{1} << 40;
  auto err = start_failure(options);
  CAF_CHECK_EQUAL(err, peer::errc::boot_failed);
  check_contains(peer::describe(err), "cannot limit open_files of '");
  check_contains(peer::describe(err), "to 1099511627776 (option limits): Operation not permitted");
}

CAF_TEST(the failure of a call tells that the CPU time was over) {
  auto options = erl();
  options.exec = peer::exec{"sh", {"-c", "ulimit -c 0; exec erl \"$@\"", "sh"}}; // without a core file
  options.process.limits.cpu_time = 2s;
  auto worker = start(options);
  auto result = try_evaluate(worker, "F = fun G() -> G() end, F()");
  CAF_REQUIRE(!result);
  auto details = peer::failure_of(result.error());
  CAF_REQUIRE(details && details->status);
  CAF_CHECK_EQUAL(peer::to_string(*details->status), "killed by signal 24 (SIGXCPU)");
  check_contains(peer::describe(result.error()), "SIGXCPU");
}

CAF_TEST(a program that burns its CPU time does not boot) {
  auto options = script("ulimit -c 0; while :; do :; done");
  options.process.limits.cpu_time = 1s;
  options.wait_boot = caf::timespan{patience};
  check_contains(peer::describe(start_failure(options)), "SIGXCPU");
}

CAF_TEST(a peer runs on the CPUs that were named) {
  for (auto& options : both_kinds()) {
    options.process.cpu_affinity = {peer::internal::process::usable_cpus().back()};
    auto worker = start(options);
    CAF_CHECK(answers(worker));
    CAF_CHECK_EQUAL(line_of(process_of(worker), "status", "Cpus_allowed_list:"),
                    std::to_string(options.process.cpu_affinity.front()));
    value_of(worker.stop());
  }
}

CAF_TEST(a peer does not run on the CPUs of the thread that starts it) {
  auto programs = line_of(getpid(), "status", "Cpus_allowed_list:");
  auto start_here = [&](const peer::start_options& options) {
    auto one = cpu_set_t{};
    CPU_SET(peer::internal::process::usable_cpus().back(), &one);
    pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
    auto worker = start(options);
    CAF_CHECK_EQUAL(line_of(process_of(worker), "status", "Cpus_allowed_list:"), programs);
    value_of(worker.stop());
  };
  for (auto i = 0; i < 5; ++i) // the first one's thread may not have been the one that started it
    std::thread{start_here, node(peer::inherited{})}.join();
}

CAF_TEST(what is no CPU is an error before anything is started) {
  auto options = node(peer::inherited{});
  options.process.cpu_affinity = {100000};
  CAF_CHECK_EQUAL(start_failure(options), peer::errc::invalid_option);
}

CAF_TEST(the state tells which limits are off) {
  auto options = node(peer::inherited{});
  options.process.limits = {.memory = 1 << 30, .processes = 1000};
  auto worker = start(options);
  CAF_CHECK(answers(worker));
  CAF_CHECK_EQUAL(limits_off(worker), (strings{"memory: there is no cgroup (option 'cgroup')",
                                               "processes: there is no cgroup (option 'cgroup')"}));
  auto state = value_of(worker.state());
  auto off = state.get_if<peer::erl::map>()->find(atom{"limits_off"});
  CAF_REQUIRE(off);
  check_contains(to_string(*off), "memory: there is no cgroup");
}

CAF_TEST(a cgroup limits what it has controllers for) {
  delegated_cgroup place;
  if (!place)
    return;
  auto available = std::string{};
  auto file = std::ifstream{place.path() + "/cgroup.controllers"};
  std::getline(file, available);
  auto options = node(peer::inherited{});
  options.process.limits = {.memory = 1 << 30, .processes = 1000};
  options.process.cgroup = place.path();
  auto worker = start(options);
  CAF_CHECK(answers(worker));
  auto off = limits_off(worker);
  auto expected = std::size_t{0};
  for (auto name : {"memory", "pids"})
    expected += (" " + available + " ").find(" "s + name + " ") == std::string::npos ? 1 : 0;
  CAF_CHECK_EQUAL(off.size(), expected);
  for (auto& each : off)
    std::cout << "off on this machine: " << each << "\n";
  value_of(worker.stop());
}

CAF_TEST_FIXTURE_SCOPE_END()
