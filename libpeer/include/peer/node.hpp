// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/convert.hpp"
#include "peer/detail/function.hpp"
#include "peer/failure.hpp"
#include "peer/function.hpp"
#include "peer/term.hpp"

#include "caf/actor.hpp"
#include "caf/expected.hpp"
#include "caf/fwd.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace peer {

/// Makes this program a peer: an origin, which may be a C++ program (`peer::start`) or an Erlang node (OTP's
/// `peer:start/1`), starts it, calls its functions, sends messages to its actors and receives its console output.
///
///     int main(int argc, char** argv) {
///       peer::node node{argc, argv};
///       node.function("math", "add", [](int a, int b) { return a + b; });
///       return node.run();
///     }
///
/// # Life
///
/// Make the node first of all: its constructor takes the connection over from the standard streams and the environment.
/// What has been added before `run` is there when the first call comes.
///
/// # End
///
/// How the process ends depends on whether it is asked to:
///
/// - **It is asked to stop**, by `init:stop` (an origin in C++ sends it by default, see `shutdown_default`), by
///   SIGTERM or by `stop`. New calls are refused with `exit:shutdown`. The stop tokens of functions that run are
///   triggered.
///   The functions may finish, and their results are sent. Then `run` returns, `main` goes on, destructors run and the
///   status is `main`'s. Functions that take longer than `peer.stop-timeout` are cut off (see `run`).
/// - **The connection ends**: the origin has died, or stops the node as OTP does by default (`shutdown_halt`,
///   `shutdown_close`). The node can no longer be reached. **The process ends at once with status 1, whatever its
///   threads do**, by `std::quick_exit`: functions that run are cut off, destructors do not run, functions registered
///   with `std::at_quick_exit` do.
/// - **`halt`** ends the process with its status in the same way, after it has sent what was printed.
///
/// # Console
///
/// What the program prints (standard output, line by line) reaches the origin on every connection, and standard error,
/// too. Standard input is empty; the origin's input is read with `get_line`.
///
/// # Threads
///
/// A call or cast runs at once, on a thread of the node. A function that returns soon delays the next one by as much
/// and costs no change of thread; from `defaults::takeover` on, other calls and all I/O go on beside it. So functions
/// must be prepared to run at the same time, and may block. They run with the signal mask that the node was made with.
/// `defaults::max_workers` of them run at the same time. Of those that wait, more than `peer.max-waiting-jobs` (a
/// setting of the actor system, default `defaults::max_waiting_jobs`), or than `peer.queue-limit` bytes of arguments,
/// are refused: calls with `error:system_limit`, casts with a line on standard error.
///
/// All members may be used by any thread, those that add something before `run` only. One node per process.
class node {
public:
  // -- constructors, destructors ---

  /// Makes a node with an actor system of its own, whose scheduler has a thread for each CPU that the program may use,
  /// and at least two. libpeer's and CAF's types are initialised if they are not yet; programs with CAF types of their
  /// own do that before (`caf::init_global_meta_objects`). If the system cannot start the threads the program ends with
  /// a message and status 1.
  ///
  /// `argv` is what OTP's `peer` passes to `erl`: `-sname` or `-name`, `-user`, `-origin`; other flags are ignored.
  node(int argc, char** argv);

  /// Makes a node of a program that has an actor system, which must outlive it. The scheduling policy "sharing" suits
  /// it better than CAF's default (docs/design.md).
  node(caf::actor_system& sys, int argc, char** argv);

  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Sends what was printed on standard output, for `defaults::flush_timeout` at most (then the process ends), closes
  /// the connection, drops functions and named actors, and ends the actor system if it is the node's own. What is
  /// printed afterwards may be lost.
  ~node();

  // -- properties ---

  caf::actor_system& system() noexcept;

  /// The node's name; `nonode@nohost` without one.
  const atom& name() const noexcept;

  // -- functions and actors ---

  /// Adds `module:name/N`, where `N` is the number of `f`'s parameters, and replaces what had that name before.
  /// Arguments and result are converted as described in convert.hpp; `void` returns `ok`, a `caf::expected` its value.
  /// A first parameter of type `call_context` or `std::stop_token` does not count as an argument.
  ///
  /// `f` has one signature and a const `operator()`, since several threads call it at the same time: no generic or
  /// mutable lambda, no `std::bind_front`. Its parameters are values or const references of types with a default
  /// constructor that own what they refer to: no `std::string_view`, no pointer.
  ///
  /// A call with other types ends with `error:badarg`, one with another number of arguments with `error:undef`; the
  /// stack trace has the types. What `f` throws ends the call only (see `raised`).
  template <class F>
  node& function(std::string_view module, std::string_view name, F f) {
    using maker = detail::maker_of<F>;
    return add_function(module, name, maker::arity, maker::make(std::move(f)));
  }

