// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "support/system_fixture.hpp"

#include <algorithm>

#include <unistd.h>

namespace peer::test {

// -- line_log ---------------------------------------------------------------------------------------------------------

sink_factory line_log::sink() {
  return line_output([shared = state_](const output_line& line) {
    {
      auto guard = std::lock_guard{shared->mutex};
      shared->lines.push_back(line);
    }
    shared->more.notify_all();
  });
}

bool line_log::wait_for(std::string_view line) {
  auto guard = std::unique_lock{state_->mutex};
  return state_->more.wait_for(guard, patience, [&] {
    return std::any_of(state_->lines.begin(), state_->lines.end(), [&](auto& x) { return x.text == line; });
  });
}

std::vector<std::string> line_log::wait_for(std::size_t count) {
  {
    auto guard = std::unique_lock{state_->mutex};
    state_->more.wait_for(guard, patience, [&] { return state_->lines.size() >= count; });
  }
  return lines();
}

std::vector<std::string> line_log::lines() const {
  auto guard = std::lock_guard{state_->mutex};
  auto result = std::vector<std::string>{};
  for (auto& line : state_->lines)
    result.push_back(line.text);
  return result;
}

std::vector<std::string> line_log::lines(stream from) const {
  auto guard = std::lock_guard{state_->mutex};
  auto result = std::vector<std::string>{};
  for (auto& line : state_->lines)
    if (line.from == from)
      result.push_back(line.text);
  return result;
}

// -- end_watch --------------------------------------------------------------------------------------------------------

caf::error end_watch::reason() {
  auto result = caf::error{};
  self_->receive([&](const caf::down_msg& down) { result = down.reason; },
                 caf::after(patience) >> [] { CAF_FAIL("the actor did not exit"); });
  return result;
}

// -- system_fixture ---------------------------------------------------------------------------------------------------

system_fixture::system_fixture() {
  alarm(120); // a hang ends the program
  config.set("caf.scheduler.policy", "sharing");
  sys.emplace(config);
}

system_fixture::~system_fixture() {
  sys.reset();
  for (auto& complaint : guard.complaints())
    CAF_ERROR(complaint);
  alarm(0);
}

start_options system_fixture::erl() const {
  auto result = start_options{.exec = exec{"erl"}, .connection = standard_io{}, .wait_boot = caf::timespan{patience}};
  result.env.emplace_back("ERL_CRASH_DUMP_SECONDS", "0"); // no dumps of the peers that crash
  result.output = line_log{console}.sink();
  return result;
}

start_options system_fixture::script(std::string program) const {
  auto result = start_options{.exec = exec{"sh", {"-c", std::move(program), "sh"}}};
  result.output = line_log{console}.sink();
  return result;
}

handle system_fixture::start(start_options options) {
  return value_of(peer::start(*sys, std::move(options)));
}

caf::error system_fixture::start_failure(start_options options) {
  return error_of(peer::start(*sys, std::move(options)));
}

term system_fixture::parse_expressions(const handle& worker, std::string_view expressions) {
  auto patient = worker.within(patience);
  auto tokens = value_of(patient.call<term>("erl_scan", "string", charlist(std::string{expressions} + ".")));
  auto scanned = match_tagged(tokens, "ok", 3);
  CAF_REQUIRE(scanned != nullptr);
  auto parsed = value_of(patient.call<term>("erl_parse", "parse_exprs", (*scanned)[1]));
  if (match_tagged(parsed, "ok", 2) == nullptr)
    CAF_FAIL("cannot parse " << std::string{expressions} << ": " << to_string(parsed));
  return (*parsed.get_if<peer::erl::tuple>())[1];
}

caf::expected<term> system_fixture::try_evaluate(const handle& worker, std::string_view expressions,
                                                 const term& bindings) {
  auto result =
      worker.within(patience).call<term>("erl_eval", "exprs", parse_expressions(worker, expressions), bindings);
  if (!result)
    return result;
  auto value = match_tagged(*result, "value", 3);
  CAF_REQUIRE(value != nullptr);
  return (*value)[1];
}

term system_fixture::evaluate(const handle& worker, std::string_view expressions, const term& bindings) {
  return value_of(try_evaluate(worker, expressions, bindings));
}

pid_t system_fixture::process_of(const handle& worker) {
  auto id = value_of(worker.get_state()).process_id;
  CAF_REQUIRE(id && *id > 0);
  return static_cast<pid_t>(*id);
}

term system_fixture::channel_of_node(const handle& worker) {
  auto self = caf::scoped_actor{*sys};
  auto here = value_of(worker.expose(caf::actor_cast<caf::actor>(self)));
  CAF_CHECK(!worker.send("peer_supervision", tagged("system", peer::erl::tuple{here, 7}, atom{"get_state"})));
  auto state = term{};
  self->receive([&](const term& x) { state = (*x.get_if<peer::erl::tuple>())[1]; },
                caf::after(patience) >> [] { CAF_FAIL("no answer"); });
  auto fields = match_tagged(state, "peer_sup_state", 4);
  CAF_REQUIRE(fields != nullptr);
  return (*fields)[2];
}

int system_fixture::end_status(const caf::error& why) {
  auto details = failure_of(why);
  CAF_REQUIRE(details && details->status);
  return shell_status(*details->status);
}

void system_fixture::check_alive(const handle& worker) {
  CAF_CHECK_EQUAL(value_of(worker.within(patience).call<int>("erlang", "abs", -7)), 7);
}

// -- small helpers ----------------------------------------------------------------------------------------------------

term operator""_term(const char* text, std::size_t size) {
  return system_fixture::value_of(parse_term({text, size}));
}

term charlist(std::string_view text) {
  auto result = std::vector<term>{};
  for (auto x : text)
    result.emplace_back(int{x});
  return peer::erl::list{std::move(result)};
}

void check_contains(const std::string& text, std::string_view part) {
  if (text.find(part) == std::string::npos)
    CAF_ERROR("'" << text << "' does not contain '" << std::string{part} << "'");
  else
    CAF_CHECK(true);
}

} // namespace peer::test
