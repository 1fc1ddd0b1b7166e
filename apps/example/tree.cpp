// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// A service whose parts are kept running: a C++ peer, an Erlang node, and functions of this process.

#include "job.hpp"
#include "peer/functions.hpp"
#include "peer/peer.hpp"
#include "peer/supervisor.hpp"
#include "value_of.hpp"

#include "caf/all.hpp"

#include <filesystem>
#include <iostream>
#include <stdexcept>

namespace {

using namespace std::chrono_literals;

void run(caf::actor_system& sys, const std::string& worker_program) {
  auto rates = peer::functions{};
  rates.function("rates", "convert", [](double amount) { return amount * 1.1; });

  auto tree = value_of(peer::start_supervisor(
      sys, {.flags = {.strategy = peer::restart_strategy::one_for_one, .intensity = 3, .period = 10s},
            .children = {
                {.id = "rates", .start = rates.in_process()},
                {.id = "text", .start = peer::start_options{.exec = peer::exec{worker_program}}},
                {.id = "store", .start = peer::start_options{.exec = peer::exec{"erl"}}},
            }}));

  // A child's handle outlives its restarts. Callers need not know where the child runs.
  auto text = value_of(tree.child("text"));
  auto price = value_of(value_of(tree.child("rates")).call<double>("rates", "convert", 20.0));
  std::cout << "20 is " << price << std::endl;

  // The peer crashes; a call that is willing to wait reaches the next one.
  auto lost = text.call<void>("text", "shred");
  std::cout << peer::describe(lost.error()) << std::endl;
  auto found = value_of(text.waiting(5s).call<report>("text", "analyse", job{1, "restarted and well"}));
  std::cout << found.words << " words, by generation " << value_of(text.info()).generation << std::endl;

  if (auto failed = tree.stop()) // in reverse order; nothing is left when it returns
    throw std::runtime_error{peer::describe(failed)};
}

} // namespace

int caf_main(caf::actor_system& sys) {
  try {
    run(sys, std::filesystem::read_symlink("/proc/self/exe").replace_filename("example_worker"));
    return 0;
  } catch (const std::exception& err) {
    std::cerr << "tree: " << err.what() << '\n';
    return 1;
  }
}

CAF_MAIN(caf::id_block::libpeer, caf::id_block::example)
