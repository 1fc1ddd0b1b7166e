// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Measures Cap'n Proto's RPC over a UNIX socket.

#include "contender.hpp"
#include "echo.capnp.h"
#include "server_process.hpp"
#include "support/process.hpp"

#include <string>

#include <capnp/ez-rpc.h>
#include <unistd.h>

namespace {

class echo_server final : public contenders::Echo::Server {
  kj::Promise<void> call(CallContext context) override {
    context.getResults().setValue(context.getParams().getValue());
    return kj::READY_NOW;
  }

  kj::Promise<void> echo(EchoContext context) override {
    context.getResults().setContent(context.getParams().getContent());
    return kj::READY_NOW;
  }
};

class capnp_client final : public contenders::client {
public:
  explicit capnp_client(const std::string& address)
      : rpc_(address.c_str()), server_(rpc_.getMain<contenders::Echo>()) {}

  ~capnp_client() noexcept override = default; // those of the members may throw

  void call() override { request().send().wait(rpc_.getWaitScope()); }

  void call_often(std::size_t calls) override {
    auto left = calls;
    auto callers = kj::heapArrayBuilder<kj::Promise<void>>(contenders::outstanding);
    for (std::size_t i = 0; i < contenders::outstanding; ++i)
      callers.add(call_while(left));
    kj::joinPromises(callers.finish()).wait(rpc_.getWaitScope());
  }

  void echo(const std::string& payload) override {
    auto asked = server_.echoRequest();
    auto content = kj::arrayPtr(payload.data(), payload.size()).asBytes();
    asked.setContent(content);
    auto answer = asked.send().wait(rpc_.getWaitScope());
    if (answer.getContent() != content)
      bench::fail("the payload did not come back");
  }

private:
  capnp::Request<contenders::Echo::CallParams, contenders::Echo::CallResults> request() {
    auto result = server_.callRequest();
    result.setValue(1);
    return result;
  }

  /// One call after the other until none is left.
  kj::Promise<void> call_while(std::size_t& left) {
    if (left == 0)
      return kj::READY_NOW;
    --left;
    return request().send().then([this, &left](auto&&) { return call_while(left); });
  }

  capnp::EzRpcClient rpc_;
  contenders::Echo::Client server_;
};

void serve() {
  auto address = "unix-abstract:libpeer-capnp-" + std::to_string(getpid());
  auto server = capnp::EzRpcServer{kj::heap<echo_server>(), address.c_str()};
  server.getPort().wait(server.getWaitScope());
  contenders::tell_address(address);
  kj::NEVER_DONE.wait(server.getWaitScope());
}

} // namespace

int main(int argc, char** argv) {
  auto connect = [](const std::string& address) { return std::make_unique<capnp_client>(address); };
  return contenders::run(argc, argv, {{"Cap'n Proto", serve, connect}});
}
