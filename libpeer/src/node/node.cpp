// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/node.hpp"

#include "base/caf_compat.hpp"
#include "loop/event_loop.hpp"
#include "node/channel_actor.hpp"
#include "node/command_line.hpp"
#include "node/node_end.hpp"
#include "node/node_state.hpp"
#include "node/origin_link.hpp"
#include "node/peer_supervision.hpp"
#include "node/stop_request.hpp"
#include "peer/convert.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"
#include "peer/type_ids.hpp"
#include "process/kernel_limits.hpp"
#include "sys/commands.hpp"
#include "term/convert/message_elements.hpp"
#include "term/text/print.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <mutex>
#include <system_error>

#include <unistd.h>

namespace peer {

namespace {

/// At least two threads: an actor that blocks on another one must not stop all of them.
constexpr std::size_t least_scheduler_threads = 2;

caf::actor_system_config& prepare(caf::actor_system_config& config) {
  // Work stealing polls: it costs latency and idle CPU here (docs/design.md).
  config.set("caf.scheduler.policy", "sharing");
  // CAF's default is one thread per CPU and at least four, which delays the start of each of many peers.
  config.set("caf.scheduler.max-threads", std::max(internal::process::usable_cpus().size(), least_scheduler_threads));
  return config;
}

/// An actor system for a program that has none.
struct own_system {
  caf::actor_system_config config;
  caf::actor_system system;

  own_system() : system(prepare(config)) {}
};

/// Ends the program with a sentence instead of a core. CAF calls `std::terminate` if it cannot start the second or a
/// later one of its threads.
[[noreturn]] void refuse_without_threads() {
  std::fputs("libpeer: cannot run as a node: the system cannot start the threads of an actor system\n", stderr);
  std::_Exit(1);
}

std::unique_ptr<own_system> make_system() {
  init_global_meta_objects();
  caf::core::init_global_meta_objects();
  auto hosts_handler = std::set_terminate(refuse_without_threads);
  try {
    auto result = std::make_unique<own_system>();
    std::set_terminate(hosts_handler);
    return result;
  } catch (const std::system_error&) { // the first thread
    refuse_without_threads();
  }
}

} // namespace

/// The node's parts and synchronization.
class node::impl {
public:
  impl(std::unique_ptr<own_system> own, caf::actor_system* sys, int argc, char** argv)
      : own_(std::move(own)), sys_(own_ ? own_->system : *sys), program_(argc > 0 ? argv[0] : "") {
    std::setvbuf(stdout, nullptr, _IOLBF, 0); // line-buffered, although it is not a terminal
    auto name = atom{"nonode@nohost"};
    if (auto err = take_over(argc, argv, name))
      failure_ = std::move(err);
    else if (auto where = internal::loop::event_loop::of(sys_))
      loop_ = std::move(*where);
    else
      failure_ = std::move(where.error());
    state = std::make_shared<internal::node::node_state>(std::move(name));
    flush_at_exit(this);
  }

  caf::actor_system& system() noexcept { return sys_; }

  int run() {
    if (failure_)
      return refuse(failure_);
    auto link = std::move(*handed_over_).connect();
    if (!link)
      return refuse(link.error());
    auto signals = internal::node::sigterm_guard{stop_request_};
    serve(std::move(*link));
    stop_request_.wait();
    stop(0); // no effect if `stop` made the request
    auto patience = caf::get_or(sys_.config(), "peer.stop-timeout", caf::timespan{defaults::stop_timeout});
    ask_channel(stop_atom_v, patience, [&] {
      internal::node::end_node_with(status_, "functions still run " + caf::deep_to_string(patience)
                                                 + " after the request to stop; the process ends without them");
    });
    return status_;
  }

  void stop(int status) {
    if (!stopped_.exchange(true))
      status_ = status;
    stop_request_.make();
  }

  [[noreturn]] void halt(int status) {
    status_ = status;
    if (auto origin = channel())
      send_anonymous(origin, internal::base::halt_atom_v, std::int32_t{status}); // limits the time of what follows
    flush();
    std::quick_exit(status);
  }

  /// Flushes standard output to the origin. Calls `on_failure` if that takes too long.
  template <class F>
  void flush(F on_failure) {
    std::cout.flush();
    std::fflush(nullptr);
    ask_channel(internal::base::flush_atom_v, 2 * defaults::flush_timeout, on_failure);
  }

  void flush() {
    flush([this] { std::quick_exit(status_); });
  }

  /// Closes the connection, then ends the actor system if it is ours, while all objects that its actors use exist.
  void finish() {
    flush_at_exit(nullptr);
    auto origin = channel();
    if (origin) {
      send_anonymous(origin, internal::base::halt_atom_v,
                     std::int32_t{status_}); // an origin that does not read is not waited for
      flush();
    }
    state->ending = true;
    caf::anon_send_exit(origin, caf::exit_reason::user_shutdown);
    if (captured_stdout_)
      internal::node::discard_stdout();
    state->functions.clear(); // they may hold references that keep the system alive
    state->processes.clear();
    own_.reset();
  }

