// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/config.hpp"
#include "caf/fwd.hpp"
#include "caf/resumable.hpp"
#include "caf/span.hpp"

#include <cstddef>
#include <string_view>

#if CAF_MAJOR_VERSION < 1
#  include "caf/byte.hpp"
#  include "caf/execution_unit.hpp"
#  include "caf/string_view.hpp"
#else
#  include "caf/scheduler.hpp"
#endif

/// @file
/// The differences between the CAF versions that libpeer supports (0.18.7 to 1.1). No other file may ask for CAF's
/// version.

namespace peer {

#if CAF_MAJOR_VERSION < 1
using caf_string_view = caf::string_view;
using caf_byte = caf::byte;
#else
using caf_string_view = std::string_view;
using caf_byte = std::byte;
#endif

/// CAF's view of a name as the standard's.
inline std::string_view to_std(caf_string_view text) noexcept {
  return {text.data(), text.size()};
}

// -- where actors run ---

#if CAF_MAJOR_VERSION < 1

/// What CAF hands to an actor that it resumes, and what an actor hands its follow-up work to.
using actor_host = caf::execution_unit;

/// Base of an `actor_host` of our own: everything that becomes ready to run arrives at `run_later`.
class custom_actor_host : public actor_host {
public:
  explicit custom_actor_host(caf::actor_system& sys) : actor_host(&sys) {}

  /// Takes over one reference to `job` and runs it later. May be called by any thread.
  virtual void run_later(caf::resumable* job) = 0;

  void exec_later(caf::resumable* job) final { run_later(job); }
};

#else

using actor_host = caf::scheduler;

class custom_actor_host : public actor_host {
public:
  explicit custom_actor_host(caf::actor_system&) {}

  virtual void run_later(caf::resumable* job) = 0;

  void schedule(caf::resumable* job) final { run_later(job); }
  void delay(caf::resumable* job) final { run_later(job); }
  void start() final {}
  void stop() final {}
};

#endif

/// Hands `job`, with the reference that comes with it, to the scheduler of `sys`.
template <class System>
void schedule(System& sys, caf::resumable* job) {
#if CAF_MAJOR_VERSION < 1
  sys.scheduler().enqueue(job);
#else
  sys.scheduler().schedule(job);
#endif
}

} // namespace peer
