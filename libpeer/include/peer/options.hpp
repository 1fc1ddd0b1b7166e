// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/actor.hpp"
#include "caf/fwd.hpp"
#include "caf/timespan.hpp"
#include "caf/timestamp.hpp"
#include "peer/console.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/detail/enum_names.hpp"
#include "peer/process.hpp"
#include "peer/term.hpp"
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// @file
/// Everything that can be said about a peer before it starts. The names are those of OTP's `peer:start_options()`.

namespace peer {

// -- exec -------------------------------------------------------------------------------------------------------------

/// The program that becomes the peer: a path, or a name to be looked up in PATH. Arguments given here come before all
/// others, as `ssh host erl` needs it.
struct exec {
  std::string program;
  std::vector<std::string> arguments;

  explicit exec(std::string what, std::vector<std::string> leading = {})
      : program(std::move(what)), arguments(std::move(leading)) {}
};

// -- connection -------------------------------------------------------------------------------------------------------

/// A socket that only the two sides have. For peers that embed libpeer's node, on this host.
struct inherited {};

/// OTP's frames on the peer's stdin and stdout, its console text in between.
struct standard_io {};

/// The peer connects back. A libpeer node proves with a secret that it is the one that was started. `erl` cannot: its
/// socket has to belong to the process that was started, or to a descendant of it, and so it has to be on this host.
struct tcp {
  /// Where to listen, an IPv4 or IPv6 address in numbers; empty for the IPv4 loopback. With 0.0.0.0 or :: the peer is
  /// told the addresses of all interfaces.
  std::string address = {};

  /// 0 for a free one.
  std::uint16_t port = 0;
};

/// Erlang's or CAF's own network.
struct distribution {};

/// The control connection.
using connection_kind = std::variant<inherited, standard_io, tcp, distribution>;

/// The connection's name: "inherited", "standard_io", "tcp", "distribution".
std::string to_string(const connection_kind& kind);

// -- the peer's end ---------------------------------------------------------------------------------------------------

/// What the control actor does when the peer ends without having been asked to.
enum class peer_down : std::uint8_t {
  stop,      ///< It exits normally.
  crash,     ///< It exits with what ended the peer, and takes linked actors along.
  continue_, ///< It stays, with the state `down`.
};

template <>
inline constexpr auto detail::enum_names<peer_down> = std::array<std::string_view, 3>{"stop", "crash", "continue"};

// -- wait_boot --------------------------------------------------------------------------------------------------------

/// `wait_boot`: send `receiver` a `start_notice` with this tag, and do not wait.
struct notify {
  caf::actor receiver;
  term tag;
};

/// `wait_boot`: do not wait, tell nobody.
struct no_wait {};

/// How long `start` waits until the peer runs (`caf::infinite` for ever), or whom it tells.
using wait_boot_option = std::variant<caf::timespan, notify, no_wait>;

// -- shutdown ---------------------------------------------------------------------------------------------------------

/// `shutdown`, the default: `erl`, which `exec` names as its program or as an argument, is stopped as with
/// `shutdown_halt`, which is OTP's default. Any other program is asked to stop and given `defaults::stop_timeout`: the
/// functions of a `peer::node` that run may finish, then `node::run` returns, destructors run and the process ends with
/// status 0.
struct shutdown_default {};

/// `shutdown`: close the connection, and let the peer go with little patience.
struct shutdown_close {};

/// `shutdown`: close the connection, which makes the peer halt, and give it this time. A `peer::node` ends at once,
/// with status 1: functions that run are cut off, and destructors do not run.
struct shutdown_halt {
  caf::timespan timeout = defaults::halt_timeout;
};

/// How `stop` ends the peer. A time: the peer is asked to stop (`init:stop()`) and given that time, `caf::infinite` for
/// ever. The time, that of `halt` too, is the one that `stop` may take in all: the last quarter of it, but at most
/// `defaults::term_timeout`, is for the peer to follow SIGTERM, and at its end comes SIGKILL.
///
/// A `peer::node` that is asked to stop gives its functions `peer.stop-timeout` at most (see `node::run`).
using shutdown_option = std::variant<shutdown_default, shutdown_halt, shutdown_close, caf::timespan>;

// -- heartbeat --------------------------------------------------------------------------------------------------------

/// `heartbeat`: finds a peer that hangs. A peer that runs is called (`erlang:is_alive/0`) every `interval` and hangs if
/// for `timeout` no answer comes and nothing moves: no byte from it, and no byte of what waited for it before that
/// call. A libpeer node answers also when all of its functions are busy. A peer that hangs gets SIGABRT, for a core,
/// and its group gets SIGKILL after `core_time`; the end's first evidence is `evidence::heartbeat`.
///
/// `timeout` must be longer than the peer may stand still for good: for the largest message that it decodes, say.
/// Nothing is asked while the peer is being stopped, or its control actor is suspended.
struct heartbeat {
  caf::timespan interval;
  caf::timespan timeout;
  caf::timespan core_time = defaults::core_time;
};

// -- start_options ----------------------------------------------------------------------------------------------------

/// How to start a peer.
struct start_options {
  /// The node's name without host; empty for a node without a name. A named `erl` joins Erlang's distribution. Needs
  /// `connection`: without one OTP controls a named node over distribution, which is not available yet.
  std::string name = {};

