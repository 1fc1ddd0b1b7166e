// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The sinks that write to descriptors: this program's own standard streams, and files. All opening and writing happens
// off the loop, since it may block, and each descriptor waits alone.

#include "console/line_sink.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"
#include "process/descriptor.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
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

/// The error for the result of `write_all`. None for what is dropped because the loop ends.
caf::error write_failure(const std::string& what, int code) {
  if (code == 0 || code == ECANCELED)
    return {};
  return internal::process::system_failure("output is lost: cannot write to " + what, code);
}

using write_error_handler = std::function<void(const caf::error&)>;

// -- the standard streams ---------------------------------------------------------------------------------------------

class console_sink final : public internal::console::sink {
public:
  console_sink(internal::loop::event_loop_ptr where, write_error_handler on_error)
      : where_(std::move(where)), on_error_(std::move(on_error)) {}

  void write(stream from, std::string_view text, done written) override {
    static constexpr auto queues = std::array<char, 2>{}; // their addresses: one for each stream
    auto is_output = from == stream::standard_output;
    auto task = [is_output, text = std::string{text}, written = std::move(written), ending = where_->ending_fd(),
                 on_error = on_error_] {
      auto code = write_all(is_output ? STDOUT_FILENO : STDERR_FILENO, text, ending);
      auto failed = write_failure(is_output ? "standard output" : "standard error", code);
      if (failed && on_error)
        on_error(std::exchange(failed, {}));
      written(failed);
    };
    where_->offload(std::move(task), &queues[is_output ? 0 : 1]);
  }

private:
  internal::loop::event_loop_ptr where_;
  write_error_handler on_error_;
};

class prefixed_console_sink final : public internal::console::line_sink {
public:
  prefixed_console_sink(internal::loop::event_loop_ptr where, write_error_handler on_error, const std::string& name)
      : console_(std::move(where), std::move(on_error)), prefix_("[" + name + "] ") {}

protected:
  void put(std::vector<output_line> lines, done written) override {
    auto texts = std::array<std::string, 2>{};
    for (auto& line : lines)
      texts[static_cast<std::size_t>(line.from)].append(prefix_).append(line.text).append("\n");
    auto [out, err] = std::move(texts);
    if (!out.empty() && !err.empty()) // only at the end, when both have a last line
      console_.write(stream::standard_error, std::exchange(err, {}), [](const caf::error&) {});
    if (!out.empty())
      console_.write(stream::standard_output, out, std::move(written));
    else if (!err.empty())
      console_.write(stream::standard_error, err, std::move(written));
    else
      written({});
  }

private:
  console_sink console_;
  std::string prefix_;
};

// -- files ------------------------------------------------------------------------------------------------------------

/// Opens a file for output. Does not wait for a reader, a line or the end of a lease.
internal::process::descriptor open_path(const std::string& path, int mode) {
  return internal::process::descriptor{
      open(path.c_str(), mode | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666)};
}

bool is_fifo(const internal::process::descriptor& file) {
  struct stat facts = {};
  return file && fstat(file.get(), &facts) == 0 && S_ISFIFO(facts.st_mode);
}

/// A file that output is appended to, by its path. All peers with that file share one object, so that one thread at
/// most waits for its reader, however often they are started. Any thread may use it.
class output_file {
public:
  explicit output_file(std::string path) : path_(std::move(path)) {}

  /// Opens the file, again if it is open. What is open stays so if that fails.
  caf::error open() {
    auto next = open_path(path_, O_WRONLY);
    // Without a reader a FIFO cannot be opened for writing only, or breaks. This end is one, too: so text waits.
    if ((!next && errno == ENXIO) || is_fifo(next))
      next = open_path(path_, O_RDWR);
    if (!next)
      return internal::process::system_failure("cannot open the output file '" + path_ + "'", errno);
    auto guard = std::lock_guard{mutex_};
    file_ = std::make_shared<internal::process::descriptor>(std::move(next));
    return {};
  }

  /// The same; the next write reports a failure.
  void reopen() {
    auto failed = open();
    auto guard = std::lock_guard{mutex_};
    reopen_failure_ = std::move(failed);
  }

