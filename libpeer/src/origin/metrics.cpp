// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/metrics.hpp"

#include "base/caf_compat.hpp"

#include "caf/all.hpp"
#include "caf/telemetry/counter.hpp"
#include "caf/telemetry/gauge.hpp"
#include "caf/telemetry/histogram.hpp"
#include "caf/telemetry/metric_registry.hpp"

#include <chrono>
#include <utility>

namespace peer::internal::origin {

namespace {

/// Upper bounds of the time that a call takes, in seconds: a call into a peer that does nothing takes 10 to 50 us.
constexpr auto duration_bounds =
    std::array{0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.01, 0.1, 1.0, 10.0};

template <class Enum>
detail::caf_string_view name_of(Enum x) {
  auto name = detail::enum_names<Enum>[static_cast<std::size_t>(x)];
  return {name.data(), name.size()};
}

/// One metric for each value of an enumeration, in their order.
template <class Enum, class Make>
auto for_each_value(Make make) {
  return [&]<std::size_t... Is>(std::index_sequence<Is...>) {
    return std::array{make(name_of(static_cast<Enum>(Is)))...};
  }(std::make_index_sequence<detail::enum_names<Enum>.size()>{});
}

std::int64_t as_count(std::uint64_t x) {
  return static_cast<std::int64_t>(x);
}

} // namespace

metrics::metrics(caf::actor_system& sys)
    : registry_(sys.metrics()),
      peers_(for_each_value<peer_state>([this](detail::caf_string_view name) {
        return registry_.gauge_instance("peer", "peers", {{"state", name}},
                                        "Control actors by the state of their peer.");
      })),
      starts_(registry_.counter_singleton("peer", "starts", "Peers that were started.", "1", true)),
      calls_(for_each_value<call_result>([this](detail::caf_string_view name) {
        return registry_.counter_instance("peer", "calls", {{"result", name}}, "Calls that are over.", "1", true);
      })),
      call_duration_(registry_.histogram_singleton<double>(
          "peer", "call-duration", caf::make_span(duration_bounds.data(), duration_bounds.size()),
          "Time from the sending of a call to its answer.", "seconds")),
      outstanding_(registry_.gauge_singleton("peer", "outstanding-calls", "Calls that were sent and are not over.")),
      sent_(registry_.counter_singleton("peer", "sent-bytes", "Bytes written to connections to peers.", "1", true)),
      received_(
          registry_.counter_singleton("peer", "received-bytes", "Bytes read from connections to peers.", "1", true)),
      queued_(registry_.gauge_singleton("peer", "queued-bytes", "Bytes that wait for peers to read.")),
      output_failures_(
          registry_.counter_singleton("peer", "output-failures", "Writes of peers' output that failed.", "1", true)) {
  enters(peer_state::booting);
}

// -- the peer ---------------------------------------------------------------------------------------------------------

void metrics::starts() {
  started_ = true;
  starts_->inc();
}

void metrics::enters(peer_state next) {
  if (state_)
    peers_[static_cast<std::size_t>(*state_)]->dec();
  state_ = next;
  peers_[static_cast<std::size_t>(next)]->inc();
}

void metrics::ends(evidence first) {
  if (std::exchange(started_, false))
    registry_
        .counter_instance("peer", "ends", {{"evidence", name_of(first)}},
                          "Peers that have ended, by what was seen first.", "1", true)
        ->inc();
}

void metrics::output_failed() {
  output_failures_->inc();
}

void metrics::leave() {
  drop_queue();
  if (auto last = std::exchange(state_, std::nullopt))
    peers_[static_cast<std::size_t>(*last)]->dec();
}

// -- calls ------------------------------------------------------------------------------------------------------------

void metrics::call_sent() {
  outstanding_->inc();
}

void metrics::call_ended(call_result how) {
  outstanding_->dec();
  calls_[static_cast<std::size_t>(how)]->inc();
}

void metrics::call_took(caf::timespan time) {
  call_duration_->observe(std::chrono::duration<double>{time}.count());
}

void metrics::call_refused() {
  calls_[static_cast<std::size_t>(call_result::refused)]->inc();
}

// -- the connection ---------------------------------------------------------------------------------------------------

void metrics::traffic(const connection::channel& over) {
  if (auto count = over.written() - std::exchange(sent_before_, over.written()); count > 0)
    sent_->inc(as_count(count));
  if (auto count = over.received() - std::exchange(received_before_, over.received()); count > 0)
    received_->inc(as_count(count));
  auto queued = over.queued();
  if (auto before = std::exchange(queued_before_, queued); before != queued)
    queued_->inc(as_count(queued) - as_count(before));
}

void metrics::drop_queue() {
  queued_->dec(as_count(std::exchange(queued_before_, 0)));
}

} // namespace peer::internal::origin
