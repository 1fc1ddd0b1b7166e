// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/incarnation.hpp"

#include "connection/acceptor.hpp"
#include "connection/handover.hpp"
#include "connection/listening.hpp"
#include "connection/stream_reader.hpp"
#include "connection/token.hpp"
#include "origin/command_line.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"
#include "process/proc_stat.hpp"
#include "process/thread_attributes.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>

#include <cerrno>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace peer::internal::origin {

static_assert(connection::handover::descriptor_number == process::spawn_options::inherited_number);

namespace {

// -- preparations -----------------------------------------------------------------------------------------------------

/// Everything that must exist before the process does, for any connection.
struct preparations {
  process::spawn_options spawn;

  /// Descriptors for the child; closed here when it has them.
  std::vector<process::descriptor> for_child;

  // The ends that stay here.
  process::descriptor input;    ///< Over `inherited` the socket, over `standard_io` a pipe from stdout.
  process::descriptor output;   ///< Over `standard_io` a pipe to stdin.
  process::descriptor text_out; ///< A pipe from stdout, if that is not `input`.
  process::descriptor text_err; ///< A pipe from stderr.

  std::optional<connection::listening_socket> place; ///< Over `tcp`.
  std::optional<connection::token_secret> secret;    ///< Over `tcp`, if it can be handed over.
};

/// Makes a pipe that the child writes to.
caf::error make_pipe_from_child(preparations& all, const char* purpose, int& childs, process::descriptor& ours) {
  auto ends = process::make_pipe(purpose);
  if (!ends)
    return std::move(ends.error());
  childs = ends->write.get();
  all.for_child.push_back(std::move(ends->write));
  ours = std::move(ends->read);
  return {};
}

/// Makes a pipe that the child reads.
caf::expected<process::descriptor> make_pipe_to_child(preparations& all) {
  auto ends = process::make_pipe("the peer's stdin");
  if (!ends)
    return std::move(ends.error());
  all.spawn.standard_input = ends->read.get();
  all.for_child.push_back(std::move(ends->read));
  return std::move(ends->write);
}

/// The null device or, if the peer is not detached and there is one, this program's stdin.
caf::error choose_stdin(preparations& all, const start_options& options) {
  if (!options.detached && fcntl(STDIN_FILENO, F_GETFD) >= 0) {
    all.spawn.standard_input = STDIN_FILENO;
    return {};
  }
  auto null = process::open_null();
  if (!null)
    return std::move(null.error());
  all.spawn.standard_input = null->get();
  all.for_child.push_back(std::move(*null));
  return {};
}

caf::error prepare(preparations& all, const start_options&, const standard_io&) {
  auto output = make_pipe_to_child(all);
  if (!output)
    return std::move(output.error());
  all.output = std::move(*output);
  return make_pipe_from_child(all, "the peer's stdout", all.spawn.standard_output, all.input);
}

caf::error prepare(preparations& all, const start_options& options, const inherited&) {
  if (auto err = choose_stdin(all, options))
    return err;
  auto ends = process::make_socket_pair("the connection to the peer");
  if (!ends)
    return std::move(ends.error());
  all.input = std::move(ends->first);
  all.spawn.inherited = ends->second.get();
  all.for_child.push_back(std::move(ends->second));
  all.spawn.environment.emplace_back(connection::handover::descriptor_variable,
                                     std::to_string(connection::handover::descriptor_number));
  return make_pipe_from_child(all, "the peer's stdout", all.spawn.standard_output, all.text_out);
}

/// Puts the secret where the peer's stdin begins, and ends.
caf::error hand_over_secret(preparations& all) {
  auto secret = connection::make_token();
  if (!secret)
    return std::move(secret.error());
  auto pipe = make_pipe_to_child(all);
  if (!pipe)
    return std::move(pipe.error());
  auto line = connection::to_line(*secret);
  if (write(pipe->get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) // it always fits
    return process::system_failure("cannot write to the peer's stdin", errno);
  all.secret = *secret;
  return {};
}

caf::error prepare(preparations& all, const start_options& options, const tcp& kind) {
  auto place = connection::listen_at(kind.address, kind.port);
  if (!place)
    return std::move(place.error());
  all.place = std::move(*place);
  if (auto err = options.detached ? hand_over_secret(all) : choose_stdin(all, options))
    return err;
  return make_pipe_from_child(all, "the peer's stdout", all.spawn.standard_output, all.text_out);
}

caf::error prepare(preparations&, const start_options&, const distribution&) {
  return fail(errc::invalid_option, "the connection 'distribution' is not available yet");
}

caf::expected<preparations> prepare(const start_options& options, process::environment_ptr inherited_variables) {
  auto result = preparations{};
  result.spawn.inherited_variables = std::move(inherited_variables);
  result.spawn.program = chosen_program(options).program;
  result.spawn.environment = options.env;
  result.spawn.environment.emplace_back(connection::handover::descriptor_variable,
                                        std::nullopt); // a node may be the origin
  result.spawn.process = options.process;
  result.spawn.patience_after_end = named_time(chosen_shutdown(options)).value_or(defaults::exit_grace);
  auto kind = chosen_connection(options);
  if (auto err = std::visit([&](auto& x) { return prepare(result, options, x); }, kind))
    return err;
  if (auto err = make_pipe_from_child(result, "the peer's stderr", result.spawn.standard_error, result.text_err))
    return err;
  auto where = std::optional<meeting_point>{};
  if (result.place)
    where = meeting_point{result.place->addresses, result.place->port, result.secret.has_value()};
  result.spawn.arguments = command_line(options, where);
  return result;
}

// -- the process ------------------------------------------------------------------------------------------------------

/// A process and what connects it to this program: a channel over a socket or its stdin and stdout, and pipes for
/// what it prints besides.
class peer_process final : public incarnation, private connection::channel::listener {
public:
  peer_process(loop::event_loop_ptr where, preparations ends, incarnation::listener& events)
      : where_(std::move(where)),
        events_(events),
        last_words_(where_->io()),
        arguments_(ends.spawn.arguments),
        stderr_(read(std::move(ends.text_err), [this](const_byte_span text) { events_.on_stderr(text); })),
        stdout_(read(std::move(ends.text_out), [this](const_byte_span text) { events_.on_text(text); })) {
    auto over_stdio = static_cast<bool>(ends.output);
    auto framing = over_stdio ? wire::make_stdio_framing(wire::damage::resync) : wire::make_packet_framing();
    channel_ = connection::make_stream_channel(where_->io(), std::move(framing), *this);
    ends_ = std::move(ends);
  }

  ~peer_process() override {
    *alive_ = false;
    process::subprocess::release(std::move(process_));
  }

  /// Begins to start the process. Returns false if the loop does not start any.
  bool start() {
    auto plan = std::make_shared<starting>(starting{std::move(ends_.spawn), std::move(ends_.for_child)});
    return where_->start_process([this, plan, alive = alive_, where = where_.get()] {
      process::take_program_attributes();
      auto started = std::make_shared<process_or_error>(process::subprocess::spawn(where->io(), plan->spawn));
      plan->for_child.clear();
      where->post([this, alive, started] {
        if (*alive)
          on_started(std::move(*started));
        else if (*started) // nobody needs it any more
          process::subprocess::release(std::move(**started));
      });
    });
  }

  // -- incarnation ---

  connection::channel& connection() override { return *channel_; }

  void close() override {
    closed_ = true;
    if (acceptor_)
      acceptor_->close();
    channel_->close();
  }

  void signal(int number, process::signal_scope scope) override {
    if (process_)
      process_->signal(number, scope);
    else
      waiting_signal_ = number;
  }

  void note_descendants() override {
    if (process_)
      process_->note_descendants();
  }

  const std::vector<std::string>& arguments() const noexcept override { return arguments_; }

  pid_t process_id() const noexcept override { return process_ ? process_->id() : 0; }

  bool has_written() override {
    if (!process_)
      return false;
    auto now = process::bytes_written(process_->id());
    return now != std::exchange(bytes_written_, now);
  }

  const std::vector<std::string>& limits_off() const noexcept override {
    static const auto none = std::vector<std::string>{};
    return process_ ? process_->limits_off() : none;
  }

  void pause_console(bool paused) override {
    for (auto reader : {stdout_.get(), stderr_.get()})
      if (reader != nullptr)
        paused ? reader->pause() : reader->resume();
  }

  std::string boot_report() const override {
    if (!acceptor_)
      return {};
    auto result = (connected_ ? "it had connected to " : "it never connected to ") + meeting_point_;
    if (auto count = acceptor_->refused(); count == 1)
      result += "; one connection was refused: " + acceptor_->last_reason();
    else if (count > 1)
      result += "; " + std::to_string(count) + " connections were refused, the last one: " + acceptor_->last_reason();
    return result;
  }

private:
  using process_or_error = caf::expected<std::unique_ptr<process::subprocess>>;

  /// What the thread that starts processes needs.
  struct starting {
    process::spawn_options spawn;
    std::vector<process::descriptor> for_child; ///< closed here when the process has them
  };

  using data_handler = connection::stream_reader::data_handler;

  /// Reads a pipe if there is one. End of file is ignored; the exit of the process counts.
  std::unique_ptr<connection::stream_reader> read(process::descriptor pipe, data_handler on_data) {
    if (!pipe)
      return nullptr;
    return connection::stream_reader::make(where_->io(), std::move(pipe), std::move(on_data), [](std::error_code) {});
  }

  void on_started(process_or_error started) {
    if (!started)
      return events_.on_not_spawned(std::move(started.error()));
    process_ = std::move(*started);
    events_.on_spawned();
    auto ends = std::move(ends_);
    if (ends.place)
      await_connection(std::move(*ends.place), ends.secret);
    else
      attach(std::move(ends.input), std::move(ends.output), {});
    process_->on_exit([this](const exit_status& status, const std::vector<survivor>& left) { finish(status, left); });
    if (waiting_signal_ != 0)
      process_->signal(waiting_signal_, process::signal_scope::group);
  }

  void await_connection(connection::listening_socket place, const std::optional<connection::token_secret>& secret) {
    if (closed_)
      return;
    for (auto& address : place.addresses)
      meeting_point_ += (meeting_point_.empty() ? "" : ", ") + address;
    meeting_point_ += ", port " + std::to_string(place.port);
    auto how = connection::acceptor::settings{};
    how.process = process_->id();
    how.secret = secret;
    auto on_accepted = [this, has_secret = secret.has_value()](process::descriptor socket, byte_buffer head,
                                                               connection::proof evidence) {
      token_may_come_ = has_secret && evidence == connection::proof::owner;
      connect(std::move(socket), head);
    };
    acceptor_ =
        connection::acceptor::start(where_->io(), std::move(place.socket), std::move(how), std::move(on_accepted));
  }

  void connect(process::descriptor socket, const_byte_span head) {
    connected_ = true;
    events_.on_connected();
    attach(std::move(socket), {}, head);
  }

  void attach(process::descriptor input, process::descriptor output, const_byte_span head) {
    if (closed_)
      return;
    try {
      channel_->attach(std::move(input), std::move(output), head);
    } catch (const boost::system::system_error& failed) { // epoll does not take it
      on_closed(process::system_failure("cannot watch the connection to the peer", failed.code().value()));
    }
  }

  /// The process has ended and was reaped: its number may be reused from now on.
  void finish(const exit_status& status, const std::vector<survivor>& survivors) {
    if (acceptor_)
      acceptor_->process_ended(); // a peer that ends soon may have connected meanwhile
    // Grandchildren may hold the pipes open for ever: their content now is all that the peer wrote.
    if (stdout_)
      stdout_->drain();
    channel_->drain();
    stderr_->drain();
    if (!connected_ || ended_)
      return events_.on_exit(status, survivors);
    // The kernel may still deliver what the process wrote, and the end of the stream after it. Only a grandchild that
    // holds the socket can delay that end.
    last_words_.expires_after(defaults::exit_grace);
    last_words_.async_wait([this, alive = alive_, status, survivors](const boost::system::error_code&) {
      if (!*alive)
        return;
      channel_->drain();
      events_.on_exit(status, survivors);
    });
  }

  // -- channel::listener ---

  void on_readable() override {
    if (stdout_) // the output of a function precedes its result
      stdout_->catch_up();
    events_.on_readable();
  }

  void on_written() override { events_.on_written(); }

  void on_frame(const_byte_span payload) override {
    // A peer that was accepted as the owner of the socket may still send its token.
    if (std::exchange(token_may_come_, false) && wire::parse_token(payload))
      return;
    events_.on_frame(payload);
  }

  void on_text(const_byte_span text) override { events_.on_text(text); }

  void on_closed(caf::error why) override {
    if (std::exchange(ended_, true))
      return;
    events_.on_closed(std::move(why));
    last_words_.cancel(); // which ends the wait for them
  }

  // -- member variables ---

  loop::event_loop_ptr where_;
  incarnation::listener& events_;
  boost::asio::steady_timer last_words_; ///< over `tcp`: waits for the stream's end after the process's
  std::vector<std::string> arguments_;
  preparations ends_;                            ///< what stays here, until the process has been started
  std::unique_ptr<process::subprocess> process_; ///< null until it has been started
  int waiting_signal_ = 0;                       ///< for a process that is being started
  bool closed_ = false;                          ///< `close` was called
  std::unique_ptr<connection::stream_reader> stderr_;
  std::unique_ptr<connection::stream_reader> stdout_; ///< null over `standard_io`
  connection::stream_channel_ptr channel_;
  std::unique_ptr<connection::acceptor> acceptor_; ///< over `tcp`
  std::string meeting_point_;                      ///< over `tcp`
  std::uint64_t bytes_written_ = 0;                ///< by the process, at the last call of `has_written`
  bool connected_ = false;                         ///< over `tcp`: the peer was found
  bool token_may_come_ = false;                    ///< over `tcp`, as the first frame
  bool ended_ = false;                             ///< `on_closed` was called
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

caf::expected<std::unique_ptr<incarnation>> launch(const loop::event_loop_ptr& where,
                                                   const process::environment_ptr& variables,
                                                   const start_options& options, incarnation::listener& events) {
  auto ready = prepare(options, variables);
  if (!ready)
    return std::move(ready.error());
  try {
    auto result = std::make_unique<peer_process>(where, std::move(*ready), events);
    if (!result->start())
      return fail(errc::system_failure, "the actor system is ending, or has no thread that starts processes");
    return result;
  } catch (const boost::system::system_error& failed) { // epoll takes no more
    return process::system_failure("cannot watch the connection and the output of the peer", failed.code().value());
  }
}

} // namespace

incarnation::~incarnation() = default;

launcher process_launcher(loop::event_loop_ptr where) {
  auto variables = process::current_environment();
  return [where = std::move(where), variables = std::move(variables)](const start_options& options,
                                                                      incarnation::listener& events) {
    return launch(where, variables, options, events);
  };
}

} // namespace peer::internal::origin