  /// The node's host. Needs `name`. If nobody waits for the boot, `handle::node` is `name@host` at once.
  std::string host = {};

  /// Whether the name is a long one (`-name` instead of `-sname`). Needs `name`.
  bool longnames = false;

  /// The program to start. Default: `peer_node`, the one beside the running program or else the one in PATH.
  std::optional<peer::exec> exec = std::nullopt;

  /// The control connection. Default: `standard_io` if `exec` has arguments of its own, as `ssh` does, or is `erl`;
  /// else `inherited`.
  std::optional<connection_kind> connection = std::nullopt;

  /// Whether the peer is cut off from this program's stdin, which it then does not read. Over `standard_io` it always
  /// is, and this must not be false. If it is not, a peer over `tcp` cannot be handed a secret: it has to be on this
  /// host.
  bool detached = true;

  /// Arguments of the node.
  std::vector<std::string> args = {};

  /// Has the last word about the arguments: what it returns is passed to the program.
  std::function<std::vector<std::string>(std::vector<std::string>)> post_process_args = {};

  /// Changes to the environment: a value sets a variable, nothing removes it.
  std::vector<std::pair<std::string, std::optional<std::string>>> env = {};

  /// Where the program runs; empty for the origin's working directory.
  std::string working_directory = {};

  peer::peer_down peer_down = peer::peer_down::stop;

  wait_boot_option wait_boot = caf::timespan{defaults::wait_boot};

  shutdown_option shutdown = shutdown_default{};

  /// Whether and how it is watched for hanging.
  std::optional<peer::heartbeat> heartbeat = std::nullopt;

  /// What happens to descendants that have left the peer's process group when the peer ends: they are reported, or
  /// killed. Those that are known are those that could be found just before a signal or a request ended the peer, so a
  /// peer that forks without end can outrun it, and at most `defaults::max_descendants` are known; `cgroup` and
  /// `pid_namespace` let nothing escape.
  ///
  /// `kill` makes the peer the parent of descendants whose own parent ends (PR_SET_CHILD_SUBREAPER), so that it has to
  /// reap them. A program that does not, such as a `peer::node`, has them as zombies until it ends.
  survivor_policy survivors = survivor_policy::report;

  /// A directory of the cgroup v2 hierarchy that this program may write to ("delegated"): the peer runs in a cgroup of
  /// its own below it, in which everything is killed when the peer ends. Empty for none.
  std::string cgroup = {};

  /// Whether the peer is process 1 of a process-id namespace of its own: its end is that of everything it started. It
  /// needs CAP_SYS_ADMIN or a system that lets users make namespaces; and a process 1 has duties: it should handle
  /// SIGTERM, and it inherits orphans. A `peer::node` and `erl` do the first.
  ///
  /// The peer sees the /proc of this program's namespace, in which the numbers of processes are not its own. If it is
  /// an origin itself it cannot find the descendants of its peers, nor to whom a connection without a token belongs,
  /// unless it mounts a /proc of its own.
  bool pid_namespace = false;

  /// What the peer may use. Where `memory` or `processes` cannot be limited, since there is no `cgroup` or it has not
  /// the controllers, the peer starts nevertheless and its state tells so (`peer_status::limits_off`).
  ///
  /// This and `cpu_affinity` are about the program that is started on this host: with `exec{"ssh", …}` about ssh.
  resource_limits limits = {};

  /// The numbers of the CPUs that the peer may run on, each of which this program may use; empty for all of these.
  std::vector<int> cpu_affinity = {};

  /// Bytes that may wait for a peer that does not read. What is more is refused with `errc::overload`; a single message
  /// may be as large as a frame.
  std::size_t queue_limit = defaults::queue_limit;

  /// Calls that may wait for their answers, at least 1. What is more is refused with `errc::overload`.
  std::size_t max_calls = defaults::max_calls;

  /// Where the peer's console output goes.
  sink_factory output = console_output();

  /// Where the peer's input comes from.
  input_factory input = no_input();
};

/// Checks everything that can be checked before anything is started. The error (`errc::invalid_option`) names the
/// option and its value.
caf::error validate(const start_options& options);

/// A name that no other peer on this host has: `Prefix-Number-ProcessId`, as OTP's `peer:random_name/1` makes it.
std::string random_name(std::string_view prefix = "peer");

} // namespace peer
