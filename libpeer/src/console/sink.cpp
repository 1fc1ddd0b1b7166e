// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "console/sink.hpp"

#include "base/caf_compat.hpp"
#include "console/line_splitter.hpp"
#include "console/messages.hpp"
#include "loop/pinned.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"
#include "peer/type_ids.hpp"
#include "process/descriptor.hpp"

#include "caf/all.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace peer {

namespace {

// -- writing to descriptors -------------------------------------------------------------------------------------------

/// Writes all of `text` to `fd`, waiting as long as it takes unless `ending` becomes readable: then what needs waiting
/// is dropped. Returns an errno value.
int write_all(int fd, std::string_view text, int ending) {
  // A pipe that is ready takes this much without waiting (POSIX, PIPE_BUF).
  constexpr std::size_t piece = 4096;
  while (!text.empty()) {
    auto ready = std::array<pollfd, 2>{pollfd{fd, POLLOUT, 0}, pollfd{ending, POLLIN, 0}};
    if (poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR)
      return errno;
    if (ready[0].revents != 0) {
      auto count = ::write(fd, text.data(), std::min(text.size(), piece));
      if (count >= 0)
        text.remove_prefix(static_cast<std::size_t>(count));
      else if (errno != EINTR && errno != EAGAIN)
        return errno;
    } else if (ready[1].revents != 0) {
      return ECANCELED;
    }
  }
  return 0;
}

// -- sinks ------------------------------------------------------------------------------------------------------------

class null_sink final : public internal::console::sink {
public:
  void write(stream, std::string_view, done written) override { written(); }
};

/// Keeps lines together, per stream, and passes on whole ones.
class line_sink : public internal::console::sink {
public:
  void write(stream from, std::string_view text, done written) final {
    auto lines = std::vector<output_line>{};
    splitter(from).feed(text, [&](std::string_view line) { lines.push_back({from, std::string{line}}); });
    put(std::move(lines), std::move(written));
  }

  void finish() final {
    auto lines = std::vector<output_line>{};
    for (auto from : {stream::standard_output, stream::standard_error})
      splitter(from).finish([&](std::string_view line) { lines.push_back({from, std::string{line}}); });
    put(std::move(lines), [] {});
  }

protected:
  virtual void put(std::vector<output_line> lines, done written) = 0;

private:
  internal::console::line_splitter& splitter(stream from) { return splitters_[static_cast<std::size_t>(from)]; }

  std::array<internal::console::line_splitter, 2> splitters_;
};

class callback_sink final : public line_sink {
public:
  callback_sink(internal::loop::loop_ptr where, std::shared_ptr<const std::function<void(const output_line&)>> handler)
      : where_(std::move(where)), handler_(std::move(handler)) {}

protected:
  void put(std::vector<output_line> lines, done written) override {
    if (lines.empty())
      return written();
    where_->offload([handler = handler_, lines = std::move(lines), written = std::move(written)] {
      for (auto& line : lines)
        (*handler)(line);
      written();
    });
  }

private:
  internal::loop::loop_ptr where_;
  std::shared_ptr<const std::function<void(const output_line&)>> handler_;
};

/// Sends lines to an actor, and learns whether it keeps up.
class courier final : public internal::loop::pinned<caf::event_based_actor> {
public:
  courier(caf::actor_config& cfg, internal::loop::habitat place, caf::actor receiver)
      : pinned(cfg, std::move(place)), receiver_(std::move(receiver)) {}

  const char* name() const override { return "peer.courier"; }

  caf::behavior make_behavior() override {
    set_default_handler(caf::drop); // what the receiver answers
    set_error_handler([](caf::error&) {});
    return {[this](internal::console::output_batch& batch) { deliver(batch); }};
  }

private:
  void deliver(internal::console::output_batch& batch) {
    auto size = std::size_t{0};
    for (auto& line : batch.lines)
      size += line.text.size() + 1;
    auto last = std::move(batch.lines.back());
    batch.lines.pop_back();
    for (auto& line : batch.lines)
      send(receiver_, std::move(line));
    request(receiver_, caf::infinite, std::move(last))
        .then([this, size] { handled(size); },
              [this, size](caf::error&) { handled(size); }); // it is gone, or answers something of its own
    in_mailbox_ += size;
    waiting_.push_back(std::move(batch.written));
    tell_written();
  }

  void handled(std::size_t size) {
    in_mailbox_ -= size;
    tell_written();
  }

  void tell_written() {
    if (in_mailbox_ <= defaults::output_high_water)
      for (auto& written : std::exchange(waiting_, {}))
        written();
  }

