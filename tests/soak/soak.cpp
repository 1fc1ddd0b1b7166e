// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Starts, calls, stops and kills peers at random from many threads, checks each outcome, and finally that nothing is
// left: no process, no descriptor, no memory.
//
//     soak PEER_NODE SECONDS [THREADS [SEED]]
//
// Prints each wrong outcome and a summary. The status is 1 if anything was wrong.

#include "peer/peer.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
extern "C" std::size_t __sanitizer_get_current_allocated_bytes(); // g++ has no header with it
#endif

namespace {

using namespace std::literals;

using clock_type = std::chrono::steady_clock;

/// Longer than anything takes on a machine that is busy with `THREADS` starts at once.
constexpr auto patience = caf::timespan{2min};

/// What pools and caches may have grown by after the start, in KiB: less than 4 bytes for each start of an hour's soak.
constexpr auto tolerated_memory = std::size_t{4096};

std::string node_program;

// -- outcomes ---------------------------------------------------------------------------------------------------------

std::atomic<std::size_t> wrong = 0;

void report_wrong(const std::string& scene, const std::string& what) {
  static std::mutex lock;
  auto guard = std::lock_guard{lock};
  ++wrong;
  std::cout << "WRONG " << scene << ": " << what << std::endl;
}

std::string text_of(const caf::error& err) {
  return err ? peer::describe(err) : "no error";
}

/// Whether the peer behind `err` ended with that status.
bool ended_with(const caf::error& err, peer::exit_status::kind how, int value) {
  auto* end = peer::failure_of(err);
  return end && end->status && end->status->how == how && end->status->value == value;
}

constexpr auto exited = peer::exit_status::kind::exited;
constexpr auto signaled = peer::exit_status::kind::signaled;

// -- scenes -----------------------------------------------------------------------------------------------------------

struct scene {
  const char* name;
  void (*play)(caf::actor_system&, const scene&, std::minstd_rand&);
};

peer::start_options options_for(std::string program, std::minstd_rand& random) {
  auto result = peer::start_options{.exec = peer::exec{std::move(program)}};
  result.output = peer::discard_output();
  result.wait_boot = patience;
  result.shutdown = patience;
  auto kinds = std::array<peer::connection_kind, 3>{peer::inherited{}, peer::standard_io{}, peer::tcp{}};
  result.connection = kinds[random() % kinds.size()];
  return result;
}

/// A running peer; nothing, and a complaint, if it did not start.
caf::expected<peer::handle> start_node(caf::actor_system& sys, const scene& self, std::minstd_rand& random) {
  auto result = peer::start(sys, options_for(node_program, random));
  if (!result)
    report_wrong(self.name, "not started: " + text_of(result.error()));
  return result;
}

void end_in_boot(caf::actor_system& sys, const scene& self, std::minstd_rand& random) {
  auto started = peer::start(sys, options_for("/bin/false", random));
  if (started)
    report_wrong(self.name, "/bin/false has booted");
  else if (!ended_with(started.error(), exited, 1))
    report_wrong(self.name, text_of(started.error()));
}

void no_program(caf::actor_system& sys, const scene& self, std::minstd_rand& random) {
  auto started = peer::start(sys, options_for("/no/such/program", random));
  auto* end = started ? nullptr : peer::failure_of(started.error());
  if (!end || end->error_number != ENOENT)
    report_wrong(self.name, started ? "started" : text_of(started.error()));
}

void call_and_stop(caf::actor_system& sys, const scene& self, std::minstd_rand& random) {
  auto node = start_node(sys, self, random);
  if (!node)
    return;
  auto calls = random() % 20;
  for (auto i = std::int64_t{0}; i < static_cast<std::int64_t>(calls); ++i) {
    auto echo = node->within(patience).call<std::int64_t>("peer_node", "echo", i);
    if (!echo || *echo != i)
      report_wrong(self.name, "call: " + (echo ? std::to_string(*echo) : text_of(echo.error())));
  }
  auto report = node->stop();
  if (!report)
    return report_wrong(self.name, "stop: " + text_of(report.error()));
  if (!report->status || report->status->how != exited || report->status->value != 0)
    report_wrong(self.name, "stop: " + caf::deep_to_string(*report));
}

/// A peer that is killed from outside while a call is in flight.
void killed_from_outside(caf::actor_system& sys, const scene& self, std::minstd_rand& random) {
  auto node = start_node(sys, self, random);
  if (!node)
    return;
  auto status = node->get_state();
  if (!status || !status->process_id)
    return report_wrong(self.name, "no process: " + (status ? "" : text_of(status.error())));
  auto killer = std::thread{[id = static_cast<pid_t>(*status->process_id)] { kill(id, SIGKILL); }};
  auto slept = node->within(caf::infinite).call<peer::atom>("timer", "sleep", peer::atom{"infinity"});
  killer.join();
  if (slept)
    return report_wrong(self.name, "the call was answered");
  auto late =
      slept.error() == peer::errc::noproc || slept.error() == peer::errc::noconnection; // killed before the call
  if (!late && !ended_with(slept.error(), signaled, SIGKILL))
    report_wrong(self.name, text_of(slept.error()));
}

void killed_by_handle(caf::actor_system& sys, const scene& self, std::minstd_rand& random) {
  auto node = start_node(sys, self, random);
  if (!node)
    return;
  auto report = node->kill();
  if (!report)
    return report_wrong(self.name, "kill: " + text_of(report.error()));
  if (!report->status || report->status->how != signaled || report->status->value != SIGKILL)
    report_wrong(self.name, "kill: " + caf::deep_to_string(*report));
}

/// A peer is stopped when the parent of its control actor ends.
void linked_parent_ends(caf::actor_system& sys, const scene& self, std::minstd_rand& random) {
  auto control = peer::control_actor{};
  auto watcher = caf::scoped_actor{sys};
  {
    auto parent = caf::scoped_actor{sys};
    auto node = peer::start_link(parent.ptr(), options_for(node_program, random));
    if (!node)
      return report_wrong(self.name, "not started: " + text_of(node.error()));
    control = node->actor();
    watcher->monitor(control);
  }
  watcher->receive([](const caf::down_msg&) {});
}

constexpr auto scenes = std::array{
    scene{"end in boot", end_in_boot},
    scene{"end in boot", end_in_boot},
    scene{"no program", no_program},
    scene{"call and stop", call_and_stop},
    scene{"call and stop", call_and_stop},
    scene{"killed from outside", killed_from_outside},
    scene{"killed by its handle", killed_by_handle},
    scene{"the parent ends", linked_parent_ends},
};

// -- what is left -----------------------------------------------------------------------------------------------------

std::size_t open_descriptors() {
  auto entries = std::filesystem::directory_iterator{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

/// Memory in KiB: what is resident or, with AddressSanitizer, which does not reuse what was freed, what is allocated.
std::size_t memory_in_use() {
#ifdef __SANITIZE_ADDRESS__
  return __sanitizer_get_current_allocated_bytes() / 1024;
#else
  auto pages = std::size_t{0};
  std::ifstream{"/proc/self/statm"} >> pages >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) / 1024;
#endif
}

std::size_t play(caf::actor_system& sys, std::size_t threads, unsigned seed, std::chrono::seconds time) {
  auto played = std::atomic<std::size_t>{0};
  auto end = clock_type::now() + time;
  auto workers = std::vector<std::thread>{};
  for (auto i = std::size_t{0}; i < threads; ++i)
    workers.emplace_back([&sys, &played, end, i, seed] {
      auto random = std::minstd_rand{seed * 1000 + static_cast<unsigned>(i) + 1};
      while (clock_type::now() < end) {
        auto& next = scenes[random() % scenes.size()];
        next.play(sys, next, random);
        ++played;
      }
    });
  for (auto& each : workers)
    each.join();
  return played;
}

int soak(caf::actor_system& sys, std::size_t threads, unsigned seed, std::chrono::seconds time) {
  auto warm = std::max(time / 10, std::chrono::seconds{2});
  auto played = play(sys, threads, seed, warm); // until every cache and pool has its size
  auto descriptors = open_descriptors();
  auto memory = memory_in_use();
  played += play(sys, threads, seed + 1, time - warm);
  auto more_descriptors = open_descriptors() - descriptors;
  auto more_memory = std::max(memory_in_use(), memory) - memory;
  auto left = waitpid(-1, nullptr, WNOHANG) != -1;
  if (left)
    report_wrong("end", "a process is left");
  if (more_descriptors != 0)
    report_wrong("end", std::to_string(more_descriptors) + " descriptors are left");
  if (more_memory > tolerated_memory)
    report_wrong("end", std::to_string(more_memory) + " KiB of memory are left");
  std::cout << "soak: " << played << " scenes in " << time.count() << " s from " << threads << " threads (seed " << seed
            << "), " << wrong << " wrong; " << descriptors << " descriptors before and after, " << memory << " KiB and "
            << more_memory << " more" << std::endl;
  return wrong == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: soak PEER_NODE SECONDS [THREADS [SEED]]\n";
    return 2;
  }
  node_program = argv[1];
  auto seconds = std::chrono::seconds{std::max(4, std::atoi(argv[2]))};
  auto threads = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 32;
  auto seed = argc > 4 ? static_cast<unsigned>(std::strtoul(argv[4], nullptr, 10)) : std::random_device{}() % 1000;
  auto config = caf::actor_system_config{};
  config.set("caf.scheduler.policy", "sharing");
  auto sys = caf::actor_system{config};
  return soak(sys, threads, seed, seconds);
}
