// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/base/error.hpp"
#include "peer/connection/channel.hpp"
#include "peer/connection/stream_reader.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <cerrno>
#include <utility>

#include <unistd.h>

namespace peer {

namespace {

class stream_channel final : public channel {
public:
  stream_channel(boost::asio::io_context& io, descriptor input, descriptor output, wire::framing_ptr framing,
                 listener& events)
      : io_(io),
        framing_(std::move(framing)),
        events_(events),
        output_(io, output.release()),
        reader_(stream_reader::make(
            io, std::move(input), [this](const_byte_span bytes) { receive(bytes); },
            [this](std::error_code why) { receive_end(why); })) {
    set_nonblocking(output_.native_handle());
  }

  ~stream_channel() override { *alive_ = false; }

  void drain() override {
    if (reader_ && !closed_)
      reader_->drain();
  }

  void close() override {
    if (!output_.is_open())
      return;
    write_some();
    close_output();
  }

  std::size_t queued() const noexcept override { return pending_.size() - written_; }

  std::size_t lost_frames() const noexcept override { return framing_->lost_frames(); }

protected:
  bool writable() const noexcept override { return output_.is_open(); }

  byte_buffer& output() override { return pending_; }

  wire::framing& framing() override { return *framing_; }

  void flush_later() override {
    if (std::exchange(flushing_, true))
      return;
    boost::asio::post(io_, [this, alive = alive_] {
      if (*alive)
        flush();
    });
  }

private:
  // -- outgoing ---

  /// Writes what is queued; waits for the descriptor if it is full. `flushing_` until nothing is left.
  void flush() {
    if (!output_.is_open())
      return;
    if (auto failed = write_some())
      return broken(failed);
    if (queued() == 0) {
      flushing_ = false;
      return;
    }
    output_.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                       [this, alive = alive_](const boost::system::error_code& code) {
                         if (!code && *alive)
                           flush();
                       });
  }

  /// Writes as much as needs no waiting. Returns an errno value, 0 also if something is left.
  int write_some() {
    while (queued() > 0) {
      auto count = ::write(output_.native_handle(), pending_.data() + written_, queued());
      if (count > 0)
        written_ += static_cast<std::size_t>(count);
      else if (errno == EAGAIN)
        break;
      else if (errno != EINTR)
        return errno;
    }
    compact();
    return 0;
  }

  /// Forgets what was written, without moving a large rest on every call.
  void compact() {
    if (queued() == 0) {
      pending_.clear();
      if (pending_.capacity() > shrink_above)
        pending_.shrink_to_fit();
    } else if (written_ > pending_.size() / 2) {
      pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(written_));
    } else {
      return;
    }
    written_ = 0;
  }

  /// What could not be written is dropped.
  void close_output() {
    output_.close();
    pending_.clear();
    written_ = 0;
  }

  /// The other side reads no more. What it had written before still counts.
  void broken(int code) {
    close_output();
    drain();
    end(system_failure("cannot write to the peer", code));
  }

  // -- incoming ---

  void receive(const_byte_span bytes) {
    if (closed_)
      return;
    if (auto failed = framing_->consume(bytes, events_))
      end(std::move(failed));
  }

  void receive_end(std::error_code why) {
    if (closed_)
      return;
    if (why)
      end(system_failure("cannot read from the peer", why.value()));
    else
      end(framing_->finish(events_));
  }

  void end(caf::error why) {
    if (std::exchange(closed_, true))
      return;
    if (output_.is_open())
      close_output();
    events_.on_closed(std::move(why));
  }

  /// An output buffer above this size is given back when it is empty.
  static constexpr std::size_t shrink_above = std::size_t{64} << 10;

  boost::asio::io_context& io_;
  wire::framing_ptr framing_;
  listener& events_;
  boost::asio::posix::stream_descriptor output_;
  byte_buffer pending_;
  std::size_t written_ = 0;
  bool flushing_ = false;
  bool closed_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<stream_reader> reader_;
};

} // namespace

channel::~channel() = default;

channel_ptr make_stream_channel(boost::asio::io_context& io, descriptor input, descriptor output,
                                wire::framing_ptr framing, channel::listener& events) {
  return std::make_unique<stream_channel>(io, std::move(input), std::move(output), std::move(framing), events);
}

} // namespace peer
