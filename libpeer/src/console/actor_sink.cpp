// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "base/caf_compat.hpp"
#include "console/line_sink.hpp"
#include "console/messages.hpp"
#include "loop/pinned.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"

#include "caf/all.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace peer {

namespace {

/// Sends lines to an actor and counts what waits in its mailbox.
class courier final : public internal::loop::pinned<caf::event_based_actor> {
public:
  courier(caf::actor_config& cfg, internal::loop::habitat place, caf::actor receiver)
      : pinned(cfg, std::move(place)), receiver_(std::move(receiver)) {}

  const char* name() const override { return "peer.courier"; }

  caf::behavior make_behavior() override {
    set_default_handler(caf::drop); // answers of the receiver
    set_error_handler([](caf::error&) {});
    return {[this](internal::console::output_batch& batch) { deliver(batch); }};
  }

private:
  void deliver(internal::console::output_batch& batch) {
    auto size = std::size_t{0};
    for (auto& line : batch.lines)
      size += line.text.size() + 1;
    auto last = std::move(batch.lines.back());
    batch.lines.pop_back();
    for (auto& line : batch.lines)
      send(receiver_, std::move(line));
    request(receiver_, caf::infinite, std::move(last))
        .then([this, size] { handled(size); },
              [this, size](caf::error&) { handled(size); }); // it has exited, or sent an unexpected answer
    in_mailbox_ += size;
    waiting_.push_back(std::move(batch.written));
    report_written();
  }

  void handled(std::size_t size) {
    in_mailbox_ -= size;
    report_written();
  }

  void report_written() {
    if (in_mailbox_ <= defaults::output_high_water)
      for (auto& written : std::exchange(waiting_, {}))
        written({});
  }

  caf::actor receiver_;
  std::size_t in_mailbox_ = 0;                         ///< bytes that the receiver has not handled
  std::vector<internal::console::sink::done> waiting_; ///< for the receiver to catch up
};

class actor_sink final : public internal::console::line_sink {
public:
  actor_sink(const internal::loop::event_loop_ptr& where, caf::actor receiver) : receiver_(std::move(receiver)) {
    if (where) // otherwise CAF's test coordinator runs the actors
      courier_ = internal::loop::spawn_pinned<courier>(where->system(), where, receiver_);
  }

  ~actor_sink() override {
    if (courier_)
      caf::anon_send_exit(courier_, caf::exit_reason::user_shutdown);
  }

protected:
  void put(std::vector<output_line> lines, done written) override {
    if (!lines.empty() && courier_)
      return internal::base::send_anonymous(courier_,
                                            internal::console::output_batch{std::move(lines), std::move(written)});
    for (auto& line : lines)
      internal::base::send_anonymous(receiver_, std::move(line));
    written({});
  }

private:
  caf::actor receiver_;
  caf::actor courier_;
};

} // namespace

sink_factory actor_output(caf::actor receiver) {
  return [receiver = std::move(receiver)](const internal::loop::event_loop_ptr& where,
                                          const std::string&) -> caf::expected<internal::console::sink_ptr> {
    if (!receiver)
      return fail(errc::invalid_option, "invalid option 'output': it has no receiver");
    return std::make_shared<actor_sink>(where, receiver);
  };
}

} // namespace peer
