// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "tree_check.hpp"
#include "start_keys.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace peerctl {

namespace {

class tree_checker {
public:
  explicit tree_checker(problem_list& problems) : problems_(problems) {}

  /// Checks a supervisor whose keys are those of `node`.
  void check(const peer::supervisor_spec& spec, const config_node& node, const std::string& prefix) {
    if (!problems_.empty())
      return; // values that could not be read would be reported again
    if (spec.flags.period.count() <= 0)
      problems_.add(line_of(node, "period"), "period", "must be longer than 0");
    if (spec.flags.strategy == peer::restart_strategy::simple_one_for_one)
      problems_.add(line_of(node, "strategy"), "strategy",
                    "simple_one_for_one is only for children that a program starts");
    auto children = find(node, "children");
    if (children == nullptr)
      return;
    auto& nodes = std::get<config_node::list>(children->value);
    auto lines = std::map<std::string, int>{};
    for (auto i = std::size_t{0}; i < nodes.size(); ++i) {
      auto& child = spec.children[i];
      auto line = line_of(nodes[i], "id");
      if (auto [first, added] = lines.emplace(child.id, line); !added)
        problems_.add(line, "id", "'" + prefix + child.id + "' is the child of line " + std::to_string(first->second));
      check_child(child, nodes[i], spec.flags.auto_shutdown, prefix);
    }
  }

private:
  void check_child(const peer::child_spec& spec, const config_node& node, peer::auto_shutdown rule,
                   const std::string& prefix) {
    if (auto tree = std::get_if<peer::supervisor_spec>(&spec.start)) {
      auto own = spec;
      own.start = peer::supervisor_spec{}; // whose children are checked one by one
      if (auto wrong = peer::validate(own, rule))
        place(peer::text_of(wrong), node);
      check(*tree, node, prefix + spec.id + "/");
    } else if (auto found = find_problem(spec)) {
      place(*found, node);
    } else if (auto wrong = peer::validate(spec, rule)) {
      place(peer::text_of(wrong), node);
    }
  }

  static std::optional<peer::option_problem> find_problem(const peer::child_spec& spec) {
    auto options = std::get_if<peer::start_options>(&spec.start);
    return options != nullptr ? find_start_problem(*options) : std::nullopt;
  }

  /// Adds a problem of a peer's start options.
  void place(const peer::option_problem& problem, const config_node& node) {
    auto name_of = [](const start_key& x) { return "'" + std::string{x.key} + "'"; };
    auto found = find_key(problem.option, [&node](auto& x) { return find(node, x.key) != nullptr; });
    auto key = found != nullptr ? std::string{found->key} : problem.option;
    problems_.add(line_of(node, key), key, sentence(problem, name_of));
  }

  /// Adds a problem that `validate` has found: its key is the one that the text names first.
  void place(const std::string& what, const config_node& node) {
    auto end_of_path = what.find("': ");
    auto text = end_of_path != std::string::npos ? what.substr(end_of_path + 1) : ": " + what;
    auto words = text;
    std::replace(words.begin(), words.end(), '_', '-');
    auto best = std::string::npos;
    auto key = std::string{"id"};
    for (auto& entry : std::get<config_node::map>(node.value))
      for (auto& name : {"'" + option_of(entry.key) + "'", ": " + option_of(entry.key)})
        if (auto at = words.find(name); at < best) {
          best = at;
          key = entry.key;
        }
    auto own_name = ": " + option_of(key) + ": ";
    auto known = words.starts_with(own_name) ? own_name.size() : 2;
    problems_.add(line_of(node, key), key, text.substr(known));
  }

  /// The name of a key in the texts of `validate`.
  static std::string option_of(const std::string& key) { return key == "child-shutdown" ? "shutdown" : key; }

  problem_list& problems_;
};

} // namespace

void problem_list::add(int line, const std::string& key, const std::string& what) {
  problems_.emplace(line, (key.empty() ? "" : key + ": ") + what);
}

caf::error problem_list::to_error() const {
  auto result = std::string{};
  for (auto& [line, what] : problems_)
    result += (result.empty() ? "" : "\n") + name_ + ":" + std::to_string(line) + ": " + what;
  return peer::fail(peer::errc::invalid_option, result);
}

void check_tree(const peer::supervisor_spec& spec, const config_node& top, problem_list& problems) {
  tree_checker{problems}.check(spec, top, "");
}

} // namespace peerctl
