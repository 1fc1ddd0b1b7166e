// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/end_error.hpp"

#include "origin/command_line.hpp"
#include "peer/error.hpp"

#include "caf/all.hpp"

#include <utility>

namespace peer::internal::origin {

std::string describe_peer(const start_options& options) {
  auto result = "peer '" + display_name(options) + "'";
  return options.name.empty() ? result : result + " (" + chosen_program(options).program + ")";
}

caf::error end_error(const start_options& options, const lifecycle& life, const incarnation* of,
                     std::vector<std::string> last_words) {
  auto details = failure{};
  details.who = describe_peer(options);
  details.at = life.reached();
  details.connection = to_string(chosen_connection(options));
  details.first = life.first();
  details.cause = life.cause();
  details.error_number = life.error_number();
  details.status = life.status();
  details.last_words = std::move(last_words);
  details.survivors = life.survivors();
  if (!life.started()) {
    if (auto more = of != nullptr ? of->boot_report() : std::string{}; !more.empty())
      details.cause += (details.cause.empty() ? "" : "; ") + more;
    return caf::make_error(errc::boot_failed, std::move(details));
  }
  auto code = life.connection_lost() && !life.status() ? errc::connection_closed : errc::exit_status;
  return caf::make_error(code, std::move(details));
}

} // namespace peer::internal::origin
