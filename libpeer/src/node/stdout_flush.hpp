// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

namespace peer::internal::node {

/// Flushes what the program has printed with stdio, and with `std::cout` as long as the two are synchronized, so that
/// the output of a function is on its way before its result. Waits for `defaults::print_patience` at most, if standard
/// output does not take more or another thread prints.
void flush_stdout() noexcept;

} // namespace peer::internal::node
