// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The peer of the system tests: a C++ program with functions for what a test wants to see.

#include "test_node.hpp"
#include "loop/event_loop.hpp"
#include "peer/peer.hpp"

#include "caf/all.hpp"

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <iostream>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using peer::atom;
using peer::call_context;
using peer::exception_class;
using peer::pid;
using peer::raised;
using peer::term;

// -- messages ---------------------------------------------------------------------------------------------------------

/// Tells the origin what it received, as what, by sending to the pid that came first.
caf::behavior witness(caf::event_based_actor* self, peer::node* node) {
  auto origin = std::make_shared<pid>();
  auto tell = [node, origin](std::string_view as, const auto& value) {
    static_cast<void>(node->send(*origin, std::tuple{atom{as}, value}));
  };
  return {
      [=](const parcel& x) { tell("parcel", x); },
      [=](const std::string& x, int y) {
        tell("string_and_int", std::tuple{x, y});
      },
      [=](const term& x) {
        if (auto id = x.get_if<pid>())
          *origin = *id;
        else if (x.is_atom("quit"))
          self->quit();
        else
          tell("term", x);
      },
  };
}

// -- calls that wait --------------------------------------------------------------------------------------------------

/// Functions that wait until another one lets them go.
class gate {
public:
  void wait() {
    auto guard = std::unique_lock{mutex_};
    ++waiting_;
    changed_.notify_all();
    changed_.wait(guard, [this] { return open_; });
    --waiting_;
  }

  void wait_for(int count) {
    auto guard = std::unique_lock{mutex_};
    changed_.wait(guard, [this, count] { return waiting_ >= count; });
  }

  void open() {
    auto guard = std::lock_guard{mutex_};
    open_ = true;
    changed_.notify_all();
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

/// A function that ends, with a line on standard output, only when nobody waits for it, and one that tells that it has.
class patient {
public:
  void wait(std::stop_token stop) {
    auto guard = std::unique_lock{mutex_};
    changed_.wait(guard, stop, [] { return false; });
    std::puts("told to stop");
    stopped_ = true;
    changed_.notify_all();
  }

  bool stopped() {
    auto guard = std::unique_lock{mutex_};
    changed_.wait(guard, [this] { return stopped_; });
    return true;
  }

private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool stopped_ = false;
};

// -- the process ------------------------------------------------------------------------------------------------------

/// What a forked process finds that inherits all that is not close-on-exec (popen(3)): its standard input, its
/// descriptors, and how often the variable of the connection.
std::string look_from_a_child() {
  auto result = std::string{};
  auto child = popen("readlink /proc/self/fd/0; ls /proc/self/fd; env | grep -c LIBPEER_DESCRIPTOR", "r");
  char buffer[256];
  while (std::fgets(buffer, sizeof(buffer), child) != nullptr)
    result += buffer;
  pclose(child);
  return result;
}

bool blocks_signals() {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return sigismember(&mask, SIGTERM) == 1;
}

void add_calls(peer::node& node) {
  node.function("calls", "add", [](int x, int y) { return x + y; });
  node.function("calls", "heavier", [](parcel x, double by) {
    for (auto& weight : x.weights)
      weight += by;
    ++x.number;
    return x;
  });
  node.function("calls", "raise", [](const std::string& cls, const term& reason) -> int {
    throw raised{cls == "throw"  ? exception_class::throw_
                 : cls == "exit" ? exception_class::exit_
                                 : exception_class::error_,
                 reason};
  });
  node.function("calls", "fail", [](const std::string& why) -> int { throw std::runtime_error{why}; });
  node.raw_function("calls", "count", [](const call_context&, const std::vector<term>& xs) {
    return term{static_cast<std::int64_t>(xs.size())};
  });
  node.function("calls", "self", [](const call_context& context) { return context.self; });
  node.function("calls", "apply",
                [&node](const call_context& context, const atom& module, const atom& function,
                        const std::vector<term>& args) { return node.apply(module, function, args, context); });
  node.function("calls", "large", [](std::size_t size) { return std::vector<std::byte>(size, std::byte{'x'}); });
  node.function("calls", "blocks_signals", blocks_signals);
}

void add_console(peer::node& node) {
  node.function("console", "print",
                [](const std::vector<std::byte>& bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); });
  node.function("console", "flush", [] { std::fflush(stdout); });
  node.function("console", "complain", [](const std::string& text) { std::cerr << text << std::flush; });
  node.function("console", "print_at_origin", [&node](const std::string& text) { return node.print(text); });
  node.function("console", "get_line", [&node](const std::string& prompt) { return node.get_line(prompt); });
  node.function("console", "io_request", [&node](const term& request) { return node.io_request(request); });
  node.function("console", "read_stdin", [] {
    auto c = char{};
    return static_cast<int>(read(STDIN_FILENO, &c, 1));
  });
}

void add_process(peer::node& node) {
  node.function("process", "crash", [](const std::string& last_words) {
    std::cerr << last_words << std::endl;
    std::abort();
  });
  node.function("process", "halt", [&node](int status) { node.halt(status); });
  node.function("process", "print_and_halt", [&node](const std::string& text) {
    std::fputs(text.c_str(), stdout);
    node.halt(0);
  });
  node.function("process", "print_and_leave", [](const std::string& text) {
    std::fputs(text.c_str(), stdout);
    std::exit(5);
  });
  node.function("process", "from_a_child", look_from_a_child);
  node.function("process", "leave", [] { std::exit(5); });
}

/// Holds up everything but the functions that run.
void block_loop(peer::node& node) {
  (*peer::internal::loop::event_loop::of(node.system()))->post([] {
    for (;;)
      pause();
  });
}

/// Prints a line when `main` returns, if it is asked to, and before that waits.
struct farewell {
  std::atomic<bool> wanted = false;
  std::atomic<int> milliseconds = 0;