  /// The channel actor; null until the node runs.
  internal::node::channel_actor channel() const {
    auto guard = std::lock_guard{mutex_};
    return channel_;
  }

  void ready() {
    auto guard = std::lock_guard{mutex_};
    if (!std::exchange(ready_, true) && channel_)
      tell_ready();
  }

  /// Starts `peer_supervision` unless it runs. Returns it, and whether it was started; null if the program cannot be a
  /// node.
  std::pair<internal::node::peer_supervision_actor, bool> supervision() {
    auto guard = std::lock_guard{mutex_};
    auto missing = loop_ && !supervision_;
    if (missing)
      supervision_ = internal::node::start_supervision(sys_, loop_, state, is_peer_);
    return {supervision_, missing};
  }

  bool is_peer() const noexcept { return is_peer_; }

  std::shared_ptr<internal::node::node_state> state;

private:
  int refuse(const caf::error& why) {
    std::fprintf(stderr, "libpeer: %s cannot run as a node: %s\n", program_.c_str(), text_of(why).c_str());
    return status_ = 1;
  }

  /// Waits for an answer of the channel actor, if there is one. Calls `on_failure` if none comes in time.
  template <class Atom, class F>
  void ask_channel(Atom what, caf::timespan patience, F on_failure) {
    auto origin = channel();
    if (!origin)
      return;
    auto self = caf::scoped_actor{sys_};
    request_from(self, origin, patience, what).receive([] {}, [&](const caf::error&) { on_failure(); });
  }

  caf::error take_over(int argc, char** argv, atom& name) {
    auto options = internal::node::parse_command_line({argv + std::min(argc, 1), argv + argc});
    if (!options)
      return std::move(options.error());
    auto full_name = internal::node::node_name(*options);
    if (!full_name)
      return std::move(full_name.error());
    name = std::move(*full_name);
    is_peer_ = options->peer;
    auto taken = internal::node::handed_over::take(*options);
    if (!taken)
      return std::move(taken.error());
    handed_over_ = std::move(*taken);
    captured_stdout_ = handed_over_->captures_stdout();
    return {};
  }

  void serve(internal::node::origin_link link) {
    auto watcher = supervision().first;
    auto guard = std::lock_guard{mutex_}; // the first call may need the channel before this returns
    channel_ = internal::node::spawn_channel_actor(sys_, loop_, state, watcher, std::move(link));
    if (ready_)
      tell_ready();
  }

  /// An Erlang origin does not know the request.
  void tell_ready() {
    if (handed_over_->has_libpeer_origin())
      send_anonymous(channel_, internal::node::console_request{atom{"ready"}});
  }

  /// When the program calls `std::exit`, in a function for instance, what it has printed still has to pass through this
  /// object. @param whose null when it has ended.
  static void flush_at_exit(impl* whose) {
    static std::atomic<impl*> current = nullptr;
    static auto process = getpid(); // a forked child has neither loop nor connection
    static auto registered = std::atexit([] {
      auto node = process == getpid() ? current.load() : nullptr;
      if (node != nullptr && !internal::loop::event_loop::any_in_this_thread())
        node->flush([] {});
    });
    static_cast<void>(registered);
    current = whose;
  }

  std::unique_ptr<own_system> own_;
  caf::actor_system& sys_;
  std::string program_;
  std::optional<internal::node::handed_over> handed_over_;
  caf::error failure_;                  ///< why the program cannot be a node
  internal::loop::event_loop_ptr loop_; ///< null if there is a failure
  bool is_peer_ = false;                ///< an origin has started the program
  bool captured_stdout_ = false;
  std::atomic<int> status_ = 0;
  std::atomic<bool> stopped_ = false;
  internal::node::stop_request stop_request_;

