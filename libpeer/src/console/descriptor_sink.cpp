// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The sinks that write to descriptors: this program's own standard streams, and files. All writing happens on the
// loop's second thread, since it may block.

#include "console/line_sink.hpp"
#include "process/descriptor.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string>
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

// -- sinks -----------------------------------------------------------------------------------------------------------

class console_sink final : public internal::console::sink {
public:
  explicit console_sink(internal::loop::event_loop_ptr where) : where_(std::move(where)) {}

  void write(stream from, std::string_view text, done written) override {
    auto fd = from == stream::standard_output ? STDOUT_FILENO : STDERR_FILENO;
    where_->offload([fd, text = std::string{text}, written = std::move(written), ending = where_->ending_fd()] {
      write_all(fd, text, ending);
      written();
    });
  }

private:
  internal::loop::event_loop_ptr where_;
};

class prefixed_console_sink final : public internal::console::line_sink {
public:
  prefixed_console_sink(internal::loop::event_loop_ptr where, const std::string& name)
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
  file_sink(internal::loop::event_loop_ptr where, internal::process::descriptor file)
      : where_(std::move(where)), file_(std::make_shared<internal::process::descriptor>(std::move(file))) {}

  void write(stream, std::string_view text, done written) override {
    where_->offload(
        [file = file_, text = std::string{text}, written = std::move(written), ending = where_->ending_fd()] {
          write_all(file->get(), text, ending);
          written();
        });
  }

private:
  internal::loop::event_loop_ptr where_;
  std::shared_ptr<internal::process::descriptor> file_;
};

} // namespace

sink_factory console_output(bool prefix) {
  return [prefix](const internal::loop::event_loop_ptr& where,
                  const std::string& name) -> caf::expected<internal::console::sink_ptr> {
    if (prefix)
      return std::make_shared<prefixed_console_sink>(where, name);
    return std::make_shared<console_sink>(where);
  };
}

sink_factory file_output(std::string path) {
  return [path = std::move(path)](const internal::loop::event_loop_ptr& where,
                                  const std::string&) -> caf::expected<internal::console::sink_ptr> {
    auto file = internal::process::descriptor{open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666)};
    if (!file)
      return internal::process::system_failure("cannot open the output file '" + path + "'", errno);
    return std::make_shared<file_sink>(where, std::move(file));
  };
}

} // namespace peer
