// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/peer.hpp"
#include "support/suite.hpp"

#include "caf/actor_system.hpp"
#include "caf/actor_system_config.hpp"

#include <string>
#include <utility>
#include <vector>

/// @file
/// libpeer as a contender: an actor system with the scheduling policy that docs/design.md advises, and peers with
/// default options.

namespace bench {

/// The value; ends the program with what is to be said about an error.
template <class T>
T value_of(caf::expected<T> x) {
  if (!x)
    fail(peer::describe(x.error()));
  if constexpr (!std::is_void_v<T>)
    return std::move(*x);
}

/// A program and a connection that libpeer is measured with.
struct peer_kind {
  std::string contender; ///< "libpeer to erl tcp"
  peer::start_options options;

  bool is_erl() const { return options.exec->program == "erl"; }
};

/// `benchmark_worker` over `inherited`, `tcp` and `standard_io`.
std::vector<peer_kind> cpp_peers();

/// These, and `erl` over `tcp` and `standard_io`.
std::vector<peer_kind> all_peers();

/// The path of the worker: `erlang:node/0`, `benchmark:count/0, counted/0, echo/1, print/2`.
std::string worker_program();

/// Adds OTP's peer module as contenders: an Erlang script that is given these arguments, a connection (`tcp`,
/// `standard_io`) and a program. The program is `erl` and, if there is something to learn from it, the worker.
enum class otp_programs { erl, erl_and_worker };
void add_otp(suite& to, const std::string& script, const std::vector<std::string>& arguments,
             otp_programs programs = otp_programs::erl);

/// The origin: an actor system that lives as long as this object, with the spin of the command line, also for the
/// workers that it starts.
class origin {
public:
  explicit origin(const settings& options);

  caf::actor_system& system() noexcept { return world_.system; }

  /// Starts a peer and waits until it runs. It takes no time-out for its calls. Ends the program if it does not start.
  peer::handle start(const peer::start_options& options);

private:
  /// The system must not outlive its configuration.
  struct world {
    explicit world(const settings& options);

    caf::actor_system_config config;
    caf::actor_system system;
  };

  world world_;
};

/// Stops the peer. Ends the program if that fails.
void stop(const peer::handle& worker);

/// The process that the peer is.
pid_t process_of(const peer::handle& worker);

} // namespace bench
