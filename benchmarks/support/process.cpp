// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "support/process.hpp"

#include "process/initializers.hpp"

#include <boost/asio/io_context.hpp>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

namespace {

using namespace peer::internal::process;

std::string in_proc(pid_t process, const char* file) {
  return "/proc/" + std::to_string(process) + "/" + file;
}

/// Reads everything until the other end of the pipe is closed.
std::string read_all(int descriptor) {
  auto result = std::string{};
  char piece[4096];
  for (;;) {
    auto count = read(descriptor, piece, sizeof(piece));
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return result;
    result.append(piece, static_cast<std::size_t>(count));
  }
}

figures parse(const std::string& text) {
  auto result = figures{};
  auto lines = std::istringstream{text};
  for (std::string line; std::getline(lines, line);) {
    auto words = std::istringstream{line};
    auto name = std::string{};
    auto value = 0.0;
    if (words >> name >> value && (words >> std::ws).eof())
      result.emplace_back(name, value);
    else
      std::fprintf(stderr, "%s\n", line.c_str());
  }
  return result;
}

} // namespace

void fail(const std::string& why) {
  std::fprintf(stderr, "\n%s\n", why.c_str());
  std::exit(1);
}

pid_t start_program(const std::string& program, const std::vector<std::string>& arguments, int output) {
  auto io = boost::asio::io_context{};
  auto launch = launcher{};
  auto failed = error_code{};
  launch(io.get_executor(), failed, program, arguments, search_path{}, bp::process_stdio{{}, output, {}}).detach();
  if (failed)
    fail("cannot start " + program + " (" + launch.failed_step + "): " + failed.message());
  return launch.pid;
}

figures run_program(const std::string& program, const std::vector<std::string>& arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    fail(std::string{"cannot make a pipe: "} + std::strerror(errno));
  auto process = start_program(program, arguments, ends[1]);
  close(ends[1]);
  auto result = parse(read_all(ends[0]));
  close(ends[0]);
  auto status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR)
    continue;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || result.empty()) {
    auto what = program;
    for (auto& each : arguments)
      what += " " + each;
    fail("'" + what + "' failed");
  }
  return result;
}

figures run_escript(const std::string& script, const std::vector<std::string>& arguments) {
  auto all = arguments;
  all.insert(all.begin(), script);
  return run_program("escript", all);
}

std::size_t status_of(pid_t process, const std::string& key) {
  auto file = std::ifstream{in_proc(process, "status")};
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key + ":"))
      return std::strtoull(line.c_str() + key.size() + 1, nullptr, 10);
  fail("no " + key + " of process " + std::to_string(process));
}

void reset_peak(pid_t process) {
  auto file = std::ofstream{in_proc(process, "clear_refs")};
  if (!(file << "5" << std::flush))
    fail("cannot reset the peak of process " + std::to_string(process));
}

std::size_t open_descriptors() {
  auto result = std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {});
  return static_cast<std::size_t>(result) - 1; // that of the directory
}

double cpu_seconds() {
  auto used = rusage{};
  getrusage(RUSAGE_SELF, &used);
  auto seconds = [](const timeval& x) { return static_cast<double>(x.tv_sec) + static_cast<double>(x.tv_usec) / 1e6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

} // namespace bench
