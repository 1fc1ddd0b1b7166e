// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "support/process_guard.hpp"

#include "process/descriptor.hpp"
#include "process/guardian.hpp"
#include "support/look_until.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace peer::test {

namespace {

using clock_type = std::chrono::steady_clock;

constexpr auto variable = "LIBPEER_TEST_GUARD";

std::vector<pid_t> all_processes() {
  auto result = std::vector<pid_t>{};
  for (auto& entry : std::filesystem::directory_iterator{"/proc"}) {
    auto name = entry.path().filename().string();
    auto id = pid_t{0};
    auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (failed == std::errc{} && end == name.data() + name.size())
      result.push_back(id);
  }
  return result;
}

/// The content of a file of that process; empty if the process is gone by now.
std::string proc_file(pid_t process, const char* name) {
  auto file = std::ifstream{"/proc/" + std::to_string(process) + "/" + name, std::ios::binary};
  auto content = std::ostringstream{};
  content << file.rdbuf(); // unlike an iterator it does not throw if the process goes meanwhile
  return content.str();
}

/// What /proc/ID/stat tells.
struct process_stat {
  std::string name; ///< in parentheses
  std::string state;
  pid_t parent = 0;
  pid_t group = 0;
};

/// Nothing if the process is gone by now.
std::optional<process_stat> stat_of(pid_t process) {
  // "PID (NAME) STATE PPID PGRP ...", where the name may hold blanks and parentheses.
  auto text = proc_file(process, "stat");
  auto begin = text.find('(');
  auto end = text.rfind(')');
  if (begin == std::string::npos || end == std::string::npos)
    return std::nullopt;
  auto result = process_stat{.name = text.substr(begin, end + 1 - begin)};
  auto rest = std::istringstream{text.substr(end + 1)};
  if (!(rest >> result.state >> result.parent >> result.group))
    return std::nullopt;
  return result;
}

/// The environment that the process began with, which is empty for a moment while it executes a program.
std::string environment_of(pid_t process) {
  auto result = std::string{};
  // Zombies and threads of the kernel have no program.
  auto program = "/proc/" + std::to_string(process) + "/exe";
  auto has_program = [&program] {
    auto target = char{};
    return readlink(program.c_str(), &target, 1) == 1;
  };
  look_until(
      [&] {
        result = proc_file(process, "environ");
        return !result.empty() || !has_program();
      },
      std::chrono::milliseconds{20}); // programs without any environment exist, too
  return result;
}

std::map<int, std::string> open_descriptors() {
  auto result = std::map<int, std::string>{};
  auto failed = std::error_code{};
  for (auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
    auto target = std::filesystem::read_symlink(entry.path(), failed).string();
    if (!failed) // else it is the one that reads the directory
      result.emplace(std::stoi(entry.path().filename().string()), std::move(target));
  }
  // The directory itself was open while it was read.
  std::erase_if(result, [](auto& x) { return x.second.ends_with("/fd"); });
  return result;
}

peer::internal::process::descriptor open_process(pid_t process) {
  return peer::internal::process::descriptor{static_cast<int>(syscall(SYS_pidfd_open, process, 0))};
}

/// Erlang's port mapper is started by the first named node of a host and serves the later ones: the one process that
/// may outlive a test.
bool is_port_mapper(const std::string& command_line) {
  auto program = command_line.substr(0, command_line.find('\0'));
  return program == "epmd" || program.ends_with("/epmd");
}

bool wait_for_end(const peer::internal::process::descriptor& process, clock_type::time_point deadline) {
  if (!process)
    return true; // it was reaped before
  auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock_type::now());
  auto ended = pollfd{process.get(), POLLIN, 0};
  return poll(&ended, 1, static_cast<int>(std::max(left.count(), decltype(left.count()){0}))) == 1;
}

} // namespace

process_guard::process_guard() {
  peer::internal::process::guardian::socket(); // stays open until the program ends
  descriptors_ = open_descriptors();
  static std::atomic<int> counter = 0;
  auto value = std::to_string(getpid()) + "-" + std::to_string(++counter);
  setenv(variable, value.c_str(), 1);
  marker_ = std::string{variable} + "=" + value;
}

process_guard::~process_guard() {
  unsetenv(variable);
}

std::vector<pid_t> process_guard::descendants() const {
  auto result = std::vector<pid_t>{};
  for (auto id : all_processes()) {
    // The kernel shows the environment that a process began with; ours began without the variable.
    auto environment = '\0' + environment_of(id) + '\0';
    if (environment.find('\0' + marker_ + '\0') != std::string::npos)
      result.push_back(id);
  }
  return result;
}

std::vector<std::string> process_guard::complaints(std::chrono::milliseconds patience) const {
  auto result = std::vector<std::string>{};
  for (auto& [id, what] : children())
    result.push_back("child " + std::to_string(id) + " was left: " + what);
  for (auto& [fd, target] : open_descriptors())
    if (!descriptors_.contains(fd))
      result.push_back("descriptor " + std::to_string(fd) + " was left open: " + target);
  auto deadline = clock_type::now() + patience;
  for (auto id : descendants()) {
    auto process = open_process(id);
    auto name = proc_file(id, "cmdline");
    if (is_port_mapper(name) || wait_for_end(process, deadline))
      continue;
    std::replace(name.begin(), name.end(), '\0', ' ');
    result.push_back("descendant " + std::to_string(id) + " was left: " + name);
    kill(id, SIGKILL);
  }
  return result;
}

bool wait_for_end(pid_t process, std::chrono::milliseconds patience) {
  return wait_for_end(open_process(process), clock_type::now() + patience);
}

std::map<pid_t, std::string> children() {
  return children(getpid());
}

std::map<pid_t, std::string> children(pid_t whose) {
  auto result = std::map<pid_t, std::string>{};
  for (auto id : all_processes())
    if (auto facts = stat_of(id); facts && facts->parent == whose)
      result.emplace(id, facts->state + " " + facts->name);
  return result;
}

bool group_is_gone(pid_t leader) {
  auto all = all_processes();
  return std::none_of(all.begin(), all.end(), [leader](pid_t id) {
    auto facts = stat_of(id);
    return facts && facts->group == leader && facts->state != "Z";
  });
}

} // namespace peer::test
