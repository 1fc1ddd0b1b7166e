// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/child_spec.hpp"
#include "peer/detail/function.hpp"

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace peer::internal::node {

class function_table;

} // namespace peer::internal::node

namespace peer {

/// Functions that run in this process as those of a `node` run in a peer, so that where a child runs is one field of
/// its spec: what adds functions to a node adds them to this, too.
///
///     template <class Target>
///     void add_math(Target& target) {
///       target.function("math", "add", [](int a, int b) { return a + b; });
///     }
///
///     // in the worker program
///     add_math(node);
///
///     // in the origin: here, or in a process of its own
///     peer::functions here;
///     add_math(here);
///     peer::child_spec{.id = "math", .start = here.in_process()};
///     peer::child_spec{.id = "math", .start = peer::start_options{.exec = peer::exec{"./worker"}}};
///
/// The rules of `node` for threads, conversions, exceptions, time-outs and stop tokens apply, with two differences: the
/// failure of a cast is not reported, and a call that can neither run nor wait, as more than `peer.max-waiting-jobs` or
/// `peer.queue-limit` wait already (see `node`), fails with `errc::overload`. Each child that is made of them is an
/// actor of its own; all share the functions. Add all functions before the first child starts.
class functions {
public:
  functions();

  /// Adds `module:name/N` (see `node::function`).
  template <class F>
  functions& function(std::string_view module, std::string_view name, F f) {
    using maker = detail::maker_of<F>;
    return add(module, name, maker::arity, maker::make(std::move(f)));
  }

  /// Adds `module:name` for every number of arguments (see `node::raw_function`).
  functions& raw_function(std::string_view module, std::string_view name, peer::raw_function f);

  /// What a child spec names to run them in this process.
  actor_factory in_process() const;

private:
  functions& add(std::string_view module, std::string_view name, std::size_t arity, detail::function_ptr f);

  std::shared_ptr<internal::node::function_table> table_;
};

} // namespace peer
