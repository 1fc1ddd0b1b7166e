// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/detail/reader.hpp"
#include "term/codec/tags.hpp"

namespace peer::detail {

// -- identifiers and functions ----------------------------------------------------------------------------------------

bool term_reader::pid_body(tag which, pid& value) {
  auto tag_at = tag_at_;
  std::string node;
  auto creation_size = which == tag::new_pid ? 4u : 1u;
  if (!atom(node))
    return false;
  tag_at_ = tag_at;
  if (!need(8 + creation_size))
    return false;
  value.node = peer::atom{std::move(node)};
  value.id = static_cast<std::uint32_t>(take(4));
  value.serial = static_cast<std::uint32_t>(take(4));
  value.creation = static_cast<std::uint32_t>(take(creation_size));
  return true;
}

bool term_reader::identifier(pid& value) {
  tag which;
  if (!take_tag(which))
    return false;
  return which == tag::new_pid || which == tag::pid ? pid_body(which, value) : mismatch("a pid");
}

bool term_reader::port_body(tag which, erl::port& value) {
  auto tag_at = tag_at_;
  std::string node;
  auto id_size = which == tag::v4_port ? 8u : 4u;
  auto creation_size = which == tag::port ? 1u : 4u;
  if (!atom(node))
    return false;
  tag_at_ = tag_at;
  if (!need(id_size + creation_size))
    return false;
  value.node = peer::atom{std::move(node)};
  value.id = take(id_size);
  value.creation = static_cast<std::uint32_t>(take(creation_size));
  return true;
}

bool term_reader::identifier(erl::port& value) {
  tag which;
  if (!take_tag(which))
    return false;
  return which == tag::new_port || which == tag::v4_port || which == tag::port ? port_body(which, value)
                                                                               : mismatch("a port");
}

bool term_reader::reference_body(tag which, erl::reference& value) {
  auto tag_at = tag_at_;
  std::size_t count = 1;
  if (which != tag::reference) {
    if (!need(2))
      return false;
    count = take(2);
    if (count == 0 || count > detail::max_reference_ids)
      return fail_at(tag_at, "tag " + std::to_string(static_cast<unsigned>(which)) + " holds a reference of "
                                 + std::to_string(count) + " numbers instead of 1 to 5");
  }
  std::string node;
  if (!atom(node))
    return false;
  tag_at_ = tag_at;
  auto creation_size = which == tag::newer_reference ? 4u : 1u;
  if (!need(creation_size + 4 * count))
    return false;
  value.node = peer::atom{std::move(node)};
  value.ids.clear();
  // The oldest form has its only number first.
  if (which == tag::reference)
    value.ids.push_back(static_cast<std::uint32_t>(take(4)));
  value.creation = static_cast<std::uint32_t>(take(creation_size));
  while (value.ids.size() < count)
    value.ids.push_back(static_cast<std::uint32_t>(take(4)));
  return true;
}

bool term_reader::identifier(erl::reference& value) {
  tag which;
  if (!take_tag(which))
    return false;
  return which == tag::newer_reference || which == tag::new_reference || which == tag::reference
           ? reference_body(which, value)
           : mismatch("a reference");
}

bool term_reader::export_body(erl::export_fun& value) {
  auto tag_at = tag_at_;
  std::string module;
  std::string function;
  std::uint64_t arity = 0;
  if (!atom(module) || !atom(function) || !integer(arity))
    return false;
  if (arity > 0xFF)
    return fail_at(tag_at, "tag 113 has arity " + std::to_string(arity));
  value = {peer::atom{std::move(module)}, peer::atom{std::move(function)}, static_cast<std::uint8_t>(arity)};
  return true;
}

bool term_reader::function(erl::export_fun& value) {
  tag which;
  if (!take_tag(which))
    return false;
  return which == tag::export_fun ? export_body(value) : mismatch("a fun M:F/A");
}

} // namespace peer::detail
