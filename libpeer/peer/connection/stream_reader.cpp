// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/connection/stream_reader.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <cerrno>
#include <utility>

#include <unistd.h>

namespace peer {

namespace {

/// Bytes per system call.
constexpr std::size_t chunk_size = std::size_t{128} << 10;

/// System calls before other descriptors get their turn.
constexpr int max_chunks_per_turn = 8;

class reader_impl final : public stream_reader {
public:
  reader_impl(boost::asio::io_context& io, descriptor input, data_handler on_data, end_handler on_end)
    : input_(io, input.release()), on_data_(std::move(on_data)), on_end_(std::move(on_end)) {
    set_nonblocking(input_.native_handle());
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
    if (!ended_)
      read(-1);
  }

private:
  void wait() {
    waiting_ = true;
    input_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [this, alive = alive_](const boost::system::error_code& code) {
                        // A handler that is ready to run is not cancelled by the end of this object.
                        if (code || !*alive)
                          return;
                        waiting_ = false;
                        if (!paused_ && !ended_ && read(max_chunks_per_turn) && !paused_)
                          wait();
                      });
  }

  /// Reads at most `turns` chunks, or all there is if negative. Returns whether there may be more later; after false this
  /// object may be gone.
  bool read(int turns) {
    static thread_local auto buffer = std::vector<std::byte>(chunk_size);
    auto alive = alive_;
    for (auto turn = 0; turn != turns; ++turn) {
      auto got = ::read(input_.native_handle(), buffer.data(), buffer.size());
      if (got > 0) {
        on_data_(const_byte_span{buffer.data(), static_cast<std::size_t>(got)});
        if (!*alive || ended_)
          return false;
        if (paused_ && turns >= 0)
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
    input_.close();
    auto tell = std::move(on_end_); // it may destroy this object
    tell(why);
    return false;
  }

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

std::unique_ptr<stream_reader> stream_reader::make(boost::asio::io_context& io, descriptor input, data_handler on_data,
                                                   end_handler on_end) {
  return std::make_unique<reader_impl>(io, std::move(input), std::move(on_data), std::move(on_end));
}

} // namespace peer
