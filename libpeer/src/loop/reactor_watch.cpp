// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "loop/reactor_watch.hpp"

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/epoll.h>
#include <unistd.h>

namespace peer::internal::loop {

namespace {

namespace fs = std::filesystem;

/// Whether that file of /proc/self/fdinfo is of an epoll instance that watches `watched`: it has a line
/// "tfd:        7 events: ..." for each descriptor.
bool tells_of(const fs::path& info, int watched) {
  auto lines = std::ifstream{info};
  for (std::string word; lines >> word;) {
    auto number = -1;
    if (word == "tfd:" && lines >> number && number == watched)
      return true;
  }
  return false;
}

/// Whether it watches this file. An epoll instance also lists an earlier file of the same number that is still open
/// somewhere else.
bool watches(int epoll, int watched) {
  auto nothing = epoll_event{};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, watched, &nothing) != 0)
    return errno == EEXIST;
  epoll_ctl(epoll, EPOLL_CTL_DEL, watched, nullptr);
  return false;
}

/// The epoll instance that watches `watched`; -1 if there is none.
int find_epoll(int watched) {
  auto failed = std::error_code{};
  for (auto& entry : fs::directory_iterator{"/proc/self/fd", failed}) {
    auto name = entry.path().filename().string();
    auto number = -1;
    std::from_chars(name.data(), name.data() + name.size(), number);
    auto skipped = std::error_code{}; // it may have been closed meanwhile
    if (fs::read_symlink(entry.path(), skipped) == "anon_inode:[eventpoll]"
        && tells_of("/proc/self/fdinfo/" + name, watched) && watches(number, watched))
      return number;
  }
  return -1;
}

} // namespace

std::optional<reactor_watch> reactor_watch::of_the_one_that_watches(int watched) {
  auto reactor = find_epoll(watched);
  auto own = reactor < 0 ? -1 : epoll_create1(EPOLL_CLOEXEC);
  if (own < 0)
    return std::nullopt;
  auto result = reactor_watch{own, reactor};
  auto nothing = epoll_event{};
  if (epoll_ctl(own, EPOLL_CTL_ADD, reactor, &nothing) != 0)
    return std::nullopt;
  return result;
}

reactor_watch::reactor_watch(reactor_watch&& other) noexcept
    : own_(std::exchange(other.own_, -1)), reactor_(other.reactor_) {}

reactor_watch& reactor_watch::operator=(reactor_watch&& other) noexcept {
  std::swap(own_, other.own_);
  std::swap(reactor_, other.reactor_);
  return *this;
}

reactor_watch::~reactor_watch() {
  if (own_ >= 0)
    close(own_);
}

void reactor_watch::arm() noexcept {
  auto once = epoll_event{};
  once.events = EPOLLIN | EPOLLONESHOT;
  epoll_ctl(own_, EPOLL_CTL_MOD, reactor_, &once);
}

void reactor_watch::disarm() noexcept {
  auto nothing = epoll_event{};
  epoll_ctl(own_, EPOLL_CTL_MOD, reactor_, &nothing);
}

void reactor_watch::wait(std::optional<std::chrono::milliseconds> limit) noexcept {
  auto event = epoll_event{};
  epoll_wait(own_, &event, 1, limit ? static_cast<int>(limit->count()) : -1);
}

} // namespace peer::internal::loop
