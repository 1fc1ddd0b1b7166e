// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/error.hpp"
#include "process/subprocess.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/process_facts.hpp"
#include "tests/support/process_guard.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <boost/asio/io_context.hpp>

#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace peer::test {

using subprocess_ptr = std::unique_ptr<peer::internal::process::subprocess>;

inline peer::internal::process::spawn_options shell(std::string script) {
  return {.program = "/bin/sh", .arguments = {"-c", std::move(script)}};
}

/// An empty directory, removed at the end of the scope.
struct temporary_directory {
  temporary_directory() {
    auto name = (std::filesystem::temp_directory_path() / "libpeer-XXXXXX").string();
    path = mkdtemp(name.data());
  }

  ~temporary_directory() { std::filesystem::remove_all(path); }

  /// Makes a file with `content` and returns its path.
  std::string add(const std::string& name, std::string_view content, std::filesystem::perms mode) const {
    auto file = path / name;
    std::ofstream{file} << content;
    std::filesystem::permissions(file, mode);
    return file;
  }

  std::filesystem::path path;
};

/// Takes all descriptors that this program may have, for one scope.
class no_descriptors {
public:
  no_descriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    auto low = rlimit{64, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &low);
    do
      taken_.push_back(peer::internal::process::descriptor{fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)});
    while (taken_.back());
    taken_.pop_back();
  }

  no_descriptors(const no_descriptors&) = delete;

  ~no_descriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

  void give_back(std::size_t count) { taken_.resize(taken_.size() - count); }

private:
  rlimit before_{};
  std::vector<peer::internal::process::descriptor> taken_;
};

/// The ends of a pipe which forked children keep, unlike those of `make_pipe`, and which have high numbers.
inline peer::internal::process::pipe_ends make_lasting_pipe() {
  int ends[2];
  CAF_REQUIRE_EQUAL(pipe2(ends, O_CLOEXEC), 0);
  constexpr auto high = 100;
  auto low = peer::internal::process::pipe_ends{peer::internal::process::descriptor{ends[0]},
                                                peer::internal::process::descriptor{ends[1]}};
  return {peer::internal::process::descriptor{fcntl(ends[0], F_DUPFD_CLOEXEC, high)},
          peer::internal::process::descriptor{fcntl(ends[1], F_DUPFD_CLOEXEC, high)}};
}

/// A forked child of this program that does not call exec, and lives until the end of the scope.
class forked_process {
public:
  /// @param report what the child finds out, as its exit status.
  template <class F>
  explicit forked_process(F report) : gate_(make_lasting_pipe()) {
    id_ = fork();
    if (id_ == 0) {
      gate_.write.reset();
      auto code = report();
      read_to_end(gate_.read.get());
      _exit(code);
    }
  }

  forked_process(const forked_process&) = delete;

  ~forked_process() { result(); }

  pid_t id() const noexcept { return id_; }

  /// Lets it end and returns what it found out.
  int result() {
    auto status = 0;
    gate_ = {};
    if (auto id = std::exchange(id_, -1); id > 0)
      waitpid(id, &status, 0);
    return WEXITSTATUS(status);
  }

private:
  peer::internal::process::pipe_ends gate_;
  pid_t id_;
};

/// What `f` returns when it runs as that user in a forked child of this program.
template <class F>
std::string in_forked_process(uid_t user, F f) {
  auto answer = make_lasting_pipe();
  forked_process child{[&] {
    auto text = std::string{"cannot change the user"};
    // A program that was started as that user could be looked at by that user.
    if (setresgid(user, user, user) == 0 && setresuid(user, user, user) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0)
      text = f();
    auto size = static_cast<ssize_t>(text.size());
    auto code = write(answer.write.get(), text.data(), text.size()) == size ? 0 : 1;
    answer = {};
    return code;
  }};
  answer.write.reset();
  return read_to_end(answer.read.get());
}

/// A tracer of a process (ptrace(2)): until the end of the scope nobody else can reap it. False, and says so, where
/// that is forbidden.
class tracer {
public:
  /// @param options for ptrace(2), such as PTRACE_O_TRACEEXIT, with which the process stops before it ends.
  explicit tracer(pid_t process, std::intptr_t options = 0) {
    auto answer = make_lasting_pipe();
    child_.emplace([&] {
      auto failed = ptrace(PTRACE_SEIZE, process, nullptr, options) != 0;
      auto line = failed ? "failed\n" : "traces\n";
      return write(answer.write.get(), line, strlen(line)) < 0 ? 1 : 0;
    });
    traces_ = read_line(answer.read.get()) == "traces";
    if (!traces_)
      std::cout << "not run: tracing is forbidden\n";
  }

