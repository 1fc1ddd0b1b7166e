// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/convert.hpp"
#include "term/convert/message_elements.hpp"
#include "term/convert/term_deserializer.hpp"
#include "term/convert/term_serializer.hpp"

#include "caf/all.hpp"

#include <map>
#include <mutex>
#include <shared_mutex>

namespace peer {

namespace {

/// All entries, by type ID. Read often, written at the start of a program.
class registry {
public:
  static registry& instance() {
    static auto& result = *new registry; // never destroyed: threads may use it while the program exits
    return result;
  }

  void set(caf::type_id_t id, const message_type& entry) {
    std::unique_lock guard{mutex_};
    entries_[id] = entry;
  }

  std::optional<message_type> find(caf::type_id_t id) const {
    std::shared_lock guard{mutex_};
    auto i = entries_.find(id);
    return i == entries_.end() ? std::nullopt : std::optional{i->second};
  }

  std::optional<message_type> find(std::string_view name) const {
    std::shared_lock guard{mutex_};
    for (const auto& [id, entry] : entries_)
      if (entry.name == name)
        return entry;
    return std::nullopt;
  }

private:
  registry() {
    add<bool, double, float, long double, std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t,
        std::uint16_t, std::uint32_t, std::uint64_t>();
    add<std::string, std::u16string, std::u32string, std::set<std::string>>();
    add<caf::byte_buffer, caf::error, caf::message, caf::timespan, caf::timestamp, caf::unit_t, caf::sec, caf::pec,
        caf::exit_reason>();
    add<caf::add_atom, caf::close_atom, caf::connect_atom, caf::contact_atom, caf::delete_atom, caf::flush_atom,
        caf::forward_atom, caf::get_atom, caf::idle_atom, caf::join_atom, caf::leave_atom, caf::link_atom,
        caf::migrate_atom, caf::monitor_atom, caf::ok_atom, caf::open_atom, caf::pending_atom, caf::ping_atom,
        caf::pong_atom, caf::publish_atom, caf::put_atom, caf::receive_atom, caf::redirect_atom, caf::reset_atom,
        caf::resolve_atom, caf::spawn_atom, caf::sub_atom, caf::subscribe_atom, caf::sys_atom, caf::tick_atom,
        caf::timeout_atom, caf::unlink_atom, caf::unpublish_atom, caf::unsubscribe_atom, caf::update_atom,
        caf::wait_for_atom>();
    add<atom, term, errc>();
  }

  template <class... Ts>
  void add() {
    (entries_.emplace(caf::type_id_v<Ts>, make_message_type<Ts>()), ...);
  }

  mutable std::shared_mutex mutex_;
  std::map<caf::type_id_t, message_type> entries_;
};

} // namespace

void set_message_type(caf::type_id_t id, const message_type& entry) {
  registry::instance().set(id, entry);
}

bool internal::convert::save_message_element(detail::term_save_inspector& f, const caf::message& source,
                                             std::size_t index) {
  if (auto entry = registry::instance().find(source.type_at(index)))
    return entry->save(f, source, index);
  // A message of this element alone is what CAF can write without its type.
  caf::message_builder builder;
  builder.append_from(source, index);
  internal::convert::term_serializer sink{f};
  if (builder.to_message().save(sink))
    return true;
  // What CAF reports stays in the serializer.
  if (sink.get_error())
    f.set_error(sink.move_error());
  return false;
}

bool internal::convert::load_message_element(detail::term_load_inspector& f, const std::string& name,
                                             caf::message& result) {
  if (auto entry = registry::instance().find(name))
    return entry->load(f, result);
  auto id = caf::query_type_id(detail::caf_string_view{name.data(), name.size()});
  if (id == caf::invalid_type_id)
    return f.fail("'" + name + "' is not a type known to this program");
  internal::convert::term_deserializer source{f, id};
  if (result.load(source))
    return true;
  if (source.get_error())
    f.set_error(source.move_error());
  return false;
}

caf::error internal::convert::make_error_by_name(const std::string& category, const std::string& code,
                                                 std::string text) {
  if (category == "none")
    return {};
  if (auto entry = registry::instance().find(category); entry && entry->make_error)
    if (auto result = entry->make_error(code, text))
      return result;
  return caf::make_error(caf::sec::runtime_error, category + ":" + code + (text.empty() ? "" : ": ") + text);
}

namespace {

/// Where the type IDs of libpeer begin and end (`peer/type_ids.hpp`).
constexpr auto first_own = caf::id_block::libpeer::begin;
constexpr auto last_own = first_own + 199;

/// Whether actors may get a value of that type from another process. Errors end an actor that does not handle them, and
/// other types of CAF and libpeer are the messages with which these control actors.
bool may_be_sent(caf::type_id_t id) {
  if (id == caf::type_id_v<caf::error>)
    return false;
  auto of_the_program = id >= caf::first_custom_type_id && (id < first_own || id > last_own);
  return of_the_program || registry::instance().find(id).has_value();
}

bool may_be_sent(const caf::message& values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!may_be_sent(values.type_at(i)))
      return false;
  return true;
}

/// Reads a tuple that begins with the name of a registered type as a value of that type. Empty if it is anything else.
caf::message load_registered_struct(const_byte_span encoded) {
  auto header = detail::term_reader{encoded};
  auto what = detail::term_reader::kind::nil;
  auto size = std::size_t{0};
  auto name = std::string{};
  if (!header.peek(what) || what != detail::term_reader::kind::tuple || !header.tuple(size) || size == 0
      || !header.peek(what) || what != detail::term_reader::kind::atom || !header.atom(name))
    return {};
  auto entry = registry::instance().find(name);
  if (!entry)
    return {};
  auto in = detail::term_reader{encoded};
  auto inspector = detail::term_load_inspector{in};
  auto result = caf::message{};
  return entry->load(inspector, result) && in.at_end() ? result : caf::message{};
}

} // namespace

caf::expected<caf::message> internal::convert::load_message(const_byte_span encoded) {
  if (auto values = load_term<caf::message>(encoded); values && may_be_sent(*values))
    return std::move(*values);
  if (auto value = load_registered_struct(encoded); !value.empty() && may_be_sent(value))
    return value;
  auto content = load_term<term>(encoded);
  if (!content)
    return std::move(content.error());
  return caf::make_message(std::move(*content));
}

} // namespace peer
