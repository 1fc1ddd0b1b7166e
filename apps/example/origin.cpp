// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "job.hpp"
#include "peer/peer.hpp"
#include "value_of.hpp"

#include "caf/all.hpp"

#include <array>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr auto names = std::array{"anna", "ben", "carla"};
constexpr auto texts = std::array{"what the worker prints appears here", "every peer ends exactly once",
                                  "structs are arguments and results"};

/// Starts three workers and an Erlang node, and lets all of them work.
void run(caf::actor_system& sys, const std::string& worker_program) {
  auto workers = std::vector<peer::handle>{};
  for (auto name : names) {
    auto options = peer::start_options{.name = name, .exec = peer::exec{worker_program}};
    options.connection = peer::inherited{};      // a private socket
    options.output = peer::console_output(true); // on this program's console, each line behind the peer's name
    workers.push_back(value_of(peer::start(sys, options)));
  }
  auto erlang = value_of(peer::start(sys, {.exec = peer::exec{"erl"}, .output = peer::console_output(true)}));
  std::cout << "origin: three C++ peers and an Erlang node run" << std::endl;

  // Calls: structs are arguments and results.
  auto counts = std::vector<std::int64_t>{};
  for (auto i = 0; i < 3; ++i) {
    auto found = value_of(workers[i].call<report>("text", "analyse", job{i, texts[i]}));
    peer::flush_console(sys); // what the worker has printed comes first
    std::cout << "origin: " << names[i] << " found " << found.words << " words, " << found.longest << " is the longest"
              << std::endl;
    counts.push_back(found.words);
  }
  auto total = value_of(erlang.call<int>("lists", "sum", counts));
  value_of(erlang.call<peer::atom>("io", "format", "~b words in all~n", std::vector{total}));

  // A message to a named actor.
  if (auto err = workers[0].send("journal", caf::make_message(job{7, "a note"})))
    throw std::runtime_error{peer::describe(err)};
  auto notes = value_of(workers[0].call<int>("journal", "count"));
  peer::flush_console(sys);
  std::cout << "origin: notes in anna's journal: " << notes << std::endl;

  // A peer that crashes: the caller learns at once how it ended.
  auto lost = workers[1].call<void>("text", "shred");
  std::cout << "origin: " << peer::describe(lost.error()) << std::endl;

  // stop() returns when the process is gone.
  for (auto& each : {workers[0], workers[2], erlang}) {
    auto how = value_of(each.stop());
    std::cout << "origin: " << each.node().name() << " has stopped (" << to_string(how.ended_by) << ")" << std::endl;
  }
}

} // namespace

int caf_main(caf::actor_system& sys) {
  peer::register_message_types<job>();
  try {
    run(sys, std::filesystem::read_symlink("/proc/self/exe").replace_filename("example_worker"));
    return 0;
  } catch (const std::exception& err) {
    std::cerr << "origin: " << err.what() << '\n';
    return 1;
  }
}

CAF_MAIN(caf::id_block::libpeer, caf::id_block::example)
