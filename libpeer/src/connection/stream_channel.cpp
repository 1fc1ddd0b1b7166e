// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "base/large_memory.hpp"
#include "connection/channel.hpp"
#include "connection/chunk.hpp"
#include "connection/stream_reader.hpp"
#include "peer/error.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace peer::internal::connection {

namespace {

using steady = std::chrono::steady_clock;

bool is_socket(int fd) noexcept {
  struct stat facts {};
  return fstat(fd, &facts) == 0 && S_ISSOCK(facts.st_mode);
}

/// Removes the SIGPIPE that a failed write to a pipe has left pending for a thread that blocks it. It would be
/// delivered when the thread unblocks it.
void take_sigpipe() {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  auto now = timespec{};
  while (sigtimedwait(&pipe, nullptr, &now) < 0 && errno == EINTR)
    ;
}

/// Blocks SIGPIPE during one scope, in which the thread writes to a pipe.
class sigpipe_guard {
public:
  sigpipe_guard() {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before_);
  }

  sigpipe_guard(const sigpipe_guard&) = delete;
  sigpipe_guard& operator=(const sigpipe_guard&) = delete;

  ~sigpipe_guard() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
  sigset_t before_;
};

class stream_channel_impl final : public stream_channel {
public:
  stream_channel_impl(boost::asio::io_context& io, wire::framing_ptr framing, listener& events)
      : io_(io), framing_(std::move(framing)), width_(framing_->code_width()), events_(events), output_(io) {}

  ~stream_channel_impl() override { *alive_ = false; }

  // -- stream_channel ---

  void attach(process::descriptor input, process::descriptor output, const_byte_span head) override {
    reads_socket_ = is_socket(input.get());
    writes_socket_ = output ? is_socket(output.get()) : reads_socket_;
    if (output) {
      process::set_nonblocking(output.get());
      output_.assign(output.release());
    }
    reader_ = stream_reader::make(
        io_, std::move(input), [this](const_byte_span bytes) { receive(bytes); },
        [this](std::error_code why) { receive_end(why); });
    if (paused_)
      reader_->pause();
    if (!writable_)
      end_output();
    else if (queued() > 0)
      flush_later();
    if (!head.empty())
      receive(head);
  }

  // -- channel ---

  void pause(bool paused) override {
    paused_ = paused;
    if (reader_)
      paused ? reader_->pause() : reader_->resume();
  }

  void drain() override {
    if (reader_ && !closed_)
      reader_->drain();
  }

  bool flush(std::chrono::milliseconds patience) override {
    sigpipe_guard guard;
    auto until = steady::now() + patience;
    while (queued() > 0 && attached() && write_some() == 0 && queued() > 0) {
      auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady::now());
      auto ready = pollfd{output_handle(), POLLOUT, 0};
      auto code = poll(&ready, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
      if (code == 0 || (code < 0 && errno != EINTR))
        break;
    }
    return queued() == 0;
  }

  void close() override {
    if (!writable_)
      return;
    if (attached())
      write_some();
    close_output();
  }

  std::size_t queued() const noexcept override { return width_ * pending_.size() - written_; }

  std::uint64_t written() const noexcept override { return total_; }

  std::uint64_t received() const noexcept override { return received_; }

  std::size_t lost_frames() const noexcept override { return framing_->lost_frames(); }

protected:
  bool writable() const noexcept override { return writable_; }

  byte_buffer& output() override { return pending_; }

  wire::framing& framing() override { return *framing_; }

  void flush_later() override {
    if (!attached())
      return;
    if (std::exchange(flushing_, true)) {
      if (!waits_ && ++unwritten_frames_ == frames_per_write)
        write_early();
      return;
    }
    unwritten_frames_ = 1;
    boost::asio::post(io_, [this, alive = alive_] {
      if (*alive)
        write_queued();
    });
  }

private:
  bool attached() const noexcept { return reader_ != nullptr; }

  // -- outgoing ---

  /// The descriptor to write to; -1 once it is closed.
  int output_handle() noexcept { return output_.is_open() ? output_.native_handle() : reader_->native_handle(); }

  /// Writes before this turn of the loop is over, so that the other side can start working. A failure is reported by
  /// the next write, since the caller does not expect a callback here.
  void write_early() {
    unwritten_frames_ = 0;
    if (early_failure_ == 0)
      early_failure_ = write_some();
    events_.on_written();
  }

  /// Writes what is queued, waiting for the descriptor while it is full. `flushing_` until nothing is left.
  void write_queued() {
    waits_ = false;
    if (!writable_)
      return;
    auto failed = early_failure_ != 0 ? early_failure_ : write_some();
    events_.on_written();
    if (failed)
      return broken(failed);
    if (queued() == 0) {
      flushing_ = false;
      return;
    }
    waits_ = true;
    if (!output_.is_open())
      return reader_->wait_writable([this] { write_queued(); });
    output_.async_wait(stream_type::wait_write, [this, alive = alive_](const boost::system::error_code& code) {
      if (!code && *alive)
        write_queued();
    });
  }

