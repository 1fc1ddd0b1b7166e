// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/control/report.hpp"

#include "peer/base/enum_names.hpp"
#include "peer/term/text.hpp"

#include "caf/all.hpp"

#include <array>
#include <utility>

namespace peer {

namespace {

constexpr auto phase_names = std::array<std::string_view, 4>{"spawn", "boot", "running", "stopping"};

/// The context if it is one value of that type.
template <class T>
const T* context_as(const error& err) noexcept {
  if (!err || err.category() != caf::type_id_v<errc> || !err.context().template match_elements<T>())
    return nullptr;
  return &err.context().template get_as<T>(0);
}

std::string phase_text(phase at) {
  switch (at) {
  case phase::spawn:
    return "could not be started";
  case phase::boot:
    return "ended before it had booted";
  case phase::running:
    return "ended while running";
  case phase::stopping:
    return "was stopped";
  }
  return {};
}

std::string describe_failure(const failure& x) {
  auto result = x.who + " " + phase_text(x.at);
  if (!x.cause.empty())
    result += ": " + x.cause;
  if (x.status)
    result += (x.cause.empty() ? ": " : "; the process ") + to_string(*x.status);
  if (!x.last_words.empty()) {
    result += "; its last words:";
    for (auto& line : x.last_words)
      result += "\n  " + line;
  }
  return result;
}

term exit_reason_of(const failure& x) {
  if (x.status)
    return tagged("exit_status", shell_status(*x.status));
  return x.cause.empty() ? term{atom{"unknown"}} : term{x.cause};
}

} // namespace

std::string to_string(phase value) {
  return std::string{enum_name(phase_names, value)};
}

bool from_string(caf_string_view name, phase& value) {
  return enum_value(phase_names, to_std(name), value);
}

bool from_integer(std::uint8_t number, phase& value) {
  value = static_cast<phase>(number);
  return number < phase_names.size();
}

const failure* failure_of(const error& err) noexcept {
  return context_as<failure>(err);
}

const exception* exception_of(const error& err) noexcept {
  return context_as<exception>(err);
}

term to_reason(const error& err) {
  if (!err)
    return atom{"normal"};
  if (auto raised = exception_of(err))
    return tuple{atom{to_string(raised->cls)}, raised->reason};
  if (auto ended = failure_of(err)) {
    auto reason = exit_reason_of(*ended);
    return err == errc::boot_failed ? term{tagged("boot_failed", std::move(reason))} : reason;
  }
  if (err.category() == caf::type_id_v<errc>) {
    auto name = atom{to_string(static_cast<errc>(err.code()))};
    auto text = text_of(err);
    return text.empty() ? term{name} : term{tuple{name, text}};
  }
  if (err == caf::exit_reason::kill)
    return atom{"killed"};
  if (err == caf::exit_reason::user_shutdown)
    return atom{"shutdown"};
  return tagged("caf", to_string(err));
}

std::string describe(const error& err) {
  if (!err)
    return "no error";
  if (auto ended = failure_of(err))
    return describe_failure(*ended);
  if (auto raised = exception_of(err))
    return "the called function ended with " + to_string(raised->cls) + ": " + to_string(raised->reason);
  if (err.category() != caf::type_id_v<errc>)
    return to_string(err);
  auto text = text_of(err);
  return text.empty() ? to_string(static_cast<errc>(err.code())) : text;
}

} // namespace peer
