// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "console/sink.hpp"

#include "caf/expected.hpp"

#include <future>
#include <memory>
#include <string>

namespace peer {

internal::console::sink::~sink() = default;

namespace {

class null_sink final : public internal::console::sink {
public:
  void write(stream, std::string_view, done written) override { written({}); }
};

} // namespace

sink_factory discard_output() {
  return [](const internal::loop::event_loop_ptr&, const std::string&) -> caf::expected<internal::console::sink_ptr> {
    return std::make_shared<null_sink>();
  };
}

bool flush_console(caf::actor_system& sys, caf::timespan limit) {
  if (internal::loop::event_loop::any_in_this_thread())
    return false;
  // A loop that has ended drops the task, which breaks the promise.
  auto reached = std::make_shared<std::promise<void>>();
  auto written = reached->get_future();
  auto where = internal::loop::event_loop::find(sys);
  if (!where)
    return true; // no peer was started
  where->after_offloaded([reached = std::move(reached)] { reached->set_value(); });
  if (limit != caf::infinite)
    return written.wait_for(limit) == std::future_status::ready;
  written.wait();
  return true;
}

} // namespace peer
