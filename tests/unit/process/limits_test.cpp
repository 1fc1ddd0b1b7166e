// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// What a process may use, and the CPUs that it runs on.

#define CAF_SUITE peer.process.limits

#include "process/kernel_limits.hpp"
#include "tests/unit/process/subprocess_fixture.hpp"

using namespace std::literals;
using namespace peer::test;

namespace {

peer::internal::process::spawn_options limited(std::string script, peer::resource_limits limits) {
  auto result = shell(std::move(script));
  result.process.limits = limits;
  return result;
}

peer::internal::process::spawn_options pinned_to(std::vector<int> cpus, std::string script) {
  auto result = shell(std::move(script));
  result.process.cpu_affinity = std::move(cpus);
  return result;
}

/// The CPUs that a process may use, as the kernel writes them.
constexpr auto print_cpus = "sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status";

} // namespace

CAF_TEST_FIXTURE_SCOPE(limits_tests, subprocess_fixture)

// -- limits -----------------------------------------------------------------------------------------------------------

CAF_TEST(the process and what it starts have the limits) {
  constexpr auto limits = peer::resource_limits{.address_space = 512 << 20, .cpu_time = 77s, .open_files = 33};
  constexpr auto print = "for each in -v -t -n; do ulimit -S $each; ulimit -H $each; done";
  constexpr auto expected = "524288\n524288\n77\n78\n33\n33\n"; // address space in KiB
  CAF_CHECK_EQUAL(output_of(limited(print, limits)), expected);
  CAF_CHECK_EQUAL(output_of(limited("sh -c '"s + print + "'", limits)), expected);
}

CAF_TEST(without limits the process has those of the caller) {
  auto ours = std::ifstream{"/proc/self/limits"};
  auto text = std::string{std::istreambuf_iterator<char>{ours}, {}};
  CAF_CHECK_EQUAL(output_of(shell("cat /proc/self/limits")), text);
}

CAF_TEST(the limits of the caller stay what they are) {
  auto before = rlimit{};
  auto after = rlimit{};
  getrlimit(RLIMIT_NOFILE, &before);
  output_of(limited("true", {.open_files = 33}));
  getrlimit(RLIMIT_NOFILE, &after);
  CAF_CHECK_EQUAL(before.rlim_cur, after.rlim_cur);
  CAF_CHECK_EQUAL(before.rlim_max, after.rlim_max);
}

CAF_TEST(a process may have fewer descriptors than its streams took to be made) {
  no_descriptors scope;
  scope.give_back(20); // high numbers, all of them above the limit
  CAF_CHECK_EQUAL(output_of(limited("ulimit -n", {.open_files = 8})), "8\n");
}

CAF_TEST(a limit that the system refuses is an error that names it) {
  constexpr auto more_than_nr_open = std::uint64_t{1} << 40;
  CAF_CHECK_EQUAL(output_of(limited("true", {.address_space = 1 << 30, .open_files = more_than_nr_open})),
                  "cannot limit open_files of '/bin/sh' to 1099511627776 (option limits): Operation not permitted");
}

CAF_TEST(SIGXCPU ends a process when its CPU time is over) {
  auto result = unbox(run(limited("ulimit -c 0; while :; do :; done", {.cpu_time = 1s})));
  CAF_CHECK_EQUAL(to_string(result.status), "killed by signal 24 (SIGXCPU)");
}

CAF_TEST(SIGKILL ends a process that ignores SIGXCPU) {
  auto result = unbox(run(limited("trap '' XCPU; while :; do :; done", {.cpu_time = 1s})));
  CAF_CHECK_EQUAL(to_string(result.status), "killed by signal 9 (SIGKILL)");
}

// -- CPUs -------------------------------------------------------------------------------------------------------------

CAF_TEST(the process runs on the CPUs that were named) {
  auto all = peer::internal::process::usable_cpus();
  CAF_REQUIRE(!all.empty());
  for (auto cpu : all)
    CAF_CHECK_EQUAL(output_of(pinned_to({cpu}, print_cpus)), std::to_string(cpu) + "\n");
  CAF_CHECK_EQUAL(output_of(pinned_to(all, print_cpus)), output_of(shell(print_cpus)));
}

CAF_TEST(CPUs that are not there are an error that names them) {
  CAF_CHECK_EQUAL(output_of(pinned_to({100000, 100001}, "true")),
                  "cannot let '/bin/sh' run on the CPUs 100000, 100001 (option cpu_affinity): Invalid argument");
}

CAF_TEST(a mask has a bit for each CPU) {
  CAF_CHECK(peer::internal::process::to_cpu_mask({}).empty());
  CAF_CHECK(peer::internal::process::to_cpu_mask({3, 0}) == peer::internal::process::cpu_mask{0b1001});
  CAF_CHECK(peer::internal::process::to_cpu_mask({64, 63}) == (peer::internal::process::cpu_mask{1UL << 63, 1}));
}

CAF_TEST_FIXTURE_SCOPE_END()