  /// Adds `module:name` for every number of arguments that `function` has not been used for.
  node& raw_function(std::string_view module, std::string_view name, peer::raw_function f);

  /// Registers an actor under a name that messages can be sent to (OTP's `peer:send/3`). It receives the CAF values if
  /// such were sent, else a `peer::term`. The node keeps the actor alive.
  node& named_actor(std::string_view name, const caf::actor& whom);

  /// The pid of the actor of that name.
  std::optional<pid> whereis(std::string_view name) const;

  /// Gives an actor a pid that the origin can send to. The node does not keep it alive.
  pid expose(const caf::actor& whom);

  // -- readiness ---

  /// Reports to the origin that the program is ready for its purpose: it has loaded its data, say, or opened its port.
  /// Having started is something else: a node that runs answers calls, and one of them may make it ready. Before `run`
  /// it is reported as soon as the node runs. Further calls have no effect. An OTP origin ignores it.
  void ready();

  // -- messages ---

  /// Sends a message to a process of the origin, or to an actor of this node. Fails with `errc::bad_term` if `content`
  /// cannot be a term. Dropped if there is no such process. Dropped, too, and reported on standard error, if the origin
  /// does not read and `peer.queue-limit` bytes (a setting of the actor system, default `defaults::queue_limit`) wait.
  template <class T>
  caf::error send(const pid& to, const T& content) {
    return send_term(to, content);
  }

  /// Sends a message to a named actor of this node.
  template <class T>
  caf::error send(std::string_view name, const T& content) {
    return send_term(atom{name}, content);
  }

  /// Sends an exit to an actor of this node, as `erlang:exit/2` does: `normal` means nothing, and `kill` cannot be
  /// handled. An unknown pid is ignored. Returns true.
  bool exit(const pid& whom, const term& reason);

  // -- supervision ---

  /// Starts `peer_supervision`, the actor that ends the process with status 1 when the one that serves the origin has
  /// ended (OTP: peer:start_supervision/0). From then on `run` has `defaults::supervision_connect_timeout` to
  /// connect to the origin; it starts the actor itself if that was not done. Returns `{ok, Pid}`, or `{error,
  /// {already_started, Pid}}`.
  term start_supervision();

  /// What a supervisor of OTP would need to know of it, `{ok, #{id => peer_supervision, …}}`, or `none` if the program
  /// was started without `-user peer` (OTP: peer:supervision_child_spec/0).
  term supervision_child_spec() const;

  // -- console ---

  /// Asks the origin's I/O server (STDLIB, "The Erlang I/O Protocol") and waits for its answer. Not for actors that
  /// must not block. Fails with `errc::bad_term`, with `errc::noconnection` if the node does not run, and with
  /// `errc::overload` if too many requests wait for their answers, or too many bytes for the origin.
  caf::expected<term> io_request(const term& request);

  /// Prints a text at the origin, which must be UTF-8, and waits until that was accepted.
  caf::error print(std::string_view text);

  /// Reads a line from the origin's input, with its newline. Nothing at the end of the input.
  std::optional<std::string> get_line(std::string_view prompt = {});

  // -- calls ---

  /// Calls a function of this node in the caller's thread. Throws `raised` if it does not return.
  term apply(const atom& module, const atom& function, const std::vector<term>& args, const call_context& context);

  // -- end ---

  /// Passes on what was printed and sent before, for `defaults::flush_timeout` at most, and ends the process, as
  /// `erlang:halt/1` does. `std::at_quick_exit` functions run.
  [[noreturn]] void halt(int status);

  /// Makes `run` return `status`, as `init:stop/1` does. Only the first call counts.
  void stop(int status = 0);

  /// Reports to the origin that the node has started, and serves it until the node is asked to stop. Then the stop
  /// tokens of all functions are triggered; when none runs `run` returns the status for `main`, 0 unless `stop` names
  /// another. If that takes longer than `peer.stop-timeout` (a setting of the actor system, default
  /// `defaults::stop_timeout`), the process prints that on standard error and ends with that status by
  /// `std::quick_exit`. An origin that has waited for the time of its own option `shutdown` closes the connection. If
  /// there is no connection, `run` prints the reason on standard error and returns 1. Call it once.
  ///
  /// Meanwhile SIGTERM means `stop(0)`, as it does to `erl`, and a second one ends the process at once. A program that
  /// ignores SIGTERM or has a handler of its own keeps that.
  int run();

private:
  void add_builtins();

  node& add_function(std::string_view module, std::string_view name, std::size_t arity, detail::function_ptr f);

  template <class T>
  caf::error send_term(const term& to, const T& content) {
    auto encoded = byte_buffer{};
    if (auto err = save_term(encoded, content))
      return err;
    return send_encoded(to, std::move(encoded));
  }

  caf::error send_encoded(const term& to, byte_buffer content);

  class impl;

  std::unique_ptr<impl> impl_;
};

} // namespace peer
