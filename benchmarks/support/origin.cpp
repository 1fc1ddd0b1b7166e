// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "support/origin.hpp"

#include "caf/all.hpp"

#include <cstdlib>

namespace bench {

namespace {

peer_kind kind(std::string contender, std::string program, peer::connection_kind connection) {
  return {std::move(contender), {.exec = peer::exec{std::move(program)}, .connection = std::move(connection)}};
}

caf::actor_system_config& prepare(caf::actor_system_config& config, const settings& options) {
  peer::init_global_meta_objects();
  caf::core::init_global_meta_objects();
  config.set("caf.scheduler.policy", "sharing");
  if (options.spin) {
    put(config.content, "peer.spin", caf::timespan{*options.spin});
    setenv("BENCHMARK_SPIN", std::to_string(options.spin->count()).c_str(), 1);
  }
  return config;
}

} // namespace

std::string worker_program() {
  return BENCHMARK_WORKER;
}

std::vector<peer_kind> cpp_peers() {
  return {
      kind("libpeer inherited", worker_program(), peer::inherited{}),
      kind("libpeer tcp", worker_program(), peer::tcp{}),
      kind("libpeer standard_io", worker_program(), peer::standard_io{}),
  };
}

std::vector<peer_kind> all_peers() {
  auto result = cpp_peers();
  result.push_back(kind("libpeer to erl tcp", "erl", peer::tcp{}));
  result.push_back(kind("libpeer to erl standard_io", "erl", peer::standard_io{}));
  return result;
}

void add_otp(suite& to, const std::string& script, const std::vector<std::string>& arguments, otp_programs programs) {
  auto add = [&](const std::string& who, const std::string& connection, const std::string& program) {
    auto all = arguments;
    all.insert(all.end(), {connection, program});
    to.add(who + " " + connection, [script, all] { return run_escript(script, all); });
  };
  for (auto connection : {"tcp", "standard_io"})
    add("OTP", connection, "erl");
  if (programs == otp_programs::erl_and_worker)
    for (auto connection : {"tcp", "standard_io"})
      add("OTP to C++", connection, worker_program());
}

origin::origin(const settings& options) : world_(options) {
  // nop
}

origin::world::world(const settings& options) : system(prepare(config, options)) {
  // nop
}

peer::handle origin::start(const peer::start_options& options) {
  return value_of(peer::start(world_.system, options)).within(caf::infinite);
}

void stop(const peer::handle& worker) {
  value_of(worker.stop());
}

pid_t process_of(const peer::handle& worker) {
  return static_cast<pid_t>(*value_of(worker.get_state()).process_id);
}

} // namespace bench
