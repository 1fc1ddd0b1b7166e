// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <memory>

namespace peer::internal::loop {

/// Work that may block or take long, in two parts.
class job {
public:
  virtual ~job();

  /// Called off the loop, with the signal mask of the thread that made the loop. Must not touch the loop's actors and
  /// descriptors. Jobs that take longer than `defaults::takeover` run in parallel.
  virtual void run() noexcept = 0;

  /// Called on the loop after `run`, unless the loop has ended.
  virtual void finish() = 0;
};

using job_ptr = std::unique_ptr<job>;

} // namespace peer::internal::loop
