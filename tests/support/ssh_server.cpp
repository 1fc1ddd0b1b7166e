// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "support/ssh_server.hpp"

#include "connection/listening.hpp"
#include "support/helper_program.hpp"
#include "support/process_facts.hpp"
#include "support/process_guard.hpp"

#include "caf/all.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

namespace peer::test {

namespace {

constexpr auto program = "/usr/sbin/sshd"; // wants to be started by its absolute path

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "ssh_server: %s\n", what.c_str());
  std::abort();
}

void make_key(const std::filesystem::path& path) {
  auto command = "ssh-keygen -q -t ed25519 -N '' -f " + shell_quote(path.string());
  if (std::system(command.c_str()) != 0)
    fail(command);
}

std::uint16_t free_port() {
  auto place = peer::internal::connection::listen_at("", 0);
  if (!place)
    fail("no port is free");
  return place->port;
}

/// Kills the server's processes, and nothing that runs in its sessions.
void kill_sessions_of(pid_t process) {
  for (auto& [id, what] : children(process))
    if (what.find("(sshd)") != std::string::npos) {
      kill_sessions_of(id);
      kill(id, SIGKILL);
    }
}

} // namespace

std::string shell_quote(std::string_view word) {
  auto result = std::string{"'"};
  for (auto c : word)
    c == '\'' ? result += "'\\''" : result += c;
  return result + "'";
}

ssh_server::ssh_server() {
  auto name = (std::filesystem::temp_directory_path() / "libpeer-ssh-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr)
    fail("no directory");
  place_ = name;
  for (auto key : {"host", "user", "stranger"})
    make_key(place_ / key);
  if (geteuid() == 0) // where it confines itself; the service of the system makes it when it starts
    std::filesystem::create_directory("/run/sshd");
  while (!listen_at(free_port())) {
    // somebody was faster
  }
}

ssh_server::~ssh_server() {
  kill();
  std::filesystem::remove_all(place_);
}

bool ssh_server::listen_at(std::uint16_t port) {
  std::ofstream{place_ / "config"} << "ListenAddress 127.0.0.1\n"
                                   << "Port " << port << "\n"
                                   << "HostKey " << (place_ / "host").string() << "\n"
                                   << "AuthorizedKeysFile " << (place_ / "user.pub").string() << "\n"
                                   << "PidFile " << (place_ / "pid").string() << "\n"
                                   << "AcceptEnv LIBPEER_TEST_GUARD\n"
                                   << "StrictModes no\n" // the directory for temporary files is everybody's
                                   << "UsePAM no\n"
                                   << "PasswordAuthentication no\n"
                                   << "KbdInteractiveAuthentication no\n"
                                   << "MaxStartups 100\n";
  port_ = port;
  auto server = start_helper({program, "-D", "-e", "-f", (place_ / "config").string()}, piped::error);
  process_ = server.id;
  output_ = std::move(server.output);
  for (auto line = read_line(output_.get()); !line.empty(); line = read_line(output_.get()))
    if (line.starts_with("Server listening"))
      return true;
  waitpid(process_, nullptr, 0);
  return false;
}

exec ssh_server::login(const std::string& what, const std::string& key) const {
  return exec{"ssh", {"-F",        "none",
                      "-i",        (place_ / key).string(),
                      "-p",        std::to_string(port_),
                      "-o",        "IdentitiesOnly=yes",
                      "-o",        "StrictHostKeyChecking=accept-new",
                      "-o",        "UserKnownHostsFile=" + (place_ / "known_hosts").string(),
                      "-o",        "BatchMode=yes",
                      "-o",        "LogLevel=ERROR",
                      "-o",        "SendEnv=LIBPEER_TEST_GUARD",
                      "127.0.0.1", what}};
}

void ssh_server::kill() {
  if (process_ == 0)
    return;
  kill_sessions_of(process_);
  ::kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = 0;
}

} // namespace peer::test
