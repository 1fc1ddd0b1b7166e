// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "console/input.hpp"

#include "process/descriptor.hpp"

#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>
#include <utility>

#include <poll.h>
#include <pthread.h>
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

class function_source final : public internal::console::input_source {
public:
  explicit function_source(std::function<void(receiver)> read) : read_(std::move(read)) {}

  void read(receiver deliver) override { read_(std::move(deliver)); }

private:
  std::function<void(receiver)> read_;
};

/// Reads on a thread of its own, which the first request starts: the descriptor may be a file, which cannot be polled,
/// and its flags are shared with other programs, so that it must not be made non-blocking.
class descriptor_source final : public internal::console::input_source {
public:
  explicit descriptor_source(int fd) : fd_(fd), stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  ~descriptor_source() override {
    {
      auto guard = std::lock_guard{mutex_};
      stopping_ = true;
    }
    eventfd_write(stop_.get(), 1);
    wakeup_.notify_one();
    if (thread_.joinable())
      thread_.join();
  }

  void read(receiver deliver) override {
    auto guard = std::lock_guard{mutex_};
    request_ = std::move(deliver);
    if (!thread_.joinable())
      thread_ =
          std::thread{[this] { run(); }}; // the caller is the loop's thread: the mask that it inherits blocks signals
    wakeup_.notify_one();
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
      if (!cancelled_)
        deliver(std::move(piece));
      guard.lock();
    }
  }

  std::optional<std::string> next() {
    auto ready = std::array<pollfd, 2>{pollfd{fd_, POLLIN, 0}, pollfd{stop_.get(), POLLIN, 0}};
    for (;;) {
      if (poll(ready.data(), ready.size(), -1) < 0 && errno == EINTR)
        continue;
      if (ready[1].revents != 0) {
        cancelled_ = true;
        return std::nullopt;
      }
      // `poll` wakes all sources of a descriptor, but only one gets the input: another one would block in `read` and
      // not see `stop_`.
      static std::mutex one_at_a_time;
      auto guard = std::lock_guard{one_at_a_time};
      auto still = pollfd{fd_, POLLIN, 0};
      if (poll(&still, 1, 0) <= 0)
        continue;
      auto buffer = std::string(4096, '\0');
      auto got = ::read(fd_, buffer.data(), buffer.size());
      if (got < 0 && (errno == EINTR || errno == EAGAIN))
        continue;
      if (got <= 0)
        return std::nullopt;
      buffer.resize(static_cast<std::size_t>(got));
      return buffer;
    }
  }

  int fd_;
  internal::process::descriptor stop_;
  std::mutex mutex_;
  std::condition_variable wakeup_;
  receiver request_;
  bool stopping_ = false;
  bool cancelled_ = false; ///< only the thread uses it
  std::thread thread_;
};

} // namespace

internal::console::input_source::~input_source() = default;

input_factory no_input() {
  return text_input({});
}

input_factory text_input(std::string text) {
  return [text = std::move(text)](const internal::loop::event_loop_ptr&) { return std::make_shared<text_source>(text); };
}

input_factory function_input(std::function<void(internal::console::input_source::receiver)> read) {
  return [read = std::move(read)](const internal::loop::event_loop_ptr&) { return std::make_shared<function_source>(read); };
}

input_factory descriptor_input(int fd) {
  return [fd](const internal::loop::event_loop_ptr&) { return std::make_shared<descriptor_source>(fd); };
}

} // namespace peer
