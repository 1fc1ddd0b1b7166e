// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/peer.hpp"

#include "caf/all.hpp"

#include <iostream>

namespace {

/// Prints the error and ends the program as failed.
[[noreturn]] void fail(const caf::error& why) {
  std::cerr << peer::describe(why) << '\n';
  std::exit(1);
}

} // namespace

void caf_main(caf::actor_system& sys) {
  auto point = peer::parse_term("{point, [1, 2, 3]}.");
  if (!point)
    fail(point.error());
  std::cout << "parsed: " << to_string(*point) << std::endl;

  auto worker = peer::start(sys, {.exec = peer::exec("erl"), .connection = peer::standard_io{}});
  if (!worker)
    fail(worker.error());
  auto reversed = worker->call<std::vector<int>>("lists", "reverse", std::vector<int>{1, 2, 3});
  if (!reversed)
    fail(reversed.error());
  std::cout << "reversed: " << caf::deep_to_string(*reversed) << std::endl;

  auto report = worker->stop();
  if (!report)
    fail(report.error());
  std::cout << "stopped: " << to_string(report->ended_by) << std::endl;
}

CAF_MAIN(caf::id_block::libpeer)
