// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/console.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/detail/enum_names.hpp"
#include "peer/process.hpp"
#include "peer/term.hpp"

#include "caf/actor.hpp"
#include "caf/fwd.hpp"
#include "caf/timespan.hpp"
#include "caf/timestamp.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// @file
/// How to start a peer. Options that OTP's `peer:start_options()` has are named as there. docs/options.md lists all of
/// them with their names on `peerctl`'s command line and in its files.

namespace peer {

// -- exec -------------------------------------------------------------------------------------------------------------

/// The program that becomes the peer: a path, or a name that is looked up in PATH. Arguments given here come before all
/// others, as needed for `ssh host erl`.
struct exec {
  std::string program;
  std::vector<std::string> arguments;

  explicit exec(std::string what, std::vector<std::string> leading = {})
      : program(std::move(what)), arguments(std::move(leading)) {}
};

// -- connection -------------------------------------------------------------------------------------------------------

/// A socket that only the two sides have. For peers on this host that embed libpeer's node.
struct inherited {};

/// OTP's frames on the peer's stdin and stdout, its console text in between.
struct standard_io {};

/// The peer connects to this program. A libpeer node proves with a secret that it is the one that was started. `erl`
/// cannot: its socket must belong to the process that was started or to a descendant of it, so it must run on this
/// host.
struct tcp {
  /// Numeric IPv4 or IPv6 address to listen on; empty for the IPv4 loopback. With 0.0.0.0 or :: the peer gets the
  /// addresses of all interfaces.
  std::string address = {};

  /// Port to listen on; 0 for a free one.
  std::uint16_t port = 0;
};

/// The network of Erlang or CAF. Not available yet.
struct distribution {};

/// The control connection.
using connection_kind = std::variant<inherited, standard_io, tcp, distribution>;

/// The connection's name: "inherited", "standard_io", "tcp", "distribution".
std::string to_string(const connection_kind& kind);

// -- the peer's end ---------------------------------------------------------------------------------------------------

/// What the control actor does when the peer ends unasked.
enum class peer_down : std::uint8_t {
  stop,      ///< It exits normally.
  crash,     ///< It exits with the reason of the peer's end, which linked actors get.
  continue_, ///< It stays, in the state `down`.
};

template <>
inline constexpr auto detail::enum_names<peer_down> = std::array<std::string_view, 3>{"stop", "crash", "continue"};

// -- wait_boot --------------------------------------------------------------------------------------------------------

/// `wait_boot`: send `receiver` a `start_notice` with this tag, and do not wait.
struct notify {
  caf::actor receiver;
  term tag;
};

/// `wait_boot`: do not wait, and send no notice.
struct no_wait {};

/// How long `start` waits until the peer runs (`caf::infinite`: without limit), or which actor is notified.
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

/// `heartbeat`: finds a peer that hangs. A running peer is called (`erlang:is_alive/0`) every `interval`. It hangs if
/// within `timeout` there is no answer and no progress: no byte was received from it, and no byte was sent of what was
/// queued before that call. A libpeer node answers even if all of its functions are busy. A peer that hangs gets
/// SIGABRT, for a core, and its group gets SIGKILL after `core_time`; the first evidence of its end is
/// `evidence::heartbeat`.
///
/// `timeout` must be longer than the peer may rightly pause, for example to decode the largest message. There are no
/// heartbeats while the peer is being stopped or its control actor is suspended.
struct heartbeat {
  caf::timespan interval;
  caf::timespan timeout;
  caf::timespan core_time = defaults::core_time;
};

// -- start_options ----------------------------------------------------------------------------------------------------

/// How to start a peer. The members have OTP's options under OTP's names; `process` has what libpeer adds for the
/// operating system's process.
struct start_options {
  /// The node's name without host; empty for a node without a name. A named `erl` joins Erlang's distribution. Needs
  /// `connection`: without one OTP controls a named node over distribution, which is not available yet.
  std::string name = {};

  /// The node's host. Needs `name`. If `start` does not wait for the boot, `handle::node` is `name@host` at once.
  std::string host = {};

  /// Whether the name is a long name (`-name` instead of `-sname`). Needs `name`.
  bool longnames = false;

  /// The program to start. Default: the `peer_node` beside the running program, or else that in PATH.
  std::optional<peer::exec> exec = std::nullopt;

  /// The control connection. Default: `standard_io` if `exec` has arguments of its own, as `ssh` does, or is `erl`;
  /// else `inherited`.
  std::optional<connection_kind> connection = std::nullopt;

  /// Whether the peer does not read this program's stdin. Must not be false with `standard_io`, which needs the peer's
  /// stdin. A peer over `tcp` gets its secret on stdin; if this is false it has none, and must run on this host.
  bool detached = true;

  /// Arguments of the node.
  std::vector<std::string> args = {};

  /// Changes the arguments last: what it returns is passed to the program.
  std::function<std::vector<std::string>(std::vector<std::string>)> post_process_args = {};

  /// Changes to the environment that the peer inherits: a value sets a variable, `nullopt` removes it. The peer
  /// inherits the environment that this program has when `start` is called, in that thread. A supervisor or a group
  /// uses the environment from its own start for all later starts, so that the program may change its own (setenv(3))
  /// meanwhile.
  std::vector<std::pair<std::string, std::optional<std::string>>> env = {};

  /// What happens when the peer ends unasked.
  peer::peer_down peer_down = peer::peer_down::stop;

  /// How long `start` waits for the boot, or which actor is notified.
  wait_boot_option wait_boot = caf::timespan{defaults::wait_boot};

  shutdown_option shutdown = shutdown_default{};

  /// How a peer that hangs is found; without a value it is not.
  std::optional<peer::heartbeat> heartbeat = std::nullopt;

  /// What the operating system gives the peer's process: directory, CPUs, limits, containment. For example
  /// `.process = {.cgroup = "/sys/fs/cgroup/me", .limits = {.memory = 1 << 30}}`.
  process_options process = {};

  /// Bytes that may wait for a peer that does not read. More are refused with `errc::overload`; a single message may be
  /// as large as a frame.
  std::size_t queue_limit = defaults::queue_limit;

  /// Calls that may wait for their answers, at least 1. More are refused with `errc::overload`.
  std::size_t max_calls = defaults::max_calls;

  /// Where the peer's console output goes.
  sink_factory output = console_output();

  /// Where the peer's input comes from.
  input_factory input = no_input();
};

/// What is wrong with an option. For programs whose users give options under other names than those of C++.
struct option_problem {
  std::string option; ///< its name in `start_options` or `process_options`; of a limit "limits.memory"
  std::string value;  ///< as text; empty if there is none to print
  std::string what;   ///< what is wrong, or would be right: a sentence whose subject is the value
};

/// Checks everything that can be checked before anything is started. Any thread may call this.
/// @return the first problem; nothing if the options are valid
std::optional<option_problem> find_problem(const start_options& options);

/// The same check with an error (`errc::invalid_option`) that names the option and its value.
caf::error validate(const start_options& options);

/// A name that is unique among the peers on this host: `Prefix-Number-ProcessId`, as made by OTP's
/// `peer:random_name/1`.
std::string random_name(std::string_view prefix = "peer");

} // namespace peer