  caf::actor receiver_;
  std::size_t in_mailbox_ = 0;                         ///< bytes that the receiver has not handled
  std::vector<internal::console::sink::done> waiting_; ///< for the receiver to catch up
};

class actor_sink final : public line_sink {
public:
  actor_sink(const internal::loop::loop_ptr& where, caf::actor receiver) : receiver_(std::move(receiver)) {
    if (where) // else it is CAF's test coordinator that runs the actors
      courier_ = internal::loop::spawn_pinned<courier>(where->system(), where, receiver_);
  }

  ~actor_sink() override {
    if (courier_)
      caf::anon_send_exit(courier_, caf::exit_reason::user_shutdown);
  }

protected:
  void put(std::vector<output_line> lines, done written) override {
    if (!lines.empty() && courier_)
      return internal::base::send_anonymous(courier_,
                                            internal::console::output_batch{std::move(lines), std::move(written)});
    for (auto& line : lines)
      internal::base::send_anonymous(receiver_, std::move(line));
    written();
  }

private:
  caf::actor receiver_;
  caf::actor courier_;
};

class console_sink final : public internal::console::sink {
public:
  explicit console_sink(internal::loop::loop_ptr where) : where_(std::move(where)) {}

  void write(stream from, std::string_view text, done written) override {
    auto fd = from == stream::standard_output ? STDOUT_FILENO : STDERR_FILENO;
    where_->offload([fd, text = std::string{text}, written = std::move(written), ending = where_->ending_fd()] {
      write_all(fd, text, ending);
      written();
    });
  }

private:
  internal::loop::loop_ptr where_;
};

class prefixed_console_sink final : public line_sink {
public:
  prefixed_console_sink(internal::loop::loop_ptr where, const std::string& name)
      : console_(std::move(where)), prefix_("[" + name + "] ") {}

protected:
  void put(std::vector<output_line> lines, done written) override {
    auto texts = std::array<std::string, 2>{};
    for (auto& line : lines)
      texts[static_cast<std::size_t>(line.from)].append(prefix_).append(line.text).append("\n");
    auto [out, err] = std::move(texts);
    if (!out.empty() && !err.empty()) // only at the end, when both have a last line
      console_.write(stream::standard_error, std::exchange(err, {}), [] {});
    if (!out.empty())
      console_.write(stream::standard_output, out, std::move(written));
    else if (!err.empty())
      console_.write(stream::standard_error, err, std::move(written));
    else
      written();
  }

private:
  console_sink console_;
  std::string prefix_;
};

class file_sink final : public internal::console::sink {
public:
  file_sink(internal::loop::loop_ptr where, internal::process::descriptor file)
      : where_(std::move(where)), file_(std::make_shared<internal::process::descriptor>(std::move(file))) {}

  void write(stream, std::string_view text, done written) override {
    where_->offload(
        [file = file_, text = std::string{text}, written = std::move(written), ending = where_->ending_fd()] {
          write_all(file->get(), text, ending);
          written();
        });
  }

private:
  internal::loop::loop_ptr where_;
  std::shared_ptr<internal::process::descriptor> file_;
};

} // namespace

internal::console::sink::~sink() = default;

sink_factory discard_output() {
  return [](const internal::loop::loop_ptr&, const std::string&) -> caf::expected<internal::console::sink_ptr> {
    return std::make_shared<null_sink>();
  };
}

sink_factory console_output(bool prefix) {
  return [prefix](const internal::loop::loop_ptr& where,
                  const std::string& name) -> caf::expected<internal::console::sink_ptr> {
    if (prefix)
      return std::make_shared<prefixed_console_sink>(where, name);
    return std::make_shared<console_sink>(where);
  };
}

sink_factory file_output(std::string path) {
  return [path = std::move(path)](const internal::loop::loop_ptr& where,
                                  const std::string&) -> caf::expected<internal::console::sink_ptr> {
    auto file = internal::process::descriptor{open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666)};
    if (!file)
      return internal::process::system_failure("cannot open the output file '" + path + "'", errno);
    return std::make_shared<file_sink>(where, std::move(file));
  };
}

sink_factory line_output(std::function<void(const output_line&)> handler) {
  auto shared = std::make_shared<const std::function<void(const output_line&)>>(std::move(handler));
  return [shared](const internal::loop::loop_ptr& where,
                  const std::string&) -> caf::expected<internal::console::sink_ptr> {
    return std::make_shared<callback_sink>(where, shared);
  };
}

sink_factory actor_output(caf::actor receiver) {
  return [receiver = std::move(receiver)](const internal::loop::loop_ptr& where,
                                          const std::string&) -> caf::expected<internal::console::sink_ptr> {
    if (!receiver)
      return caf::make_error(errc::invalid_option, std::string{"invalid option 'output': it has no receiver"});
    return std::make_shared<actor_sink>(where, receiver);
  };
}

} // namespace peer
