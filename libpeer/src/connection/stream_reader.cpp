// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "connection/stream_reader.hpp"

#include "connection/chunk.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cerrno>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

namespace peer::internal::connection {

namespace {

/// System calls before other descriptors get their turn.
constexpr int max_chunks_per_turn = 8;

class reader_impl final : public stream_reader {
public:
  reader_impl(boost::asio::io_context& io, process::descriptor input, data_handler on_data, end_handler on_end)
      : fd_(input.get()), input_(io), on_data_(std::move(on_data)), on_end_(std::move(on_end)) {
    input_.assign(fd_); // may throw: then `input` still owns it
    input.release();
    process::set_nonblocking(fd_);
    wait();
  }

  ~reader_impl() override { *alive_ = false; }

  void pause() override { paused_ = true; }

  void resume() override {
    if (!std::exchange(paused_, false) || waiting_ || ended_)
      return;
    wait();
  }

  void drain() override {
    if (ended_)
      return;
    constexpr auto for_the_rest_and_the_end = 2;
    read(chunks_there() + for_the_rest_and_the_end, true);
  }

  void catch_up() override {
    if (ended_ || paused_)
      return;
    if (auto chunks = chunks_there(); chunks > 0)
      read(chunks, false);
  }

  int native_handle() const noexcept override { return fd_; }

  void wait_writable(std::function<void()> handler) override {
    if (ended_)
      return;
    input_.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                      [alive = alive_, handler = std::move(handler)](const boost::system::error_code& code) {
                        if (!code && *alive)
                          handler();
                      });
  }

private:
  /// The number of chunks that hold what can be read now. Reading until nothing is left would not return if a writer,
  /// such as a surviving grandchild, does not pause.
  int chunks_there() const {
    auto there = 0;
    ioctl(fd_, FIONREAD, &there);
    return (there + static_cast<int>(chunk::size) - 1) / static_cast<int>(chunk::size);
  }

  void wait() {
    waiting_ = true;
    input_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [this, alive = alive_](const boost::system::error_code& code) {
                        // Destroying this object does not cancel a handler that is ready to run. Other errors: epoll
                        // does not support this kind of descriptor (a file, the null device), which never blocks.
                        if (code == boost::asio::error::operation_aborted || !*alive)
                          return;
                        waiting_ = false;
                        if (!paused_ && !ended_ && read(max_chunks_per_turn, false) && !paused_)
                          wait();
                      });
  }

  /// Reads at most `turns` chunks. Returns whether there may be more later; after false this object may be gone.
  bool read(int turns, bool although_paused) {
    chunk buffer;
    auto alive = alive_;
    for (auto turn = 0; turn < turns; ++turn) {
      auto got = ::read(fd_, buffer.data(), chunk::size);
      if (got > 0) {
        on_data_(const_byte_span{buffer.data(), static_cast<std::size_t>(got)});
        if (!*alive || ended_)
          return false;
        auto all_there_was = static_cast<std::size_t>(got) < 256; // what has come since triggers the next wait
        if (!although_paused && (paused_ || all_there_was))
          return true;
      } else if (got == 0) {
        return end({});
      } else if (errno == EAGAIN) {
        return true;
      } else if (errno != EINTR) {
        return end(std::error_code{errno, std::generic_category()});
      }
    }
    return true;
  }

  bool end(std::error_code why) {
    ended_ = true;
    fd_ = -1;
    input_.close();
    auto on_end = std::move(on_end_); // it may destroy this object
    on_end(why);
    return false;
  }

  int fd_; ///< of `input_`; -1 after its end
  boost::asio::posix::stream_descriptor input_;
  data_handler on_data_;
  end_handler on_end_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool paused_ = false;
  bool waiting_ = false;
  bool ended_ = false;
};

} // namespace

stream_reader::~stream_reader() = default;

std::unique_ptr<stream_reader> stream_reader::make(boost::asio::io_context& io, process::descriptor input,
                                                   data_handler on_data, end_handler on_end) {
  return std::make_unique<reader_impl>(io, std::move(input), std::move(on_data), std::move(on_end));
}

} // namespace peer::internal::connection