  explicit operator bool() const noexcept { return traces_; }

  void let_go() { child_.reset(); }

private:
  std::optional<forked_process> child_;
  bool traces_ = false;
};

/// Changes what a signal does, for one scope.
class disposition {
public:
  disposition(int number, void (*handler)(int)) : number_(number) {
    struct sigaction action {};
    action.sa_handler = handler;
    sigaction(number, &action, &before_);
  }

  ~disposition() { sigaction(number_, &before_, nullptr); }

private:
  int number_;
  struct sigaction before_ {};
};

/// How a process ended, and who is left.
struct ending {
  exit_status status;
  std::vector<survivor> survivors;
};

inline ending wait_for_all(boost::asio::io_context& io, peer::internal::process::subprocess& what) {
  auto told = std::optional<ending>{};
  what.on_exit([&told](const exit_status& status, const auto& survivors) { told = ending{status, survivors}; });
  io.restart();
  while (!told && io.run_one() > 0) {
    // until the end is told
  }
  return told.value_or(ending{});
}

inline exit_status wait_for(boost::asio::io_context& io, peer::internal::process::subprocess& what) {
  return wait_for_all(io, what).status;
}

/// The status of a process that exited with `code` and was reaped elsewhere.
inline exit_status reaped_elsewhere(int code) {
  auto result = exit_status{};
  if (kernel_keeps_statuses()) {
    result.how = exit_status::kind::exited;
    result.value = code;
  }
  return result;
}

/// What `program` wrote and how it ended, run in an `io_context` of its own.
struct outcome {
  std::string out;
  std::string err;
  exit_status status;
};

inline caf::expected<outcome> run(peer::internal::process::spawn_options what) {
  boost::asio::io_context io;
  auto null = peer::internal::process::open_null();
  auto out = peer::internal::process::make_pipe("stdout");
  auto err = peer::internal::process::make_pipe("stderr");
  if (!null || !out || !err)
    return caf::make_error(errc::system_failure, std::string{"no descriptors"});
  what.standard_input = null->get();
  what.standard_output = out->write.get();
  what.standard_error = err->write.get();
  auto process = peer::internal::process::subprocess::spawn(io, what);
  out->write.reset();
  err->write.reset();
  if (!process)
    return std::move(process.error());
  auto result = outcome{};
  result.status = wait_for(io, **process); // the output of these tests fits into the pipes
  result.out = read_to_end(out->read.get());
  result.err = read_to_end(err->read.get());
  return result;
}

inline std::string output_of(peer::internal::process::spawn_options what) {
  auto result = run(std::move(what));
  return result ? result->out : error_text(result.error());
}

/// A loop, a null device, and a pipe for the output of children. Its end proves that they left nothing behind: no
/// descendant, no zombie, no descriptor.
struct subprocess_fixture {
  subprocess_fixture() {
    alarm(60); // a hang ends the program
    io.emplace();
    null = unbox(peer::internal::process::open_null());
    output = unbox(peer::internal::process::make_pipe("the output"));
  }

  ~subprocess_fixture() {
    io.reset();
    null.reset();
    output = {};
    CAF_CHECK_EQUAL(guard.complaints(), std::vector<std::string>{});
    alarm(0);
  }

  /// Starts `what` with `output` as its stdout and stderr and the null device, or `input`, as its stdin.
  subprocess_ptr start(peer::internal::process::spawn_options what, int input = -1) {
    what.standard_input = input < 0 ? null.get() : input;
    what.standard_output = what.standard_error = output.write.get();
    return unbox(peer::internal::process::subprocess::spawn(*io, what));
  }

  /// Everything that was printed. Returns when all processes that could print have ended.
  std::string rest_of_output() {
    output.write.reset();
    return read_to_end(output.read.get());
  }

  process_guard guard;
  std::optional<boost::asio::io_context> io;
  peer::internal::process::descriptor null;
  peer::internal::process::pipe_ends output;
};

} // namespace peer::test
