// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "console/line_sink.hpp"

#include "base/callback.hpp"
#include "peer/error.hpp"

#include "caf/expected.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace peer {

namespace internal::console {

void line_sink::write(stream from, std::string_view text, done written) {
  auto lines = std::vector<output_line>{};
  splitter(from).feed(text, [&](std::string_view line) { lines.push_back({from, std::string{line}}); });
  put(std::move(lines), std::move(written));
}

void line_sink::finish() {
  auto lines = std::vector<output_line>{};
  for (auto from : {stream::standard_output, stream::standard_error})
    splitter(from).finish([&](std::string_view line) { lines.push_back({from, std::string{line}}); });
  put(std::move(lines), [](const caf::error&) {});
}

} // namespace internal::console

namespace {

using handler_ptr = std::shared_ptr<const std::function<void(const output_line&)>>;

class callback_sink final : public internal::console::line_sink {
public:
  callback_sink(internal::loop::event_loop_ptr where, handler_ptr handler)
      : where_(std::move(where)), handler_(std::move(handler)) {}

protected:
  void put(std::vector<output_line> lines, done written) override {
    if (lines.empty())
      return written({});
    auto task = [handler = handler_, lines = std::move(lines), written = std::move(written)] {
      auto failed = caf::error{};
      for (auto& line : lines)
        if (auto err = call(*handler, line); err && !failed)
          failed = std::move(err);
      written(failed);
    };
    where_->offload(std::move(task), handler_.get());
  }

private:
  static caf::error call(const std::function<void(const output_line&)>& handler, const output_line& line) {
    auto why = internal::base::callback_failure([&] { handler(line); });
    return why ? fail(errc::callback_failed, "the handler of 'line_output' failed: " + *why) : caf::error{};
  }

  internal::loop::event_loop_ptr where_;
  handler_ptr handler_;
};

} // namespace

sink_factory line_output(std::function<void(const output_line&)> handler) {
  auto shared = std::make_shared<const std::function<void(const output_line&)>>(std::move(handler));
  return [shared](const internal::loop::event_loop_ptr& where,
                  const std::string&) -> caf::expected<internal::console::sink_ptr> {
    return std::make_shared<callback_sink>(where, shared);
  };
}

} // namespace peer
