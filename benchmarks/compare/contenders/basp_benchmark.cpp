// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Measures CAF's own remote actors: two actor systems with the settings that CAF has by default, over loopback TCP.

#include "contender.hpp"
#include "server_process.hpp"
#include "support/process.hpp"

#include "caf/all.hpp"
#include "caf/io/all.hpp"

#include <string>
#include <utility>

namespace {

caf::behavior echo() {
  return {[](int32_t x) { return x; }, [](const std::string& payload) { return payload; }};
}

/// Keeps calls on their way until there are none left to make.
class caller final : public caf::event_based_actor {
public:
  caller(caf::actor_config& cfg, caf::actor server, std::size_t calls)
      : event_based_actor(cfg), server_(std::move(server)), left_(calls) {}

  caf::behavior make_behavior() override {
    for (std::size_t i = 0; i < contenders::outstanding; ++i)
      next();
    return {};
  }

private:
  void next() {
    if (left_ == 0)
      return;
    --left_;
    request(server_, caf::infinite, int32_t{1})
        .then([this](int32_t) { next(); }, [](const caf::error& failed) { bench::fail(to_string(failed)); });
  }

  caf::actor server_;
  std::size_t left_;
};

struct config : caf::actor_system_config {
  explicit config(const std::string& policy) {
    load<caf::io::middleman>();
    set("caf.scheduler.policy", policy);
  }
};

class basp_client final : public contenders::client {
public:
  basp_client(const std::string& policy, const std::string& port) : config_(policy), sys_(config_), self_(sys_) {
    auto found = sys_.middleman().remote_actor("127.0.0.1", static_cast<uint16_t>(std::stoul(port)));
    if (!found)
      bench::fail(to_string(found.error()));
    server_ = *found;
  }

  void call() override { ask<int32_t>(1); }

  void call_often(std::size_t calls) override {
    self_->monitor(self_->spawn<caller>(server_, calls));
    self_->receive([](const caf::down_msg&) {});
  }

  void echo(const std::string& payload) override {
    if (ask(payload) != payload)
      bench::fail("the payload did not come back");
  }

private:
  template <class T>
  T ask(T x) {
    auto result = T{};
    self_->request(server_, caf::infinite, std::move(x))
        .receive([&](T& answer) { result = std::move(answer); },
                 [](const caf::error& failed) { bench::fail(to_string(failed)); });
    return result;
  }

  config config_;
  caf::actor_system sys_;
  caf::scoped_actor self_;
  caf::actor server_;
};

contenders::contender make_contender(const std::string& name, const std::string& policy) {
  auto serve = [policy] {
    auto settings = config{policy};
    auto sys = caf::actor_system{settings};
    auto port = sys.middleman().publish(sys.spawn(echo), 0, "127.0.0.1");
    if (!port)
      bench::fail(to_string(port.error()));
    contenders::tell_address(std::to_string(*port));
    sys.await_all_actors_done();
  };
  return {name, serve, [policy](const std::string& port) { return std::make_unique<basp_client>(policy, port); }};
}

} // namespace

int main(int argc, char** argv) {
  caf::io::middleman::init_global_meta_objects();
  caf::core::init_global_meta_objects();
  return contenders::run(argc, argv, {make_contender("BASP", "stealing"), make_contender("BASP sharing", "sharing")});
}
