// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "console/input.hpp"

#include "base/callback.hpp"
#include "console/sink.hpp"
#include "loop/quiet_thread.hpp"
#include "process/descriptor.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace peer {

namespace {

class text_source final : public internal::console::input_source {
public:
  explicit text_source(std::string text) : text_(std::move(text)) {}

  void read(receiver deliver) override {
    if (text_.empty())
      deliver(std::nullopt);
    else
      deliver(std::exchange(text_, {}));
  }

private:
  std::string text_;
};

using read_function = std::function<void(internal::console::input_source::receiver)>;

/// Calls the program's function off the loop, since it may block. An exception ends the input.
class function_source final : public internal::console::input_source {
public:
  function_source(internal::loop::event_loop_ptr where, read_function read)
      : where_(std::move(where)), read_(std::make_shared<const read_function>(std::move(read))) {}

  void read(receiver deliver) override {
    if (!where_) // otherwise a test has no loop
      return (*read_)(std::move(deliver));
    auto task = [read = read_, deliver = once(std::move(deliver)), where = std::weak_ptr{where_}] {
      auto why = internal::base::callback_failure([&] { (*read)(deliver); });
      auto loop = why ? where.lock() : nullptr;
      if (loop)
        internal::console::complain(loop, "the function of 'function_input' failed: " + *why);
      if (why)
        deliver(std::nullopt);
    };
    where_->run_callback(std::move(task), read_.get());
  }

private:
  /// Passes on the first call only.
  static receiver once(receiver deliver) {
    return [deliver = std::move(deliver), called = std::make_shared<std::atomic<bool>>(false)](auto piece) {
      if (!called->exchange(true))
        deliver(std::move(piece));
    };
  }

  internal::loop::event_loop_ptr where_;
  std::shared_ptr<const read_function> read_;
};

/// Reads a descriptor on a thread of its own, which the first request starts: the descriptor may be a file, which
/// cannot be polled, and its flags are shared with other programs, so that it must not be made non-blocking. The
/// thread is not joined, since a read may last.
class descriptor_reader : public std::enable_shared_from_this<descriptor_reader> {
public:
  using receiver = internal::console::input_source::receiver;

  /// Reads a duplicate: the program may close `fd`, and get its number for another file, before the thread has ended.
  explicit descriptor_reader(int fd)
      : fd_(fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)), stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  void read(receiver deliver) {
    auto guard = std::unique_lock{mutex_};
    request_ = std::move(deliver);
    if (started_)
      return wakeup_.notify_all();
    try {
      internal::loop::start_quiet_thread([self = shared_from_this()] { self->run(); }).detach();
      started_ = true;
    } catch (const std::system_error&) { // the system has no thread left
      auto waiting = std::exchange(request_, nullptr);
      guard.unlock();
      waiting(std::nullopt);
    }
  }

  /// Afterwards no receiver is called any more.
  void stop() {
    auto guard = std::unique_lock{mutex_};
    stopping_ = true;
    eventfd_write(stop_.get(), 1);
    wakeup_.notify_all();
    auto here = std::this_thread::get_id();
    wakeup_.wait(guard, [&] { return !delivering_ || *delivering_ == here; }); // a receiver does not block
  }

private:
  void run() {
    auto guard = std::unique_lock{mutex_};
    for (;;) {
      wakeup_.wait(guard, [this] { return stopping_ || request_; });
      if (stopping_)
        return;
      auto deliver = std::exchange(request_, nullptr);
      guard.unlock();
      auto piece = next();
      guard.lock();
      if (stopping_)
        return;
      delivering_ = std::this_thread::get_id();
      guard.unlock();
      deliver(std::move(piece));
      deliver = nullptr;
      guard.lock();
      delivering_.reset();
      wakeup_.notify_all();
    }
  }

  std::optional<std::string> next() {
    if (!fd_ || !stop_)
      return std::nullopt;
    auto ready = std::array<pollfd, 2>{pollfd{fd_.get(), POLLIN, 0}, pollfd{stop_.get(), POLLIN, 0}};
    for (;;) {
      if (poll(ready.data(), ready.size(), -1) < 0 && errno == EINTR)
        continue;
      if (ready[1].revents != 0)
        return std::nullopt;
      // `poll` wakes all sources of a descriptor, but only one gets the input: another one would block in `read` and
      // not see `stop_`.
      static std::mutex one_at_a_time;
      auto guard = std::lock_guard{one_at_a_time};
      auto still = pollfd{fd_.get(), POLLIN, 0};
      if (poll(&still, 1, 0) <= 0)
        continue;
      auto buffer = std::string(4096, '\0');
      auto got = ::read(fd_.get(), buffer.data(), buffer.size());
      if (got < 0 && (errno == EINTR || errno == EAGAIN))
        continue;
      if (got <= 0)
        return std::nullopt;
      buffer.resize(static_cast<std::size_t>(got));
      return buffer;
    }
  }

  internal::process::descriptor fd_;
  internal::process::descriptor stop_;
  std::mutex mutex_;
  std::condition_variable wakeup_;
  receiver request_;
  bool started_ = false;
  bool stopping_ = false;
  std::optional<std::thread::id> delivering_; ///< set while a receiver is called
};

class descriptor_source final : public internal::console::input_source {
public:
  explicit descriptor_source(int fd) : reader_(std::make_shared<descriptor_reader>(fd)) {}

  ~descriptor_source() override { reader_->stop(); }

  void read(receiver deliver) override { reader_->read(std::move(deliver)); }

private:
  std::shared_ptr<descriptor_reader> reader_;
};

} // namespace

internal::console::input_source::~input_source() = default;

input_factory no_input() noexcept {
  return [](const internal::loop::event_loop_ptr&) { return std::make_shared<text_source>(std::string{}); };
}

input_factory text_input(std::string text) {
  return
      [text = std::move(text)](const internal::loop::event_loop_ptr&) { return std::make_shared<text_source>(text); };
}

input_factory function_input(std::function<void(internal::console::input_source::receiver)> read) {
  return [read = std::move(read)](const internal::loop::event_loop_ptr& where) {
    return std::make_shared<function_source>(where, read);
  };
}

input_factory descriptor_input(int fd) {
  return [fd](const internal::loop::event_loop_ptr&) { return std::make_shared<descriptor_source>(fd); };
}

} // namespace peer
