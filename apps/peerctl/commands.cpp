// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "commands.hpp"
#include "call_failure.hpp"
#include "control_socket.hpp"
#include "screen.hpp"
#include "signals.hpp"
#include "table.hpp"

#include "caf/all.hpp"

#include <ctime>
#include <iostream>

#include <unistd.h>

namespace peerctl {

namespace {

// -- output -----------------------------------------------------------------------------------------------------------

int complain(const caf::error& err, int status) {
  std::cerr << "peerctl: " << peer::describe(err) << '\n';
  return status;
}

/// Prints an exception of the called function as the term that it is.
int complain(int status, const std::string& text) {
  std::cerr << (status == raised ? "" : "peerctl: ") << text << '\n';
  return status;
}

/// Prints the processes that a peer has left behind.
void complain_about_survivors(const std::vector<peer::survivor>& survivors) {
  for (auto& each : survivors)
    std::cerr << "peerctl: the peer left process " << each.id << " behind: " << each.command << '\n';
}

/// Starts a peer and prints which of its limits are off.
caf::expected<peer::handle> start_peer(caf::actor_system& sys, const peer::start_options& options) {
  auto worker = peer::start(sys, options);
  if (!worker || (!options.process.limits.memory && !options.process.limits.processes))
    return worker;
  if (auto state = worker->get_state())
    for (auto& each : state->limits_off)
      std::cerr << "peerctl: no limit of " << each << '\n';
  return worker;
}

void stop(const peer::handle& worker) {
  if (auto report = worker.stop())
    complain_about_survivors(report->survivors);
}

/// Prints why a call failed.
int complain_about_call(const caf::error& err) {
  auto failure = call_failure_of(err);
  return complain(failure.status, failure.text);
}

// -- shell ------------------------------------------------------------------------------------------------------------

/// Evaluates one line and prints the result. Returns false if the peer has ended.
bool shell_line(caf::actor_system& sys, const peer::handle& worker, const std::string& line) {
  if (line.find_first_not_of(" \t\r") == std::string::npos)
    return true;
  auto what = peer::parse_call(line);
  if (!what) {
    std::cerr << "** " << peer::describe(what.error()) << '\n';
    return true;
  }
  auto result = worker.apply(what->module.name(), what->function.name(), what->arguments);
  if (result) {
    peer::flush_console(sys);
    std::cout << peer::to_string(*result) << std::endl;
    return true;
  }
  auto& err = result.error();
  if (err != peer::errc::timeout && err != peer::errc::bad_term && !peer::exception_of(err)) {
    complain(err, went_down);
    return false;
  }
  std::cerr << "** " << (peer::exception_of(err) ? peer::to_string(peer::to_reason(err)) : peer::describe(err)) << '\n';
  return true;
}

} // namespace

int call(caf::actor_system& sys, const request& what) {
  auto worker = start_peer(sys, what.start);
  if (!worker)
    return complain(worker.error(), not_started);
  auto result = worker->within(what.timeout).apply(what.module, what.function, what.terms);
  peer::flush_console(sys);
  auto status = int{done};
  if (result)
    std::cout << peer::to_string(*result) << std::endl;
  else
    status = complain_about_call(result.error());
  stop(*worker);
  return status;
}

int cast(caf::actor_system& sys, const request& what) {
  auto worker = start_peer(sys, what.start);
  if (!worker)
    return complain(worker.error(), not_started);
  if (auto err = worker->apply_cast(what.module, what.function, what.terms))
    return complain(err, usage);
  // Messages arrive in their order: when this is answered, the function has been started.
  static_cast<void>(worker->call<void>("erlang", "node"));
  stop(*worker);
  return done;
}

int run(caf::actor_system& sys, const request& what) {
  auto options = what.start;
  options.input = peer::descriptor_input(STDIN_FILENO);
  options.peer_down = peer::peer_down::crash; // then the exit reason has the status
  auto worker = start_peer(sys, options);
  if (!worker)
    return complain(worker.error(), run_not_started);
  auto self = caf::scoped_actor{sys};
  self->monitor(worker->actor());
  auto stopped = std::optional<peer::stop_report>{};
  auto reason = caf::error{};
  {
    auto watch = signal_watch{{SIGINT, SIGTERM}, [&](int) {
                                if (auto report = worker->stop())
                                  stopped = *report;
                              }};
    self->receive([&](const caf::down_msg& down) { reason = down.reason; });
  }
  peer::flush_console(sys);
  auto details = peer::failure_of(reason);
  auto status = stopped ? stopped->status : details ? details->status : std::nullopt;
  if (!status || reason == peer::errc::boot_failed)
    return complain(reason, run_not_started);
  complain_about_survivors(stopped ? stopped->survivors : details->survivors);
  return peer::shell_status(*status);
}

int shell(caf::actor_system& sys, const request& what) {
  auto worker = start_peer(sys, what.start);
  if (!worker)
    return complain(worker.error(), not_started);
  auto interactive = isatty(STDIN_FILENO) != 0;
  auto line = std::string{};
  for (auto number = 1;; ++number) {
    if (interactive)
      std::cout << number << "> " << std::flush;
    if (!std::getline(std::cin, line))
      break;
    if (!shell_line(sys, *worker, line))
      return went_down;
  }
  stop(*worker);
  return done;
}

int ask_tree(const request& what) {
  auto question = control_request{.command = what.what,
                                  .path = what.child,
                                  .module = what.module,
                                  .function = what.function,
                                  .arguments = what.terms,
                                  .timeout = what.timeout,
                                  .wait = what.wait};
  auto answer = ask_socket(what.socket.empty() ? default_socket() : what.socket, question);
  if (!answer)
    return complain(answer.error(), not_started);
  if (answer->status != done)
    return complain(answer->status, answer->text);
  if (what.what == "status")
    for (auto& line : table_lines(answer->children, std::time(nullptr), terminal_width()))
      std::cout << line << '\n';
  else if (!answer->text.empty())
    std::cout << answer->text << '\n';
  std::cout.flush();
  return done;
}

} // namespace peerctl
