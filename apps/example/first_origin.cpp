// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/peer.hpp"

#include "caf/all.hpp"

#include <iostream>
#include <string>

int caf_main(caf::actor_system& sys) {
  auto worker = peer::start(sys, {.exec = peer::exec{"./first_worker"}});
  if (!worker) {
    std::cerr << peer::describe(worker.error()) << std::endl;
    return 1;
  }
  auto sum = worker->call<int>("math", "add", 20, 22); // waits for the answer, 5 s at most
  peer::flush_console(sys);                            // what the worker has printed comes first
  std::cout << "origin: " << (sum ? std::to_string(*sum) : peer::describe(sum.error())) << std::endl;
  auto report = worker->stop(); // returns when the process has ended
  if (report && report->status)
    std::cout << "origin: the worker " << to_string(*report->status) << std::endl;
  return sum && report ? 0 : 1;
}

CAF_MAIN()
