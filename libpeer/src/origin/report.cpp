// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/failure.hpp"
#include "peer/term.hpp"
#include "sys/commands.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <utility>

namespace peer {

namespace {

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
  case phase::connected:
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
  if (!x.survivors.empty()) {
    result += "; left behind:";
    for (auto& process : x.survivors)
      result += " " + std::to_string(process.id) + " (" + process.command + ")";
  }
  if (!x.last_words.empty()) {
    result += "; its last words:";
    for (auto& line : x.last_words)
      result += "\n  " + line;
  }
  return result;
}

/// An error that is not libpeer's: the name of CAF's code in words, and what it comes with.
std::string describe_other(const error& err) {
  if (err == caf::exit_reason::user_shutdown)
    return "it was stopped";
  if (err == caf::exit_reason::kill)
    return "it was killed";
  auto text = to_string(err);
  auto end = std::min(text.find('('), text.size());
  if (auto name = text.rfind("::", end); text.starts_with("caf::") && name != std::string::npos) {
    std::replace(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '_', ' ');
    text.erase(0, name + 2);
  }
  return text;
}

/// Erlang's name of a system error: `enoent`.
term error_name(int number) {
  auto name = strerrorname_np(number);
  auto result = std::string{name != nullptr ? name : "unknown"};
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return std::tolower(c); });
  return atom{result};
}

/// What ended the peer, whether it had booted or not.
term end_reason(const failure& x) {
  if (x.error_number != 0)
    return error_name(x.error_number);
  if (x.first == evidence::violation)
    return tagged("protocol_violation", x.cause);
  if (x.status && x.status->how == exit_status::kind::unknown)
    return tagged("exit_status", atom{"unknown"});
  if (x.status)
    return tagged("exit_status", shell_status(*x.status));
  return x.cause.empty() ? term{atom{"unknown"}} : term{x.cause};
}

term reason_of(const failure& x, bool booted) {
  if (x.first == evidence::boot_time_out)
    return atom{"timeout"};
  if (!booted)
    return tagged("boot_failed", end_reason(x));
  auto over_tcp = x.connection == "tcp" && x.first != evidence::violation;
  return over_tcp ? term{atom{"tcp_closed"}} : end_reason(x);
}

} // namespace

const failure* failure_of(const error& err) noexcept {
  return context_as<failure>(err);
}

const erl::exception* exception_of(const error& err) noexcept {
  return context_as<erl::exception>(err);
}

std::optional<delivery> delivery_of(const error& err) noexcept {
  if (auto ended = failure_of(err))
    return ended->call;
  if (err == errc::exception || err == errc::type_mismatch)
    return delivery::answered;
  if (err == errc::noconnection || err == errc::overload)
    return delivery::not_delivered;
  if (err == errc::timeout || err == errc::protocol_violation || err == errc::noproc)
    return delivery::unanswered;
  return std::nullopt;
}

error with_delivery(const error& err, delivery what) {
  auto ended = failure_of(err);
  if (ended == nullptr)
    return err;
  auto details = *ended;
  details.call = what;
  return caf::make_error(static_cast<errc>(err.code()), std::move(details));
}

error from_request(error why, std::string_view who) {
  if (why == caf::sec::request_receiver_down)
    return fail(errc::noproc, std::string{who} + " has exited");
  return why;
}

term to_reason(const error& err) {
  if (auto reason = internal::sys::to_exit_reason(err))
    return std::move(*reason);
  if (auto raised = exception_of(err))
    return erl::tuple{atom{to_string(raised->cls)}, raised->reason};
  if (auto ended = failure_of(err))
    return reason_of(*ended, err != errc::boot_failed);
  if (err.category() == caf::type_id_v<errc>) {
    auto name = atom{to_string(static_cast<errc>(err.code()))};
    auto text = text_of(err);
    return text.empty() ? term{name} : term{erl::tuple{name, text}};
  }
  return tagged("caf", to_string(err));
}

std::string describe(const error& err) {
  if (!err)
    return "no error";
  if (auto ended = failure_of(err))
    return describe_failure(*ended);
  if (err == errc::terminated)
    return "a system message ended the actor with the reason " + to_string(to_reason(err));
  if (auto raised = exception_of(err))
    return "the called function ended with " + to_string(raised->cls) + ": " + to_string(raised->reason);
  if (err.category() != caf::type_id_v<errc>)
    return describe_other(err);
  auto text = text_of(err);
  return text.empty() ? to_string(static_cast<errc>(err.code())) : text;
}

} // namespace peer