  ~farewell() {
    std::this_thread::sleep_for(std::chrono::milliseconds{milliseconds});
    if (wanted)
      std::puts("farewell");
  }
};

} // namespace

int main(int argc, char** argv) {
  caf::init_global_meta_objects<caf::id_block::test_node>();
  peer::register_message_types<parcel>();
  auto node = peer::node{argc, argv};
  auto doors = gate{};
  auto waiting = patient{};
  auto last = farewell{};
  add_calls(node);
  add_console(node);
  add_process(node);
  node.function("gate", "wait", [&] { doors.wait(); });
  node.function("gate", "wait_for", [&](int count) { doors.wait_for(count); });
  node.function("gate", "open", [&] { doors.open(); });
  node.named_actor(
      "gate", node.system().spawn([&doors]() -> caf::behavior { return {[&doors](const term&) { doors.open(); }}; }));
  node.function("patient", "wait", [&](std::stop_token stop) { waiting.wait(stop); });
  node.function("process", "block_loop", [&] { block_loop(node); });
  node.function("process", "bid_farewell", [&] { last.wanted = true; });
  node.function("process", "linger", [&](int milliseconds) { last.milliseconds = milliseconds; });
  node.function("process", "ready", [&] { node.ready(); });
  node.function("patient", "stopped", [&] { return waiting.stopped(); });
  node.function("message", "whereis", [&](const std::string& name) { return node.whereis(name); });
  node.function("message", "send", [&](const pid& to, const term& content) { return node.send(to, content); });
  node.function("message", "send_many", [&](const pid& to, int count) {
    for (auto i = 0; i < count; ++i)
      static_cast<void>(node.send(to, term{i}));
  });
  node.function("captured", "lives", [held = node.system().spawn(witness, &node)] { return held != nullptr; });
  node.named_actor("witness", node.system().spawn(witness, &node));
  if (std::getenv("TEST_NODE_IS_READY") != nullptr)
    node.ready();
  return node.run();
}
