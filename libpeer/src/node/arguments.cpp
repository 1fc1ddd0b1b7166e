// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/detail/arguments.hpp"

#include "peer/detail/writer.hpp"

namespace peer::detail {

arguments::arguments(const_byte_span encoded_list) : elements_(encoded_list) {
  using kind = term_reader::kind;
  auto in = term_reader{encoded_list};
  auto what = kind::nil;
  if (!in.peek(what))
    return;
  if (what != kind::string) {
    in.list(size_);
    elements_ = in.remaining();
    return;
  }
  // `[1, 2]` is encoded as the string "\1\2".
  auto characters = const_byte_span{};
  in.string(characters);
  size_ = characters.size();
  auto out = term_writer{characters_};
  for (auto x : characters)
    out.integer(std::to_integer<std::uint64_t>(x));
  elements_ = characters_;
}

std::vector<term> arguments::read_all() const {
  auto result = std::vector<term>(size_);
  auto in = term_reader{elements_};
  for (auto& x : result)
    in.read(x);
  return result;
}

} // namespace peer::detail
