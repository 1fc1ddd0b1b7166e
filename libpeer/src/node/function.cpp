// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/detail/function.hpp"

#include "peer/error.hpp"

#include "caf/all.hpp"

namespace peer::detail {

namespace {

class untyped_function final : public function {
public:
  explicit untyped_function(raw_function f) : f_(std::move(f)) {}

  bool run(const call_context& context, const arguments& args, byte_buffer& result) const override {
    save_result(result, f_(context, args.read_all()));
    return true;
  }

  bool stoppable() const noexcept override { return true; }

  std::string signature() const override { return "(...) -> term()"; }

private:
  raw_function f_;
};

} // namespace

function::~function() = default;

void raise_bad_result(const caf::error& why) {
  throw raised{exception_class::error_, tagged("bad_return_value", text_of(why))};
}

void raise_error(const caf::error& why) {
  auto reason = to_term(why);
  throw raised{exception_class::error_, reason ? std::move(*reason) : term{atom{"unknown"}}};
}

function_ptr make_raw_function(raw_function f) {
  return std::make_shared<untyped_function>(std::move(f));
}

} // namespace peer::detail
