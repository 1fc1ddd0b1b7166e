// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/control/incarnation.hpp"

#include "peer/connection/stream_reader.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"

#include <boost/asio/io_context.hpp>

#include <optional>
#include <utility>

namespace peer {

namespace {

/// A child process with pipes for its three streams; stdin and stdout carry the frames.
class stdio_process final : public incarnation {
public:
  /// The ends of the pipes that stay here.
  struct pipes {
    descriptor to_stdin;
    descriptor from_stdout;
    descriptor from_stderr;
  };

  stdio_process(loop_ptr where, std::unique_ptr<child> process, pipes ends, listener& events)
      : where_(std::move(where)),
        events_(events),
        process_(std::move(process)),
        stderr_(stream_reader::make(
            where_->io(), std::move(ends.from_stderr), [this](const_byte_span text) { events_.on_stderr(text); },
            [](std::error_code) {})),
        channel_(make_stream_channel(where_->io(), std::move(ends.from_stdout), std::move(ends.to_stdin),
                                     wire::make_stdio_framing(wire::damage::resync), events)) {
    process_->on_exit([this](const exit_status& status) {
      // Grandchildren may hold the pipes open for ever: what is in them now is all that the peer wrote.
      channel_->drain();
      stderr_->drain();
      events_.on_exit(status);
    });
  }

  channel& connection() override { return *channel_; }

  void signal(int number, signal_scope scope) override { process_->signal(number, scope); }

  pid_t process_id() const noexcept override { return process_->id(); }

  void pause_stderr(bool paused) override {
    if (paused)
      stderr_->pause();
    else
      stderr_->resume();
  }

private:
  loop_ptr where_;
  listener& events_;
  std::unique_ptr<child> process_;
  std::unique_ptr<stream_reader> stderr_;
  channel_ptr channel_;
};

spawn_options make_spawn_options(const start_options& options) {
  auto result = spawn_options{};
  result.program = options.exec->program;
  result.arguments = command_line(options);
  result.environment = options.env;
  result.working_directory = options.working_directory;
  return result;
}

caf::expected<std::unique_ptr<incarnation>> launch_stdio(const loop_ptr& where, const start_options& options,
                                                         incarnation::listener& events) {
  auto in = make_pipe("the peer's stdin");
  if (!in)
    return std::move(in.error());
  auto out = make_pipe("the peer's stdout");
  if (!out)
    return std::move(out.error());
  auto err = make_pipe("the peer's stderr");
  if (!err)
    return std::move(err.error());
  auto spawn = make_spawn_options(options);
  spawn.standard_input = in->read.get();
  spawn.standard_output = out->write.get();
  spawn.standard_error = err->write.get();
  auto process = child::spawn(where->io(), spawn);
  if (!process)
    return std::move(process.error());
  auto ends = stdio_process::pipes{std::move(in->write), std::move(out->read), std::move(err->read)};
  return std::make_unique<stdio_process>(where, std::move(*process), std::move(ends), events);
}

} // namespace

incarnation::~incarnation() = default;

launcher process_launcher(loop_ptr where) {
  return [where = std::move(where)](const start_options& options, incarnation::listener& events) {
    return launch_stdio(where, options, events);
  };
}

} // namespace peer