  /// Writes as much as possible without waiting. Returns an errno value; 0 also if something is left.
  int write_some() {
    while (queued() > 0) {
      auto count = width_ == 1 ? write(const_byte_span{pending_}.subspan(written_)) : write_code();
      if (count > 0) {
        written_ += static_cast<std::size_t>(count);
        total_ += static_cast<std::uint64_t>(count);
      } else if (errno == EAGAIN)
        break;
      else if (errno != EINTR)
        return write_failed(errno);
    }
    compact();
    return 0;
  }

  ssize_t write(const_byte_span bytes) {
    return writes_socket_ ? ::send(output_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL)
                          : ::write(output_handle(), bytes.data(), bytes.size());
  }

  /// Encodes the next frames and writes them. What does not fit is encoded again the next time.
  ssize_t write_code() {
    chunk code;
    auto next = const_byte_span{pending_}.subspan(written_ / width_);
    auto part = next.first(std::min(next.size(), code_chunk / width_));
    framing_->encode(part, code.data());
    return write(const_byte_span{code.data(), width_ * part.size()}.subspan(written_ % width_));
  }

  int write_failed(int code) const {
    if (code == EPIPE && !writes_socket_)
      take_sigpipe();
    return code;
  }

  /// Forgets what was written, without moving a large rest on every call.
  void compact() {
    auto done = written_ / width_;
    if (queued() == 0) {
      pending_.clear();
      if (pending_.capacity() > shrink_above)
        detail::keep_memory(std::exchange(pending_, {}));
    } else if (done > pending_.size() / 2) {
      pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(done));
    } else {
      return;
    }
    written_ -= width_ * done;
  }

  /// What could not be written is dropped.
  void close_output() {
    writable_ = false;
    pending_.clear();
    written_ = 0;
    if (attached())
      end_output();
  }

  /// Ends the outgoing stream: the other side reads end of file.
  void end_output() {
    if (writes_socket_) // even if it has its own descriptor: `input` may be a duplicate of it
      shutdown(output_handle(), SHUT_WR);
    output_.close();
  }

  /// The other side no longer reads. What it wrote before is still passed on.
  void broken(int code) {
    close_output();
    drain();
    if (writes_socket_ && (code == EPIPE || code == ECONNRESET))
      end_in_order();
    else
      end(process::system_failure("cannot write to the peer", code));
  }

  // -- incoming ---

  void receive(const_byte_span bytes) {
    if (closed_)
      return;
    received_ += bytes.size();
    events_.on_readable();
    if (auto failed = framing_->consume(bytes, events_))
      end(std::move(failed));
  }

  void receive_end(std::error_code why) {
    if (why && !(reads_socket_ && why.value() == ECONNRESET))
      end(process::system_failure("cannot read from the peer", why.value()));
    else
      end_in_order();
  }

  /// The other side has closed the stream, perhaps in the middle of a frame.
  void end_in_order() {
    if (!closed_)
      end(framing_->finish(events_));
  }

  void end(caf::error why) {
    if (std::exchange(closed_, true))
      return;
    if (writable_)
      close_output();
    events_.on_closed(std::move(why));
  }

  /// The number of messages sent in one turn of the loop that are written by one system call. Measured: 16 gives more
  /// calls per second than 8, 32 or no limit.
  static constexpr unsigned frames_per_write = 16;

  /// An output buffer above this size is freed when it is empty.
  static constexpr std::size_t shrink_above = std::size_t{64} << 10;

  /// Encoded bytes per system call.
  static constexpr std::size_t code_chunk = std::size_t{64} << 10;
  static_assert(code_chunk <= chunk::size);

  using stream_type = boost::asio::posix::stream_descriptor;

  boost::asio::io_context& io_;
  wire::framing_ptr framing_;
  std::size_t width_; ///< bytes of the stream for each byte in `pending_`
  listener& events_;
  stream_type output_; ///< closed if the input is a socket for both directions
  byte_buffer pending_;
  std::size_t written_ = 0; ///< bytes of `pending_` written so far, in bytes of the stream
  std::uint64_t total_ = 0; ///< bytes written since the beginning
  std::uint64_t received_ = 0;
  bool writable_ = true;
  bool reads_socket_ = false;
  bool writes_socket_ = false;
  bool flushing_ = false;
  bool waits_ = false;            ///< for the descriptor to become writable
  unsigned unwritten_frames_ = 0; ///< while `flushing_`
  int early_failure_ = 0;         ///< an errno value not yet reported
  bool paused_ = false;           ///< reading is paused
  bool closed_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<stream_reader> reader_; ///< null until `attach`
};

} // namespace

channel::~channel() = default;

void channel::listener::on_readable() {
  // nop
}

void channel::listener::on_written() {
  // nop
}

stream_channel_ptr make_stream_channel(boost::asio::io_context& io, wire::framing_ptr framing,
                                       channel::listener& events) {
  return std::make_unique<stream_channel_impl>(io, std::move(framing), events);
}

stream_channel_ptr make_stream_channel(boost::asio::io_context& io, process::descriptor input,
                                       process::descriptor output, wire::framing_ptr framing,
                                       channel::listener& events) {
  auto result = make_stream_channel(io, std::move(framing), events);
  result->attach(std::move(input), std::move(output), {});
  return result;
}

} // namespace peer::internal::connection
