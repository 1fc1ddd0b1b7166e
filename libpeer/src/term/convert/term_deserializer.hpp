// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/load_inspector.hpp"

#include "caf/deserializer.hpp"

namespace peer::internal::convert {

/// Reads through a `term_load_inspector` what CAF knows only by type ID: a message of a single element. The list that
/// CAF expects around the element is made up. See message_types.hpp for what gets lost.
class term_deserializer final : public caf::deserializer {
public:
  using super = caf::deserializer;

  /// Reads an element of type `type` from `in`, which must outlive the deserializer.
  term_deserializer(detail::term_load_inspector& in, caf::type_id_t type) : in_(in), type_(type) {
    has_human_readable_format_ = true;
  }

  detail::term_load_inspector& inspector() noexcept { return in_; }

  bool fetch_next_object_type(caf::type_id_t& type) override;
  bool begin_object(caf::type_id_t type, detail::caf_string_view name) override;
  bool end_object() override;
  bool begin_field(detail::caf_string_view name) override { return in_.begin_field(name); }
  bool begin_field(detail::caf_string_view name, bool& is_present) override {
    return in_.begin_field(name, is_present);
  }
  bool begin_field(detail::caf_string_view name, caf::span<const caf::type_id_t> types, std::size_t& index) override {
    return in_.begin_field(name, types, index);
  }
  bool begin_field(detail::caf_string_view name, bool& is_present, caf::span<const caf::type_id_t> types,
                   std::size_t& index) override {
    return in_.begin_field(name, is_present, types, index);
  }
  bool end_field() override { return in_.end_field(); }
  bool begin_tuple(std::size_t size) override { return in_.begin_tuple(size); }
  bool end_tuple() override { return in_.end_tuple(); }
  bool begin_key_value_pair() override { return true; }
  bool end_key_value_pair() override { return true; }
  bool begin_sequence(std::size_t& size) override;
  bool end_sequence() override { return --level_ == 0 || in_.end_sequence(); }
  bool begin_associative_array(std::size_t& size) override { return in_.begin_associative_array(size); }
  bool end_associative_array() override { return in_.end_associative_array(); }

  using super::value;

  bool value(detail::caf_byte& x) override { return in_.value(x); }
  bool value(bool& x) override { return in_.value(x); }
  bool value(std::int8_t& x) override { return in_.value(x); }
  bool value(std::uint8_t& x) override { return in_.value(x); }
  bool value(std::int16_t& x) override { return in_.value(x); }
  bool value(std::uint16_t& x) override { return in_.value(x); }
  bool value(std::int32_t& x) override { return in_.value(x); }
  bool value(std::uint32_t& x) override { return in_.value(x); }
  bool value(std::int64_t& x) override { return in_.value(x); }
  bool value(std::uint64_t& x) override { return in_.value(x); }
  bool value(float& x) override { return in_.value(x); }
  bool value(double& x) override { return in_.value(x); }
  bool value(long double& x) override { return in_.value(x); }
  bool value(std::string& x) override { return in_.value(x); }
  bool value(std::u16string& x) override { return in_.value(x); }
  bool value(std::u32string& x) override { return in_.value(x); }
  bool value(caf::span<detail::caf_byte> x) override { return in_.value(x); }

  using super::list;

  bool list(std::vector<bool>& xs) override { return in_.list(xs); }

private:
  detail::term_load_inspector& in_;
  caf::type_id_t type_;
  std::size_t level_ = 0;     ///< Sequences that are open, the one around the element included.
  std::vector<bool> objects_; ///< For each open object, whether it is an atom.
};

} // namespace peer::internal::convert
