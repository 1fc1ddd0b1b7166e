// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Measures what the bare operating system needs: blocking reads and writes between two processes, and programs that end
// at once.

#include "support/suite.hpp"

#include <csignal>
#include <cstddef>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

/// About what the frame of a small call takes.
constexpr std::size_t frame_size = 60;

struct byte_stream {
  int input;
  int output;
};

void write_all(int to, const char* data, std::size_t size) {
  while (size > 0) {
    auto written = write(to, data, size);
    if (written <= 0)
      bench::fail("write failed");
    data += written;
    size -= static_cast<std::size_t>(written);
  }
}

/// Returns false at the end of the stream.
bool read_all(int from, char* data, std::size_t size) {
  while (size > 0) {
    auto count = read(from, data, size);
    if (count <= 0)
      return false;
    data += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

/// A forked process that sends every message back once it has read all of it, as an answer to a call is sent.
class echo_process {
public:
  enum class transport { socketpair, pipe };

  echo_process(transport kind, std::size_t message_size) : message_(message_size, 'x') {
    auto [near_end, far_end] = connect(kind);
    process_ = fork();
    if (process_ == -1)
      bench::fail("cannot fork");
    if (process_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      while (read_all(far_end.input, message_.data(), message_.size()))
        write_all(far_end.output, message_.data(), message_.size());
      _exit(0);
    }
    close_both(far_end);
    stream_ = near_end;
  }

  echo_process(const echo_process&) = delete;
  echo_process& operator=(const echo_process&) = delete;

  ~echo_process() {
    close_both(stream_);
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }

  void round_trip() {
    write_all(stream_.output, message_.data(), message_.size());
    if (!read_all(stream_.input, message_.data(), message_.size()))
      bench::fail("the echo has ended");
  }

private:
  static std::pair<byte_stream, byte_stream> connect(transport kind) {
    int there[2];
    int back[2];
    if (kind == transport::socketpair) {
      if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, there) != 0)
        bench::fail("cannot make a pair of sockets");
      return {{there[0], there[0]}, {there[1], there[1]}};
    }
    if (pipe2(there, O_CLOEXEC) != 0 || pipe2(back, O_CLOEXEC) != 0)
      bench::fail("cannot make a pipe");
    return {{back[0], there[1]}, {there[0], back[1]}};
  }

  static void close_both(byte_stream x) {
    close(x.input);
    if (x.output != x.input)
      close(x.output);
  }

  std::string message_;
  byte_stream stream_{};
  pid_t process_ = -1;
};

/// From before the fork until the program has ended and is reaped.
void run_program(const char* program) {
  char* arguments[] = {const_cast<char*>(program), nullptr};
  auto process = vfork();
  if (process == 0) {
    execv(program, arguments);
    _exit(127);
  }
  auto status = 0;
  if (process == -1 || waitpid(process, &status, 0) != process || status != 0)
    bench::fail(std::string{"cannot run "} + program);
}

/// Names a question, and adds its contenders to a suite.
struct question {
  std::string name;
  std::string text;
  std::size_t repeats;
  void (*add_to)(bench::suite&);
};

void add_call(bench::suite& to) {
  auto add = [&to](const char* name, echo_process::transport kind) {
    to.add(name, [&to, kind] {
      auto other = echo_process{kind, frame_size};
      bench::time_each(1000, [&] { other.round_trip(); }); // to warm up
      return bench::latency_figures(bench::time_each(to.options().repeats, [&] { other.round_trip(); }));
    });
  };
  add("socketpair", echo_process::transport::socketpair);
  add("pipe", echo_process::transport::pipe);
}

double mebibytes_per_second(std::size_t mebibytes, std::size_t repeats) {
  auto other = echo_process{echo_process::transport::socketpair, mebibytes << 20};
  other.round_trip(); // to warm up
  auto median = bench::median(bench::time_each(repeats, [&] { other.round_trip(); }));
  return static_cast<double>(mebibytes) / (median / 1e6);
}

void add_bandwidth(bench::suite& to) {
  to.add("socketpair", [&to] {
    auto repeats = to.options().repeats;
    return bench::figures{{"1MiB_MiB_per_s", mebibytes_per_second(1, repeats * 8)},
                          {"64MiB_MiB_per_s", mebibytes_per_second(64, repeats)}};
  });
}

void add_start(bench::suite& to) {
  auto add = [&to](const char* name, const char* program) {
    to.add(name, [&to, program] {
      run_program(program); // to have it in memory
      auto times = bench::time_each(to.options().repeats, [&] { run_program(program); });
      return bench::figures{{"ms", bench::median(times) / 1000}};
    });
  };
  add("vfork+exec", EXIT_PROGRAM);
  add("vfork+exec linked", LINKED_EXIT_PROGRAM);
}

const question questions[] = {
    {"call", "How long does a message of 60 bytes there and back take?", 10000, add_call},
    {"bandwidth", "How fast do 1 MiB and 64 MiB go there and back?", 3, add_bandwidth},
    {"start", "How long does a program take that ends at once, until it is reaped?", 100, add_start},
};

} // namespace

int main(int argc, char** argv) {
  for (auto& each : questions)
    if (argc > 1 && each.name == argv[1]) {
      auto suite = bench::suite{each.name, each.text, {.repeats = each.repeats}};
      suite.parse(argc - 1, argv + 1);
      each.add_to(suite);
      return suite.run();
    }
  bench::fail("usage: raw_benchmark call|bandwidth|start [OPTION...]");
}
