// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "error_text.hpp"
#include "peer/peer.hpp"
#include "start_keys.hpp"

#include "caf/all.hpp"

#include <utility>

namespace peerctl {

namespace {

caf::error with_details(const caf::error& err, peer::failure details) {
  return caf::make_error(static_cast<peer::errc>(err.code()), std::move(details));
}

} // namespace

std::string error_text(const caf::error& err) {
  auto ended = peer::failure_of(err);
  if (ended == nullptr)
    return with_flags(peer::describe(err));
  auto details = *ended;
  details.last_words.clear();
  return with_flags(peer::describe(with_details(err, std::move(details))));
}

caf::error with_path(const caf::error& err, const std::string& path) {
  auto ended = peer::failure_of(err);
  if (ended == nullptr)
    return err;
  auto details = *ended;
  details.who = "child '" + path + "'";
  return with_details(err, std::move(details));
}

std::string with_flags(std::string text) {
  for (auto& each : start_keys())
    for (auto before : {"(option ", "("}) {
      auto name = before + std::string{each.option} + ")";
      if (auto at = text.find(name); at != std::string::npos)
        text.replace(at, name.size(), "(--" + std::string{each.flag} + ")");
    }
  return text;
}

} // namespace peerctl
