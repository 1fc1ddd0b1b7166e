// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "support/suite.hpp"

#include "support/report.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>

#include <sched.h>
#include <unistd.h>

namespace bench {

namespace {

/// Tells on standard error how far the measurement is: one line that changes on a terminal, else a line for each step.
class progress {
public:
  explicit progress(std::size_t steps) : steps_(steps) {}

  ~progress() {
    if (terminal_)
      std::fprintf(stderr, "\r\033[K");
  }

  void next(std::size_t round, std::size_t rounds, const std::string& name) {
    std::fprintf(stderr, "%s[%zu/%zu] round %zu of %zu, %.0f s: %s%s", terminal_ ? "\r\033[K" : "", ++done_, steps_,
                 round, rounds, watch_.seconds(), name.c_str(), terminal_ ? "" : "\n");
    std::fflush(stderr);
  }

private:
  bool terminal_ = isatty(STDERR_FILENO) != 0;
  std::size_t steps_;
  std::size_t done_ = 0;
  stopwatch watch_;
};

void pin(const std::vector<int>& cores) {
  auto set = cpu_set_t{};
  CPU_ZERO(&set);
  for (auto core : cores)
    CPU_SET(static_cast<std::size_t>(core), &set);
  if (sched_setaffinity(0, sizeof(set), &set) != 0)
    fail(std::string{"cannot pin to these cores: "} + std::strerror(errno));
}

void measure(std::vector<contender>& contenders, std::size_t rounds) {
  auto active = [](const contender& x) { return x.skipped.empty(); };
  auto count = static_cast<std::size_t>(std::count_if(contenders.begin(), contenders.end(), active));
  auto shown = progress{rounds * count};
  for (auto round = std::size_t{1}; round <= rounds; ++round)
    for (auto& each : contenders)
      if (active(each)) {
        shown.next(round, rounds, each.name);
        each.found.push_back(each.round());
      }
}

/// Leaves those contenders that are asked for. Returns a name that no contender has, or an empty one.
std::string select(std::vector<contender>& contenders, const std::vector<std::string>& only) {
  if (only.empty())
    return {};
  for (auto& name : only)
    if (std::none_of(contenders.begin(), contenders.end(), [&](auto& x) { return x.name == name; }))
      return name;
  std::erase_if(contenders, [&](auto& x) { return std::find(only.begin(), only.end(), x.name) == only.end(); });
  return {};
}

} // namespace

struct suite::command_line {
  CLI::App app;
  std::int64_t spin = -1; ///< nanoseconds; negative: not given
  std::vector<std::pair<std::string, const std::size_t*>> own = {};
};

suite::suite(std::string name, std::string question, settings defaults)
    : name_(std::move(name)),
      settings_(std::move(defaults)),
      command_line_(new command_line{.app = CLI::App{std::move(question)}}) {
  auto& app = command_line_->app;
  app.option_defaults()->always_capture_default();
  app.add_option("--rounds", settings_.rounds, "how often all contenders are measured, in turn")
      ->check(CLI::PositiveNumber);
  app.add_option("--repeats", settings_.repeats, "how often each contender does in a round what is measured")
      ->check(CLI::PositiveNumber);
  app.option_defaults()->always_capture_default(false);
  app.add_option("--pin", settings_.cores, "cores that all processes run on, such as 0,1; default: any")
      ->delimiter(',')
      ->check(CLI::Range(0, CPU_SETSIZE - 1));
  auto units = std::map<std::string, std::int64_t>{{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
  app.add_option("--spin", command_line_->spin, "how long libpeer polls before it sleeps, such as 20us or 0us")
      ->transform(CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::UNIT_REQUIRED, "TIME"));
  app.add_option("--only", settings_.only, "measure this contender only; may be repeated")->allow_extra_args(false);
  app.add_option("--json", settings_.json, "write what was found to this file; \"-\" is standard output");
  app.add_flag("--list", settings_.list, "print the contenders' names");
}

suite::~suite() = default;

void suite::option(const std::string& flag, std::size_t& value, const std::string& help) {
  command_line_->app.add_option(flag, value, help)->capture_default_str()->check(CLI::PositiveNumber);
  command_line_->own.emplace_back(flag.substr(flag.find_first_not_of('-')), &value);
}

void suite::parse(int argc, char** argv) {
  try {
    command_line_->app.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    std::exit(command_line_->app.exit(end) == 0 ? 0 : 2);
  }
  if (command_line_->spin >= 0)
    settings_.spin = std::chrono::nanoseconds{command_line_->spin};
  for (auto& [name, value] : command_line_->own)
    settings_.own.emplace_back(name, *value);
  if (!settings_.cores.empty())
    pin(settings_.cores);
}

void suite::add(std::string name, std::function<figures()> round) {
  contenders_.push_back({.name = std::move(name), .round = std::move(round)});
}

void suite::skip(std::string name, std::string why) {
  contenders_.push_back({.name = std::move(name), .skipped = std::move(why)});
}

int suite::run() {
  if (settings_.list) {
    for (auto& each : contenders_)
      std::printf("%s\n", each.name.c_str());
    return 0;
  }
  if (auto unknown = select(contenders_, settings_.only); !unknown.empty()) {
    std::fprintf(stderr, "no contender is called \"%s\"; --list names them\n", unknown.c_str());
    return 2;
  }
  measure(contenders_, settings_.rounds);
  auto to_output = settings_.json == "-";
  std::fputs(to_table(name_, settings_, contenders_).c_str(), to_output ? stderr : stdout);
  if (to_output)
    std::puts(to_json(name_, settings_, contenders_).c_str());
  else if (!settings_.json.empty())
    if (!(std::ofstream{settings_.json} << to_json(name_, settings_, contenders_) << '\n' << std::flush))
      fail("cannot write " + settings_.json);
  return 0;
}

} // namespace bench