  mutable std::mutex mutex_; ///< guards what follows
  internal::node::peer_supervision_actor supervision_;
  internal::node::channel_actor channel_;
  bool ready_ = false; ///< the program has called `ready`
};

// -- constructors, destructors ----------------------------------------------------------------------------------------

node::node(int argc, char** argv) : impl_(std::make_unique<impl>(make_system(), nullptr, argc, argv)) {
  add_builtins();
}

node::node(caf::actor_system& sys, int argc, char** argv) : impl_(std::make_unique<impl>(nullptr, &sys, argc, argv)) {
  add_builtins();
}

node::~node() {
  impl_->finish();
}

void node::add_builtins() {
  function("erlang", "halt", [this] { halt(0); });
  function("erlang", "halt", [this](std::uint8_t status) { halt(status); });
  function("erlang", "node", [this] { return name(); });
  function("erlang", "exit", [this](const pid& whom, const term& reason) { return exit(whom, reason); });
  function("init", "stop", [this] { stop(); });
  function("init", "stop", [this](std::uint8_t status) { stop(status); });
  function("peer", "start_supervision", [this] { return start_supervision(); });
  function("peer", "supervision_child_spec", [this] { return supervision_child_spec(); });
  function("os", "getpid", [] { return to_charlist(std::to_string(getpid())); });
}

// -- properties -------------------------------------------------------------------------------------------------------

caf::actor_system& node::system() noexcept {
  return impl_->system();
}

const atom& node::name() const noexcept {
  return impl_->state->name;
}

// -- functions and actors ---------------------------------------------------------------------------------------------

node& node::add_function(std::string_view module, std::string_view name, std::size_t arity, detail::function_ptr f) {
  impl_->state->functions.add(module, name, arity, std::move(f));
  return *this;
}

node& node::raw_function(std::string_view module, std::string_view name, peer::raw_function f) {
  impl_->state->functions.add(module, name, detail::make_raw_function(std::move(f)));
  return *this;
}

node& node::named_actor(std::string_view name, const caf::actor& whom) {
  impl_->state->processes.add(name, whom);
  return *this;
}

std::optional<pid> node::whereis(std::string_view name) const {
  return impl_->state->processes.whereis(name);
}

pid node::expose(const caf::actor& whom) {
  return impl_->state->processes.expose(whom);
}

// -- readiness --------------------------------------------------------------------------------------------------------

void node::ready() {
  impl_->ready();
}

// -- messages ---------------------------------------------------------------------------------------------------------

caf::error node::send_encoded(const term& to, byte_buffer content) {
  if (auto whom = impl_->state->processes.find(to)) {
    auto message = internal::convert::load_message(content);
    if (!message)
      return std::move(message.error());
    internal::base::send_anonymous(whom, std::move(*message));
    return {};
  }
  auto id = to.get_if<pid>();
  auto channel = impl_->channel();
  if (id == nullptr || !channel) // Erlang drops the message, too
    return {};
  auto encoded = byte_buffer{};
  if (auto err = save_term(encoded, *id))
    return err;
  if (impl_->state->outgoing.add({std::move(encoded), std::move(content)}))
    send_anonymous(channel, internal::base::poke_atom_v);
  return {};
}

bool node::exit(const pid& whom, const term& reason) {
  auto receiver = impl_->state->processes.find(whom);
  auto why = reason.is_atom("kill") ? caf::error{caf::exit_reason::kill} : internal::sys::to_exit_error(reason);
  if (receiver && why)
    internal::base::send_anonymous(receiver, caf::exit_msg{receiver.address(), why});
  return true;
}

// -- supervision ------------------------------------------------------------------------------------------------------

term node::start_supervision() {
  auto [actor, started] = impl_->supervision();
  if (!actor)
    return tagged("error", atom{"system_limit"});
  auto id = expose(caf::actor_cast<caf::actor>(actor));
  return started ? tagged("ok", id) : tagged("error", tagged("already_started", id));
}

term node::supervision_child_spec() const {
  return internal::node::supervision_child_spec(impl_->is_peer());
}

// -- console ----------------------------------------------------------------------------------------------------------

caf::expected<term> node::io_request(const term& request) {
  auto channel = impl_->channel();
  if (!channel)
    return fail(errc::noconnection, "the node does not run");
  if (internal::loop::event_loop::any_in_this_thread())
    return fail(errc::would_block, "a callback on the node's loop must not wait for the origin");
  auto result = caf::expected<term>{caf::error{}};
  auto self = caf::scoped_actor{system()};
  request_from(self, channel, caf::infinite, internal::node::console_request{request})
      .receive([&](term& answer) { result = std::move(answer); }, [&](caf::error& err) { result = std::move(err); });
  return result;
}

caf::error node::print(std::string_view text) {
  auto answer = io_request(tagged("put_chars", atom{"unicode"}, text));
  if (!answer)
    return std::move(answer.error());
  if (match_tagged(*answer, "error", 2))
    return fail(errc::type_mismatch,
                "the origin refused a text to be printed: " + internal::text::print_limited(*answer));
  return {};
}

std::optional<std::string> node::get_line(std::string_view prompt) {
  auto answer = io_request(tagged("get_line", atom{"unicode"}, prompt));
  if (!answer)
    return std::nullopt;
  auto line = from_term<std::string>(*answer);
  if (!line)
    return std::nullopt;
  return std::move(*line);
}

// -- calls ------------------------------------------------------------------------------------------------------------

term node::apply(const atom& module, const atom& function, const std::vector<term>& args, const call_context& context) {
  auto encoded = byte_buffer{};
  if (auto err = save_term(encoded, args))
    detail::raise_bad_result(err);
  auto& table = impl_->state->functions;
  auto found = table.find(module.name(), function.name(), args.size());
  auto how = table.evaluate(found, module.name(), function.name(), encoded, context);
  auto result = load_term<term>(how.result);
  if (!result)
    detail::raise_bad_result(result.error());
  if (how.cls == internal::wire::reply_class::ok)
    return std::move(*result);
  throw raised{internal::wire::to_exception_class(how.cls), (*result->get_if<erl::tuple>())[0]};
}

// -- end --------------------------------------------------------------------------------------------------------------

void node::halt(int status) {
  impl_->halt(status);
}

void node::stop(int status) {
  impl_->stop(status);
}

int node::run() {
  return impl_->run();
}

} // namespace peer
