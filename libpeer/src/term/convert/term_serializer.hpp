// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/save_inspector.hpp"

#include "caf/serializer.hpp"

namespace peer::internal::convert {

/// Writes through a `term_save_inspector` what CAF knows only by type ID: a message of a single element. The list that
/// CAF puts around the element is left out. See message_types.hpp for what gets lost.
class term_serializer final : public caf::serializer {
public:
  using super = caf::serializer;

  /// Writes to `out`, which must outlive the serializer.
  explicit term_serializer(detail::term_save_inspector& out) : out_(out) { has_human_readable_format_ = true; }

  detail::term_save_inspector& inspector() noexcept { return out_; }

  bool begin_object(caf::type_id_t type, detail::caf_string_view name) override;
  bool end_object() override;
  bool begin_field(detail::caf_string_view name) override { return out_.begin_field(name); }
  bool begin_field(detail::caf_string_view name, bool is_present) override {
    return out_.begin_field(name, is_present);
  }
  bool begin_field(detail::caf_string_view name, caf::span<const caf::type_id_t> types, std::size_t index) override {
    return out_.begin_field(name, types, index);
  }
  bool begin_field(detail::caf_string_view name, bool is_present, caf::span<const caf::type_id_t> types,
                   std::size_t index) override {
    return out_.begin_field(name, is_present, types, index);
  }
  bool end_field() override { return out_.end_field(); }
  bool begin_tuple(std::size_t size) override { return out_.begin_tuple(size); }
  bool end_tuple() override { return out_.end_tuple(); }
  bool begin_key_value_pair() override { return true; }
  bool end_key_value_pair() override { return true; }
  bool begin_sequence(std::size_t size) override { return level_++ == 0 || out_.begin_sequence(size); }
  bool end_sequence() override { return --level_ == 0 || out_.end_sequence(); }
  bool begin_associative_array(std::size_t size) override { return out_.begin_associative_array(size); }
  bool end_associative_array() override { return out_.end_associative_array(); }

  using super::value;

  bool value(detail::caf_byte x) override { return out_.value(x); }
  bool value(bool x) override { return out_.value(x); }
  bool value(std::int8_t x) override { return out_.value(x); }
  bool value(std::uint8_t x) override { return out_.value(x); }
  bool value(std::int16_t x) override { return out_.value(x); }
  bool value(std::uint16_t x) override { return out_.value(x); }
  bool value(std::int32_t x) override { return out_.value(x); }
  bool value(std::uint32_t x) override { return out_.value(x); }
  bool value(std::int64_t x) override { return out_.value(x); }
  bool value(std::uint64_t x) override { return out_.value(x); }
  bool value(float x) override { return out_.value(x); }
  bool value(double x) override { return out_.value(x); }
  bool value(long double x) override { return out_.value(x); }
  bool value(detail::caf_string_view x) override { return out_.value(x); }
  bool value(const std::u16string& x) override { return out_.value(x); }
  bool value(const std::u32string& x) override { return out_.value(x); }
  bool value(caf::span<const detail::caf_byte> x) override { return out_.value(x); }

  using super::list;

  bool list(const std::vector<bool>& xs) override { return out_.list(xs); }

private:
  detail::term_save_inspector& out_;
  std::size_t level_ = 0; ///< Sequences that are open, the one around the element included.
  std::vector<std::string> objects_;
};

} // namespace peer::internal::convert
