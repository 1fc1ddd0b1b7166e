// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "loop/reactor.hpp"

#include <boost/asio/post.hpp>

#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace peer::internal::loop {

namespace {

/// Handlers that one `poll` runs.
constexpr auto max_handlers = 16;

int make_eventfd() {
  auto result = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (result < 0)
    throw std::system_error{errno, std::generic_category(), "eventfd"};
  return result;
}

} // namespace

thread_local const reactor* reactor::driven_here = nullptr;

reactor::reactor() : wakeup_fd_(make_eventfd()), wakeup_(io_, wakeup_fd_), work_(io_.get_executor()) {
  await_wakeup();
}

reactor::~reactor() {
  if (wakeup_.is_open())
    wakeup_.close();
  else
    close(wakeup_fd_);
}

// -- called by any thread ---------------------------------------------------------------------------------------------

void reactor::post(std::function<void()> task) {
  boost::asio::post(io_, std::move(task));
  posted_ = true;
  wake();
}

void reactor::wake() {
  if (in_this_thread() || !asleep_.exchange(false))
    return;
  if (ending_)
    boost::asio::post(io_, [] {}); // the wake-up descriptor is not watched any more
  else
    signal();
}

void reactor::signal() noexcept {
  eventfd_write(wakeup_fd_, 1);
}

bool reactor::in_this_thread() const noexcept {
  return driven_here == this;
}

bool reactor::any_in_this_thread() noexcept {
  return driven_here != nullptr;
}

// -- called by the driver ---------------------------------------------------------------------------------------------

void reactor::enter() noexcept {
  driven_here = this;
}

void reactor::leave() noexcept {
  driven_here = nullptr;
}

bool reactor::poll() {
  posted_ = false;
  auto handled = 0;
  while (handled < max_handlers && io_.poll_one() > 0)
    ++handled;
  if (handled == max_handlers)
    posted_ = true; // there may be more
  return handled > 0;
}

void reactor::end() {
  ending_ = true;
  wakeup_.release();
  work_.reset();
}

void reactor::restart_if_stopped() {
  if (io_.stopped())
    io_.restart();
}

void reactor::run_one(std::optional<std::chrono::milliseconds> limit) {
  limit ? io_.run_one_for(*limit) : io_.run_one();
}

void reactor::await_wakeup() {
  wakeup_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& code) {
    if (code)
      return;
    auto count = eventfd_t{};
    eventfd_read(wakeup_fd_, &count);
    await_wakeup();
  });
}

} // namespace peer::internal::loop
