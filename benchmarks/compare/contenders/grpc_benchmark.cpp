// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Measures unary calls of gRPC over a UNIX socket.

#include "contender.hpp"
#include "echo.grpc.pb.h"
#include "server_process.hpp"
#include "support/process.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>
#include <unistd.h>

namespace {

void must(const grpc::Status& status) {
  if (!status.ok())
    bench::fail(status.error_message());
}

class echo_service final : public contenders::echo_service::CallbackService {
  grpc::ServerUnaryReactor* call(grpc::CallbackServerContext* context, const contenders::number* x,
                                 contenders::number* answer) override {
    answer->set_value(x->value());
    return finish(context);
  }

  grpc::ServerUnaryReactor* echo(grpc::CallbackServerContext* context, const contenders::payload* x,
                                 contenders::payload* answer) override {
    answer->set_content(x->content());
    return finish(context);
  }

  static grpc::ServerUnaryReactor* finish(grpc::CallbackServerContext* context) {
    auto reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

/// Keeps calls on their way until there are none left to make. Owned by the calls, too.
class many_calls : public std::enable_shared_from_this<many_calls> {
public:
  many_calls(contenders::echo_service::Stub& server, std::size_t calls)
      : server_(server),
        to_start_(static_cast<std::ptrdiff_t>(calls)),
        to_finish_(static_cast<std::ptrdiff_t>(calls)) {}

  void run() {
    for (std::size_t i = 0; i < contenders::outstanding; ++i)
      next();
    done_.get_future().wait();
  }

private:
  struct one_call {
    grpc::ClientContext context;
    contenders::number request;
    contenders::number answer;
  };

  void next() {
    if (to_start_.fetch_sub(1) <= 0)
      return;
    auto call = std::make_shared<one_call>();
    call->request.set_value(1);
    server_.async()->call(&call->context, &call->request, &call->answer,
                          [self = shared_from_this(), call](const grpc::Status& status) mutable {
                            must(status);
                            self->next();
                            call.reset(); // it owns the channel, too, which must not end in a thread of its own
                            if (self->to_finish_.fetch_sub(1) == 1)
                              self->done_.set_value();
                          });
  }

  contenders::echo_service::Stub& server_;
  std::atomic<std::ptrdiff_t> to_start_;
  std::atomic<std::ptrdiff_t> to_finish_;
  std::promise<void> done_;
};

class grpc_client final : public contenders::client {
public:
  explicit grpc_client(const std::string& address) {
    auto arguments = grpc::ChannelArguments{};
    arguments.SetMaxReceiveMessageSize(-1);
    server_ = contenders::echo_service::NewStub(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
  }

  void call() override {
    auto context = grpc::ClientContext{};
    auto request = contenders::number{};
    auto answer = contenders::number{};
    request.set_value(1);
    must(server_->call(&context, request, &answer));
  }

  void call_often(std::size_t calls) override { std::make_shared<many_calls>(*server_, calls)->run(); }

  void echo(const std::string& payload) override {
    auto context = grpc::ClientContext{};
    auto request = contenders::payload{};
    auto answer = contenders::payload{};
    request.set_content(payload);
    must(server_->echo(&context, request, &answer));
    if (answer.content() != payload)
      bench::fail("the payload did not come back");
  }

private:
  std::unique_ptr<contenders::echo_service::Stub> server_;
};

void serve() {
  auto address = "unix-abstract:libpeer-grpc-" + std::to_string(getpid());
  auto service = echo_service{};
  auto builder = grpc::ServerBuilder{};
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.SetMaxReceiveMessageSize(-1);
  builder.RegisterService(&service);
  auto server = builder.BuildAndStart();
  if (!server)
    bench::fail("gRPC cannot listen on " + address);
  contenders::tell_address(address);
  server->Wait();
}

} // namespace

int main(int argc, char** argv) {
  auto connect = [](const std::string& address) { return std::make_unique<grpc_client>(address); };
  return contenders::run(argc, argv, {{"gRPC", serve, connect}});
}
