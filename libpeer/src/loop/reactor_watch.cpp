// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "loop/reactor_watch.hpp"

#include "base/directory.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include <sys/epoll.h>
#include <unistd.h>

namespace peer::internal::loop {

namespace {

/// Whether the descriptor `number` of this program is an epoll instance that watches `watched`: its file in
/// /proc/self/fdinfo has a line "tfd:        7 events: ..." for each descriptor.
bool lists(const char* number, int watched) {
  auto lines = std::ifstream{std::string{"/proc/self/fdinfo/"} + number};
  for (std::string word; lines >> word;) {
    auto found = -1;
    if (word == "tfd:" && lines >> found && found == watched)
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
  auto result = -1;
  base::for_each_entry("/proc/self/fd", [&](const dirent& entry) {
    auto number = -1;
    auto name = std::string_view{entry.d_name};
    std::from_chars(name.data(), name.data() + name.size(), number);
    auto target = std::array<char, 32>{};
    auto link = std::string{"/proc/self/fd/"} + entry.d_name;
    if (readlink(link.c_str(), target.data(), target.size() - 1) > 0 // it may have been closed meanwhile
        && std::string_view{target.data()} == "anon_inode:[eventpoll]" && lists(entry.d_name, watched)
        && watches(number, watched))
      result = number;
    return result < 0;
  });
  return result;
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
