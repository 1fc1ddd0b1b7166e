// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/end_error.hpp"

#include "origin/command_line.hpp"

#include "peer/error.hpp"

#include "caf/all.hpp"

#include <utility>

namespace peer::internal::origin {

namespace {

std::string who(const start_options& options) {
  auto result = "peer '" + display_name(options) + "'";
  return options.name.empty() ? result : result + " (" + chosen_program(options).program + ")";
}

failure failure_with(const start_options& options, evidence first, std::string cause) {
  auto result = failure{};
  result.who = who(options);
  result.connection = to_string(chosen_connection(options));
  result.first = first;
  result.cause = std::move(cause);
  return result;
}

} // namespace

caf::error not_started_error(const start_options& options, evidence first, const caf::error& why) {
  auto details = failure_with(options, first, describe(why));
  details.error_number = error_number_of(why);
  return caf::make_error(errc::boot_failed, std::move(details));
}

caf::error end_error(const start_options& options, const lifecycle& life, const incarnation& of,
                     std::vector<std::string> last_words, std::vector<survivor> survivors) {
  auto details = failure_with(options, life.first(), life.cause());
  details.at = life.reached();
  details.status = life.status();
  details.last_words = std::move(last_words);
  details.survivors = std::move(survivors);
  if (!life.started()) {
    if (auto more = of.boot_report(); !more.empty())
      details.cause += (details.cause.empty() ? "" : "; ") + more;
    return caf::make_error(errc::boot_failed, std::move(details));
  }
  auto code = life.connection_lost() && !life.status() ? errc::connection_closed : errc::exit_status;
  return caf::make_error(code, std::move(details));
}

} // namespace peer::internal::origin
