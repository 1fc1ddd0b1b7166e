// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "base/utf8.hpp"
#include "peer/convert.hpp"
#include "peer/failure.hpp"
#include "peer/term.hpp"
#include "sys/commands.hpp"
#include "term/text/print.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <utility>

namespace peer {

namespace {

using internal::base::printable;
using internal::text::print_limited;

/// The value of that type in the context: its only one, or the one behind a sentence.
template <class T>
const T* context_as(const error& err) noexcept {
  if (!err || err.category() != caf::type_id_v<errc>)
    return nullptr;
  auto& context = err.context();
  if (context.match_elements<T>())
    return &context.get_as<T>(0);
  return context.match_elements<std::string, T>() ? &context.get_as<T>(1) : nullptr;
}

/// Whether `err` is the end of a peer itself, not of what depends on that peer.
bool is_end_of_peer(const error& err) noexcept {
  return failure_of(err) && err != errc::failed_to_start_child;
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
    result += ": " + printable(x.cause);
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
      result += "\n  " + printable(line);
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

/// The signatures that a node sends with a refused call.
std::string describe_hints(const erl::list& infos) {
  auto result = std::string{};
  for (auto& info : infos) {
    if (auto expected = match_tagged(info, "expected", 2))
      result += "; expected " + printable((*expected)[1].as_binary().value_or(""));
    auto known = match_tagged(info, "functions", 2);
    if (auto signatures = known ? (*known)[1].get_if<erl::list>() : nullptr)
      for (auto& signature : *signatures)
        result += "; there is " + printable(signature.as_binary().value_or(""));
  }
  return result;
}

/// The function that raised it: the first entry of a stacktrace is `{Module, Function, ArityOrArguments, Info}`.
std::string describe_place(const erl::exception& x) {
  auto stacktrace = x.stacktrace.get_if<erl::list>();
  auto entry = stacktrace && !stacktrace->empty() ? (*stacktrace)[0].get_if<erl::tuple>() : nullptr;
  if (!entry || entry->size() != 4)
    return {};
  auto arguments = (*entry)[2].get_if<erl::list>();
  auto result = " in " + print_limited((*entry)[0]) + ":" + print_limited((*entry)[1]) + "/"
              + (arguments ? std::to_string(arguments->size()) : print_limited((*entry)[2]));
  auto infos = (*entry)[3].get_if<erl::list>();
  return infos ? result + describe_hints(*infos) : result;
}

/// @param call what was called and where, if that is known
std::string describe_exception(const erl::exception& x, const std::string& call) {
  return (call.empty() ? "the called function" : call) + " ended with " + to_string(x.cls) + ": "
       + print_limited(x.reason) + describe_place(x);
}

/// As `describe`, with what acts on terminals in it.
std::string describe_raw(const error& err) {
  if (is_end_of_peer(err))
    return describe_failure(*failure_of(err));
  if (err == errc::terminated)
    return "a system message ended the actor with the reason " + print_limited(to_reason(err));
  if (auto raised = exception_of(err); raised && err == errc::exception)
    return describe_exception(*raised, text_of(err));
  if (err.category() != caf::type_id_v<errc>)
    return describe_other(err);
  auto text = text_of(err);
  return text.empty() ? to_string(static_cast<errc>(err.code())) : text;
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

error returned_error_of(const error& err) {
  auto raised = exception_of(err);
  if (!raised || !match_tagged(raised->reason, "$error", 4))
    return {};
  return from_term<error>(raised->reason);
}

std::optional<delivery> delivery_of(const error& err) noexcept {
  if (auto ended = failure_of(err))
    return ended->call;
  if (err == errc::exception || err == errc::type_mismatch)
    return delivery::answered;
  if (err == errc::noproc) // a request that arrived before the end has a note
    return err.context().match_elements<std::string, std::int32_t>()
             ? static_cast<delivery>(err.context().get_as<std::int32_t>(1))
             : delivery::not_delivered;
  if (err == errc::noconnection || err == errc::overload || err == caf::sec::request_receiver_down)
    return delivery::not_delivered;
  if (err == errc::timeout || err == errc::protocol_violation)
    return delivery::unanswered;
  return std::nullopt;
}

error with_delivery(const error& err, delivery what) {
  if (err == errc::noproc)
    return caf::make_error(errc::noproc, text_of(err), static_cast<std::int32_t>(what));
  if (!is_end_of_peer(err))
    return err;
  auto details = *failure_of(err);
  details.call = what;
  return caf::make_error(static_cast<errc>(err.code()), std::move(details));
}

error with_details_of(const error& why, errc code, std::string text) {
  if (auto ended = failure_of(why))
    return caf::make_error(code, std::move(text), *ended);
  if (auto raised = exception_of(why))
    return caf::make_error(code, std::move(text), *raised);
  return fail(code, std::move(text));
}

error from_request(error why, std::string_view who) {
  if (why == caf::sec::request_receiver_down)
    return fail(errc::noproc, std::string{who} + " has exited");
  return why;
}

term to_reason(const error& err) {
  if (auto reason = internal::sys::to_exit_reason(err))
    return std::move(*reason);
  if (auto raised = exception_of(err); raised && err == errc::exception)
    return erl::tuple{atom{to_string(raised->cls)}, raised->reason};
  if (is_end_of_peer(err))
    return reason_of(*failure_of(err), err != errc::boot_failed);
  if (err.category() == caf::type_id_v<errc>) {
    auto name = atom{to_string(static_cast<errc>(err.code()))};
    auto text = text_of(err);
    return text.empty() ? term{name} : term{erl::tuple{name, text}};
  }
  return tagged("caf", to_string(err));
}

std::string describe(const error& err) {
  return err ? printable(describe_raw(err), true) : "no error";
}

} // namespace peer
