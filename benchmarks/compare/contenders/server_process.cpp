// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "server_process.hpp"
#include "support/process.hpp"

#include <csignal>
#include <cstdio>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace contenders {

server_process::server_process(const std::string& name) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    bench::fail("cannot make a pipe");
  process_ = bench::start_program("/proc/self/exe", {"--serve", name}, ends[1]);
  close(ends[1]);
  for (char c = 0; read(ends[0], &c, 1) == 1 && c != '\n';)
    address_ += c;
  close(ends[0]);
  if (address_.empty())
    bench::fail("the server has told no address");
}

server_process::~server_process() {
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

void tell_address(const std::string& address) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::printf("%s\n", address.c_str());
  std::fflush(stdout);
}

} // namespace contenders
