// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "commands.hpp"
#include "ask_socket.hpp"
#include "call_failure.hpp"
#include "error_text.hpp"
#include "line_input.hpp"
#include "peer_session.hpp"
#include "ready_output.hpp"
#include "screen.hpp"
#include "socket_path.hpp"
#include "table.hpp"

#include "caf/all.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <string>
#include <utility>

#include <unistd.h>

namespace peerctl {

namespace {

/// Ends a command whose peer did not start.
int not_booted(peer_session& session, const caf::error& why, int status) {
  if (session.interrupted() == 0)
    session.complain("peerctl: " + error_text(why));
  return session.status(status);
}

// -- shell ------------------------------------------------------------------------------------------------------------

/// Evaluates one line and prints the result. Returns whether the peer lives.
bool shell_line(peer_session& session, const std::string& line) {
  if (line.find_first_not_of(" \t\r") == std::string::npos)
    return true;
  auto what = peer::parse_call(line);
  if (!what) {
    session.complain("** " + peer::describe(what.error()));
    return true;
  }
  auto result = session.worker().apply(what->module.name(), what->function.name(), what->arguments);
  session.flush();
  if (result) {
    session.print(peer::to_string(*result) + "\n");
    return true;
  }
  auto& err = result.error();
  if (peer::failure_of(err) != nullptr || err == peer::errc::noproc || err == peer::errc::noconnection)
    return false;
  session.complain("** " + (peer::exception_of(err) ? peer::to_string(peer::to_reason(err)) : peer::describe(err)));
  return true;
}

/// Evaluates lines up to the end of the input. Returns whether the peer lives.
bool shell_lines(peer_session& session) {
  auto interactive = isatty(STDIN_FILENO) != 0;
  auto input = line_input{STDIN_FILENO, session.wake_up()};
  for (auto number = 1; session.interrupted() == 0; ++number) {
    if (interactive)
      session.print(std::to_string(number) + "> ");
    auto line = input.next();
    if (!line)
      return !input.was_interrupted();
    if (!shell_line(session, *line))
      return false;
  }
  return true;
}

} // namespace

int call(caf::actor_system& sys, const request& what) {
  auto session = peer_session{sys};
  if (auto err = session.start(what.start))
    return not_booted(session, err, not_started);
  auto result = session.worker().within(what.timeout).apply(what.module, what.function, what.terms);
  session.flush();
  auto status = int{done};
  if (result) {
    session.print(peer::to_string(*result) + "\n");
  } else if (session.interrupted() == 0) {
    auto failure = call_failure_of(result.error());
    session.complain((failure.status == raised ? "" : "peerctl: ") + failure.text);
    status = failure.status;
  }
  session.stop();
  return session.status(status);
}

int cast(caf::actor_system& sys, const request& what) {
  auto session = peer_session{sys};
  if (auto err = session.start(what.start))
    return not_booted(session, err, not_started);
  auto err = session.worker().apply_cast(what.module, what.function, what.terms);
  if (err)
    session.complain("peerctl: " + error_text(err));
  else // messages arrive in their order: when this is answered, the function has been started
    static_cast<void>(session.worker().call<void>("erlang", "node"));
  session.stop();
  session.flush();
  return session.status(err ? usage : done);
}

int run(caf::actor_system& sys, const request& what) {
  auto session = peer_session{sys};
  auto options = what.start;
  options.input = peer::descriptor_input(STDIN_FILENO);
  if (auto err = session.start(std::move(options)))
    return not_booted(session, err, run_not_started);
  auto reason = session.await_end();
  session.flush();
  auto status = session.exit_status();
  if (!status || reason == peer::errc::boot_failed)
    return not_booted(session, reason, run_not_started);
  if (session.interrupted() != SIGPIPE && session.status(done) == output_failed)
    return run_not_started;
  return session.interrupted() == SIGPIPE ? session.status(done) : peer::shell_status(*status);
}

int shell(caf::actor_system& sys, const request& what) {
  auto session = peer_session{sys};
  if (auto err = session.start(what.start))
    return not_booted(session, err, not_started);
  if (shell_lines(session)) {
    session.stop();
    return session.status(done);
  }
  auto reason = session.await_end();
  session.flush();
  if (session.interrupted() == 0)
    session.complain("peerctl: " + (reason ? error_text(reason) : std::string{"the peer has ended"}));
  return session.status(went_down);
}

// -- commands without a peer ------------------------------------------------------------------------------------------

int end_with(int status, const std::string& complaint) {
  write_all(STDERR_FILENO, complaint + "\n");
  return status;
}

int print_result(const std::string& text) {
  auto failed = write_all(STDOUT_FILENO, text);
  if (failed == 0)
    return done;
  if (failed == EPIPE)
    return 128 + SIGPIPE;
  return end_with(output_failed, std::string{"peerctl: cannot write to standard output: "} + std::strerror(failed));
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
    return end_with(answer.error() == peer::errc::timeout && what.what == "call" ? timed_out : not_started,
                    "peerctl: " + peer::describe(answer.error()));
  if (answer->status != done) // an exception is printed as the term that it is
    return end_with(answer->status, (answer->status == raised ? "" : "peerctl: ") + answer->text);
  auto text = answer->text.empty() ? "" : answer->text + "\n";
  if (what.what == "status")
    for (auto& line : table_lines(answer->children, std::time(nullptr), terminal_width()))
      text += line + "\n";
  return print_result(text);
}

} // namespace peerctl
