// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/convert.hpp"
#include "peer/detail/bytes.hpp"
#include "peer/term.hpp"

#include <tuple>
#include <vector>

namespace peer::detail {

/// The arguments of one call, still encoded: a proper list from the wire, which must outlive this object.
class arguments {
public:
  explicit arguments(const_byte_span encoded_list);

  arguments(const arguments&) = delete;
  arguments& operator=(const arguments&) = delete;

  std::size_t size() const noexcept { return size_; }

  /// Reads all of them. False if one is not of the type wanted. @pre There are as many.
  template <class... Ts>
  bool read(std::tuple<Ts...>& values) const {
    auto in = term_reader{elements_};
    return std::apply([&in](auto&... xs) { return (!load_term(in, xs) && ...); }, values);
  }

  /// Reads all of them as terms.
  std::vector<term> read_all() const;

private:
  const_byte_span elements_; ///< encoded one after the other
  byte_buffer characters_;   ///< owns the elements of a list that came in the compact form of a string
  std::size_t size_ = 0;
};

} // namespace peer::detail
