// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "badarg.hpp"
#include "functions.hpp"

#include "caf/all.hpp"

#include <csignal>
#include <cstdio>
#include <cstring>

#include <sys/resource.h>

namespace peer_node {

using peer::term;

namespace {

/// Ends the process as a crash would, but without a core file. Returns if the signal's default is not to end it.
void crash(int number) {
  sigset_t set;
  sigemptyset(&set);
  if (sigaddset(&set, number) != 0)
    badarg();
  auto no_core = rlimit{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  std::fprintf(stderr, "peer_node: going to end by signal %d (%s)\n", number, strsignal(number));
  std::signal(number, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  std::raise(number);
}

void check_output(bool good) {
  if (!good)
    throw std::system_error{errno, std::generic_category(), "standard output"};
}

void write(const peer::erl::bitstring& binary) {
  if (binary.unused_bits != 0)
    badarg();
  check_output(std::fwrite(binary.bytes.data(), 1, binary.bytes.size(), stdout) == binary.bytes.size());
  check_output(std::fflush(stdout) == 0);
}

void spam(std::int64_t count, const std::string& text) {
  if (count < 0)
    badarg();
  for (; count > 0; --count)
    check_output(std::puts(text.c_str()) >= 0);
  check_output(std::fflush(stdout) == 0);
}

caf::behavior echo(caf::event_based_actor* self, peer::node* node) {
  self->set_default_handler(caf::drop);
  return {
      [node](const term& message) {
        auto* parts = message.get_if<peer::erl::tuple>();
        auto* from = parts && parts->size() == 2 ? (*parts)[0].get_if<peer::pid>() : nullptr;
        if (from)
          static_cast<void>(node->send(*from, term{peer::tagged("echo", (*parts)[1])})); // it came as a term
      },
  };
}

} // namespace

void add_test_functions(peer::node& node) {
  node.function("peer_node", "echo", [](term x) { return x; })
      .function("peer_node", "crash", crash)
      .function("peer_node", "spam", spam)
      .function("peer_node", "write", write)
      .function("peer_node", "ready", [&node] { node.ready(); })
      .named_actor("echo", node.system().spawn(echo, &node));
}

} // namespace peer_node
