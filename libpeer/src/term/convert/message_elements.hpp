// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/convert.hpp"

#include "caf/expected.hpp"
#include "caf/message.hpp"

#include <string>

namespace peer::internal::convert {

/// Writes one element.
bool save_message_element(detail::term_save_inspector& f, const caf::message& source, std::size_t index);

/// Reads an element of the type `name` and makes it a message of its own.
bool load_message_element(detail::term_load_inspector& f, const std::string& name, caf::message& result);

/// Makes an error of that category and code; if there is none, a `caf::sec::runtime_error` that names them.
caf::error make_error_by_name(const std::string& category, const std::string& code, std::string text);

/// What an actor receives for a term: the values of a `caf::message` if it is one, the value if it is a struct of a
/// type that `register_message_types` knows (Erlang's `{job, 7, <<"text">>}` for `job`), else the term itself. So do
/// values that another process must not send: errors, and types of CAF and libpeer that are not data. Fails with
/// `errc::bad_term`. @param encoded without version byte
caf::expected<caf::message> load_message(const_byte_span encoded);

} // namespace peer::internal::convert
