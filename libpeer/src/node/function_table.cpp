// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "node/function_table.hpp"

#include "peer/detail/writer.hpp"

#include <cstdlib>
#include <memory>
#include <new>
#include <typeinfo>

#include <cxxabi.h>

namespace peer::internal::node {

namespace {

/// "std::runtime_error"
std::string type_name(const std::exception& x) {
  auto mangled = typeid(x).name();
  auto failed = 0;
  auto name =
      std::unique_ptr<char, void (*)(void*)>{abi::__cxa_demangle(mangled, nullptr, nullptr, &failed), std::free};
  return name ? name.get() : mangled;
}

/// A call that has failed, to describe its outcome.
struct attempt {
  std::string_view module;
  std::string_view name;
  const_byte_span arguments;

  /// The function was not run: `error:Reason`, with the arguments, as Erlang does.
  outcome refused(std::string_view reason, const std::vector<term>& info) const {
    return failed(exception_class::error_, atom{reason}, arguments, info);
  }

  /// The function ended with an exception.
  outcome raised(exception_class cls, const term& reason) const {
    auto arity = byte_buffer{};
    detail::term_writer{arity}.integer(static_cast<std::uint64_t>(detail::arguments{arguments}.size()));
    return failed(cls, reason, arity, {});
  }

private:
  /// `{Reason, [{Module, Name, ArityOrArguments, Info}]}`
  outcome failed(exception_class cls, const term& reason, const_byte_span arity_or_arguments,
                 const std::vector<term>& info) const {
    auto result = outcome{wire::to_reply_class(cls), {}};
    auto out = detail::term_writer{result.result};
    out.tuple(2);
    if (save_term(result.result, reason))
      out.atom("unknown");
    out.list(1);
    out.tuple(4);
    out.atom(module);
    out.atom(name);
    out.encoded(arity_or_arguments);
    if (info.empty())
      out.nil();
    else
      static_cast<void>(save_term(result.result, info));
    out.nil();
    return result;
  }
};

/// The reason for an exception other than `raised`.
term to_reason(const std::exception& x) {
  if (dynamic_cast<const std::bad_alloc*>(&x) != nullptr)
    return atom{"system_limit"};
  return tagged(type_name(x), std::string{x.what()});
}

} // namespace

void function_table::add(std::string_view module, std::string_view name, std::size_t arity, detail::function_ptr f) {
  entries_[{std::string{module}, std::string{name}}].by_arity[arity] = std::move(f);
}

void function_table::add(std::string_view module, std::string_view name, detail::function_ptr f) {
  entries_[{std::string{module}, std::string{name}}].any = std::move(f);
}

const detail::function* function_table::find(std::string_view module, std::string_view name, std::size_t arity) const {
  auto found = find_entry(module, name);
  if (found == nullptr)
    return nullptr;
  auto exact = found->by_arity.find(arity);
  return exact == found->by_arity.end() ? found->any.get() : exact->second.get();
}

outcome function_table::evaluate(const detail::function* f, std::string_view module, std::string_view name,
                                 const_byte_span encoded_arguments, const call_context& context) const noexcept {
  auto call = attempt{module, name, encoded_arguments};
  try {
    if (f == nullptr) {
      auto known = signatures(module, name);
      auto info = known.empty() ? std::vector<term>{} : std::vector<term>{tagged("functions", erl::list{known})};
      return call.refused("undef", info);
    }
    auto result = outcome{};
    if (f->run(context, detail::arguments{encoded_arguments}, result.result))
      return result;
    auto expected = std::string{module} + ":" + std::string{name} + f->signature();
    return call.refused("badarg", {tagged("expected", expected)});
  } catch (const raised& x) {
    return call.raised(x.cls(), x.reason());
  } catch (const std::exception& x) {
    return call.raised(exception_class::error_, to_reason(x));
  } catch (...) {
    return call.raised(exception_class::error_, atom{"unknown_exception"});
  }
}

const function_table::entry* function_table::find_entry(std::string_view module, std::string_view name) const {
  auto found = entries_.find(std::pair{module, name});
  return found == entries_.end() ? nullptr : &found->second;
}

std::vector<term> function_table::signatures(std::string_view module, std::string_view name) const {
  auto result = std::vector<term>{};
  if (auto found = find_entry(module, name))
    for (auto& [arity, f] : found->by_arity)
      result.emplace_back(std::string{module} + ":" + std::string{name} + f->signature());
  return result;
}

} // namespace peer::internal::node
