// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "arguments.hpp"
#include "commands.hpp"
#include "signals.hpp"

#include "../standard_streams.hpp"
#include "peer/peer.hpp"
#include "peer/program.hpp"

#include "caf/all.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <system_error>

namespace {

/// CAF calls `std::terminate` if the system cannot start a thread of an actor system.
[[noreturn]] void refuse_without_threads() {
  std::fputs("peerctl: the system cannot start the threads of peerctl\n", stderr);
  std::_Exit(peerctl::not_started);
}

int carry_out(caf::actor_system& sys, const peerctl::request& what) {
  switch (what.command) {
  case peerctl::command::call:
    return peerctl::call(sys, what);
  case peerctl::command::cast:
    return peerctl::cast(sys, what);
  case peerctl::command::run:
    return peerctl::run(sys, what);
  case peerctl::command::shell:
    return peerctl::shell(sys, what);
  case peerctl::command::supervise:
    return peerctl::supervise(sys, what);
  case peerctl::command::ask:
    break;
  }
  return peerctl::usage;
}

} // namespace

int main(int argc, char** argv) {
  programs::open_standard_streams();
  peer::reset_signals();
  std::signal(SIGPIPE, SIG_IGN); // a failed write is reported
  peer::raise_descriptor_limit();
  peer::init_global_meta_objects();
  caf::core::init_global_meta_objects();
  auto parsed = peerctl::parse_arguments(argc, argv);
  if (auto end = std::get_if<peerctl::finished>(&parsed))
    return end->status == peerctl::done ? peerctl::print_result(end->text) : peerctl::end_with(end->status, end->text);
  auto& what = std::get<peerctl::request>(parsed);
  if (what.command == peerctl::command::ask)
    return peerctl::ask_tree(what);
  if (what.command == peerctl::command::supervise)
    std::signal(SIGHUP, SIG_DFL); // has the file read again, also under nohup(1)
  peerctl::block_signals({SIGINT, SIGTERM, SIGHUP, SIGQUIT});
  if (what.command == peerctl::command::supervise)
    peerctl::block_signals({SIGTSTP});
  peer::reap_orphans(); // starts a thread, which inherits what is blocked
  auto config = caf::actor_system_config{};
  // Work stealing polls: it costs latency and idle CPU here (docs/design.md).
  config.set("caf.scheduler.policy", "sharing");
  auto handler = std::set_terminate(refuse_without_threads);
  auto sys = caf::actor_system{config};
  std::set_terminate(handler);
  try {
    return carry_out(sys, what);
  } catch (const std::system_error& why) { // no descriptors for its signals, or no thread
    auto status = what.command == peerctl::command::run ? peerctl::run_not_started : int{peerctl::not_started};
    return peerctl::end_with(status, std::string{"peerctl: "} + why.what());
  }
}