  caf::error write(std::string_view text, int ending) {
    auto lock = std::unique_lock{mutex_};
    auto file = file_;
    auto before = std::exchange(reopen_failure_, {});
    lock.unlock();
    auto failed = write_failure("'" + path_ + "'", write_all(file ? file->get() : -1, text, ending));
    return failed ? failed : before;
  }

  /// Bytes that have not been written.
  std::atomic<std::size_t> waiting = 0;

  const std::string& path() const noexcept { return path_; }

private:
  std::string path_;
  std::mutex mutex_;
  std::shared_ptr<internal::process::descriptor> file_;
  caf::error reopen_failure_;
};

using file_ptr = std::shared_ptr<output_file>;

/// The output files of all loops.
class file_list {
public:
  static file_list& instance() {
    static auto& result = *new file_list; // never destroyed: threads may use it while the program exits
    return result;
  }

  file_ptr get(const internal::loop::event_loop_ptr& where, const std::string& path) {
    auto guard = std::lock_guard{mutex_};
    std::erase_if(entries_, [](auto& x) { return x.file.expired(); });
    for (auto& each : entries_)
      if (auto file = each.file.lock(); file && each.where == where.get() && file->path() == path)
        return file;
    auto result = std::make_shared<output_file>(path);
    entries_.push_back({where.get(), result});
    return result;
  }

  std::vector<file_ptr> all_of(const internal::loop::event_loop_ptr& where) {
    auto result = std::vector<file_ptr>{};
    auto guard = std::lock_guard{mutex_};
    for (auto& each : entries_)
      if (auto file = each.file.lock(); file && each.where == where.get())
        result.push_back(std::move(file));
    return result;
  }

private:
  struct entry {
    const internal::loop::event_loop* where; ///< lives as long as the file
    std::weak_ptr<output_file> file;
  };

  std::mutex mutex_;
  std::vector<entry> entries_;
};

class file_sink final : public internal::console::sink {
public:
  file_sink(internal::loop::event_loop_ptr where, const std::string& path)
      : where_(std::move(where)), file_(file_list::instance().get(where_, path)) {}

  /// Not in the queue of the writes: these may wait for a reader.
  void open(done opened) override {
    auto task =
        std::make_shared<std::function<void()>>([file = file_, opened = std::move(opened)] { opened(file->open()); });
    where_->offload([task] { (*task)(); }, task.get());
  }

  void write(stream, std::string_view text, done written) override {
    if (file_->waiting > defaults::output_limit) // of peers that have ended, too
      return written(fail(errc::overload, "output is lost: the reader of '" + file_->path() + "' does not keep up"));
    file_->waiting += text.size();
    auto task = [file = file_, text = std::string{text}, written = std::move(written), ending = where_->ending_fd()] {
      auto failed = file->write(text, ending);
      file->waiting -= text.size();
      written(failed);
    };
    where_->offload(std::move(task), file_.get());
  }

private:
  internal::loop::event_loop_ptr where_;
  file_ptr file_;
};

} // namespace

void internal::console::complain(const loop::event_loop_ptr& where, std::string_view message) {
  auto line = "libpeer: " + std::string{message} + "\n";
  console_sink{where, nullptr}.write(stream::standard_error, line, [](const caf::error&) {});
}

sink_factory console_output() noexcept {
  return [](const internal::loop::event_loop_ptr& where, const std::string&) {
    return caf::expected<internal::console::sink_ptr>{std::make_shared<console_sink>(where, nullptr)};
  };
}

sink_factory console_output(bool prefix, write_error_handler on_error) {
  return
      [prefix, on_error = std::move(on_error)](const internal::loop::event_loop_ptr& where,
                                               const std::string& name) -> caf::expected<internal::console::sink_ptr> {
        if (prefix)
          return std::make_shared<prefixed_console_sink>(where, on_error, name);
        return std::make_shared<console_sink>(where, on_error);
      };
}

sink_factory file_output(std::string path) {
  return [path = std::move(path)](const internal::loop::event_loop_ptr& where,
                                  const std::string&) -> caf::expected<internal::console::sink_ptr> {
    return std::make_shared<file_sink>(where, path);
  };
}

void reopen_files(caf::actor_system& sys) {
  auto loop = internal::loop::event_loop::find(sys);
  if (!loop)
    return; // no peer was started
  for (auto& file : file_list::instance().all_of(loop))
    loop->offload([file] { file->reopen(); }, file.get());
}

} // namespace peer
