// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Checks peerctl's table of start options: that introspection shows the same options, that the table's defaults are
// those of `start_options`, and that docs/options.md is what the table gives.
//
//     options_test [--write] DOCUMENT
//
// With --write the document is written instead. Prints what is wrong, and then exits with status 1.

#include "origin/introspection.hpp"
#include "peer/options.hpp"
#include "peer/term.hpp"
#include "start_keys.hpp"

#include "caf/all.hpp"

#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

namespace {

using peerctl::key_shape;
using peerctl::start_key;
using peerctl::start_keys;

constexpr auto introduction = R"(# Start options

Every option of a peer that a user of peerctl can give: its name in `peer::start_options` (those from `working_directory` to
`cpu_affinity` are in its member `process`), on the command line of `peerctl call`, `cast`, `run` and `shell`, and in the file of
`peerctl supervise`. Introspection (`sys:get_state`) shows the options by their C++ names, the limits as one map `limits`.

* `D` is a time with a unit, such as `500ms` or `15s`; `BYTES` a number that may end in `K`, `M` or `G` (powers of 1024).
* In a file, texts are in quotes; a flag is `true` or `false`; an option that may be repeated is a list of texts. A number or a time
  needs no quotes.
* On the command line `--no-X` turns the flag `--X` off.
* Limits and CPUs are those of the program that is started on this host: behind `ssh`, those of `ssh`.

Only C++ has `post_process_args`, `output` and `input`, variables that are removed from the environment, and a `wait_boot` that sends a
notice. In a file, the supervisor decides what happens when a peer ends, and `output` has a key of its own
([supervise.md](supervise.md)).

The table comes from `apps/peerctl/start_keys.cpp` (`options_test --write docs/options.md`).

| C++ | command line | file | meaning | default |
|---|---|---|---|---|
)";

/// A table's cell with code in it; a dash if the text is empty.
std::string code(std::string text) {
  for (auto at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2))
    text.insert(at, "\\");
  return text.empty() ? "–" : "`" + text + "`";
}

bool is_value(std::string_view text) {
  return !text.empty() && text.find(' ') == std::string_view::npos;
}

std::string row_of(const start_key& x) {
  auto value = x.value.empty() ? "" : " " + std::string{x.value};
  auto fallback = std::string{x.fallback};
  return "| " + code(std::string{x.option}) + " | " + code("--" + std::string{x.flag} + value) + " | "
       + code(std::string{x.key}) + " | " + std::string{x.help} + " | "
       + (is_value(x.fallback) || fallback.empty() ? code(fallback) : fallback) + " |\n";
}

std::string document() {
  auto result = std::string{introduction};
  for (auto& each : start_keys())
    result += row_of(each);
  return result;
}

/// The name without that of a part: "limits" of "limits.memory".
std::string name_of(const start_key& x) {
  return std::string{x.option.substr(0, x.option.find('.'))};
}

class checker {
public:
  explicit checker(std::string document) : document_(std::move(document)) {}

  bool run() {
    check_introspection();
    check_names();
    for (auto& each : start_keys())
      check_default(each);
    check_document();
    return good_;
  }

private:
  void complain(const std::string& what) {
    std::cout << "options_test: " << what << '\n';
    good_ = false;
  }

  static peer::term shown(const peer::start_options& options, const std::string& name) {
    auto all = peer::internal::origin::describe(options);
    auto found = all.get_if<peer::erl::map>()->find(peer::atom{name});
    return found != nullptr ? *found : peer::term{peer::atom{"undefined"}};
  }

  void check_introspection() {
    auto in_table = std::set<std::string>{};
    for (auto& each : start_keys())
      in_table.insert(name_of(each));
    auto in_state = std::set<std::string>{};
    auto state = peer::internal::origin::describe(peer::start_options{});
    for (auto& [key, value] : *state.get_if<peer::erl::map>())
      in_state.insert(peer::to_string(key));
    for (auto& each : in_table)
      if (!in_state.contains(each))
        complain("introspection (libpeer/src/origin/introspection.cpp) does not show '" + each + "'");
    for (auto& each : in_state)
      if (!in_table.contains(each))
        complain("the table (apps/peerctl/start_keys.cpp) does not have '" + each + "'");
  }

  void check_names() {
    auto flags = std::set<std::string_view>{};
    auto keys = std::set<std::string_view>{};
    for (auto& each : start_keys()) {
      if (each.flag.empty() || !flags.insert(each.flag).second)
        complain("the table has the flag '" + std::string{each.flag} + "' twice");
      if (!each.key.empty() && !keys.insert(each.key).second)
        complain("the table has the key '" + std::string{each.key} + "' twice");
      if (each.help.empty() || each.value.empty() != (each.shape == key_shape::flag))
        complain("the table's row for '" + std::string{each.option} + "' lacks its help or its value");
    }
  }

  /// A default that is a value changes nothing.
  void check_default(const start_key& x) {
    if (!is_value(x.fallback))
      return;
    auto options = peer::start_options{};
    auto before = shown(options, name_of(x));
    if (auto err = x.read(options, std::string{x.fallback}))
      complain("the default of '" + std::string{x.option} + "': " + peer::text_of(err));
    else if (auto after = shown(options, name_of(x)); after != before)
      complain("the default of '" + std::string{x.option} + "' is " + peer::to_string(before) + ", not "
               + peer::to_string(after));
  }

  void check_document() {
    auto in = std::ifstream{document_};
    auto text = std::string{std::istreambuf_iterator<char>{in}, {}};
    if (text != document())
      complain(document_ + " is out of date: run options_test --write " + document_);
  }

  std::string document_;
  bool good_ = true;
};

} // namespace

int main(int argc, char** argv) {
  auto write = argc == 3 && std::string_view{argv[1]} == "--write";
  if (!write && argc != 2) {
    std::cerr << "usage: options_test [--write] DOCUMENT\n";
    return 2;
  }
  if (!write)
    return checker{argv[1]}.run() ? 0 : 1;
  auto out = std::ofstream{argv[2]};
  out << document() << std::flush;
  return out ? 0 : 1;
}
