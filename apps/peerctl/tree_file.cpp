// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "tree_file.hpp"
#include "config_text.hpp"
#include "duration.hpp"
#include "start_keys.hpp"
#include "tree_check.hpp"
#include "whole_file.hpp"

#include "caf/all.hpp"

#include <map>
#include <set>
#include <utility>

namespace peerctl {

namespace {

/// Reads the value of one key. `key` is its name with those of the maps around it.
using key_reader = std::function<void(const std::string& key, const config_node& node)>;
using key_readers = std::map<std::string, key_reader, std::less<>>;

/// The keys that make a supervisor of a child, and need no restart when they change.
const auto supervisor_keys = std::set<std::string, std::less<>>{"strategy",      "intensity",         "period",
                                                                "auto-shutdown", "concurrent-starts", "children"};

class tree_reader {
public:
  tree_reader(problem_list& problems, const console_factory& console) : problems_(problems), console_(console) {}

  tree_file read(const config_node& top) {
    auto result = tree_file{};
    auto keys = keys_of(result.spec, {});
    keys["socket"] = [this, &result](auto& key, auto& node) {
      text_into(result.socket)(key, node);
      if (result.socket.empty())
        complain(key, node, "must be the path of a socket");
    };
    read_map({}, top, keys);
    if (find(top, "children") == nullptr && problems_.empty())
      problems_.add(top.line, "children", "is missing: there is nothing to start");
    check_tree(result.spec, top, problems_);
    return result;
  }

private:
  // -- values ---

  void complain(const std::string& key, const config_node& node, const std::string& what) {
    problems_.add(node.line, key, what);
  }

  /// The value if it has that type.
  template <class T>
  const T* get(const std::string& key, const config_node& node, std::string_view wanted) {
    auto result = std::get_if<T>(&node.value);
    if (result == nullptr)
      complain(key, node, "must be " + std::string{wanted} + ", not " + std::string{type_name(node)});
    return result;
  }

  template <class T>
  void set(T& target, const std::string& key, const config_node& node, caf::expected<T> value) {
    if (value)
      target = std::move(*value);
    else
      complain(key, node, peer::text_of(value.error()));
  }

  key_reader flag_into(bool& target) {
    return [this, &target](auto& key, auto& node) {
      if (auto x = get<bool>(key, node, "a boolean"))
        target = *x;
    };
  }

  key_reader text_into(std::string& target) {
    return [this, &target](auto& key, auto& node) {
      if (auto x = get<std::string>(key, node, "a text"))
        target = *x;
    };
  }

  template <class T>
  key_reader count_into(T& target) {
    return [this, &target](auto& key, auto& node) {
      auto x = get<std::int64_t>(key, node, "an integer");
      if (x != nullptr && std::in_range<T>(*x))
        target = static_cast<T>(*x);
      else if (x != nullptr)
        complain(key, node, std::to_string(*x) + " is out of range");
    };
  }

  key_reader number_into(double& target) {
    return [this, &target](auto& key, auto& node) {
      if (auto whole = std::get_if<std::int64_t>(&node.value))
        target = static_cast<double>(*whole);
      else if (auto x = get<double>(key, node, "a number"))
        target = *x;
    };
  }

  key_reader time_into(caf::timespan& target) {
    return [this, &target](auto& key, auto& node) {
      if (auto x = get<caf::timespan>(key, node, "a time with a unit, such as 500ms or 1.5s"))
        target = *x;
    };
  }

  /// A time or "infinity".
  key_reader limit_into(caf::timespan& target) {
    return [this, &target](auto& key, auto& node) {
      if (auto text = std::get_if<std::string>(&node.value))
        set(target, key, node, parse_limit(*text));
      else
        time_into(target)(key, node);
    };
  }

  template <class Enum>
  key_reader enum_into(Enum& target) {
    return [this, &target](auto& key, auto& node) {
      if (auto text = get<std::string>(key, node, "a text"))
        this->set(target, key, node, parse_enum<Enum>(*text));
    };
  }

  key_reader term_into(std::optional<peer::term>& target) {
    return [this, &target](auto& key, auto& node) {
      if (auto text = get<std::string>(key, node, "a term in quotes"))
        set(target.emplace(), key, node, peer::parse_term(*text));
    };
  }

  key_reader list_of(key_reader one) {
    return [this, one = std::move(one)](auto& key, auto& node) {
      if (auto xs = get<config_node::list>(key, node, "a list"))
        for (auto& x : *xs)
          one(key, x);
    };
  }

  /// Reads a map whose keys are known.
  void read_map(const std::string& path, const config_node& node, const key_readers& keys) {
    auto entries = get<config_node::map>(path, node, "a map");
    if (entries == nullptr)
      return;
    for (auto& [name, value] : *entries) {
      auto key = path.empty() ? name : path + "." + name;
      if (auto reader = keys.find(name); reader != keys.end())
        reader->second(key, value);
      else
        complain(key, value, "is not a known key here (docs/supervise.md lists all)");
    }
  }

  // -- supervisors ---

  key_readers keys_of(peer::supervisor_spec& target, const std::string& path) {
    return {{"strategy", enum_into(target.flags.strategy)},
            {"intensity", count_into(target.flags.intensity)},
            {"period", time_into(target.flags.period)},
            {"auto-shutdown", enum_into(target.flags.auto_shutdown)},
            {"concurrent-starts", flag_into(target.flags.concurrent_starts)},
            {"children", list_of([this, &target, path](auto& key, auto& node) {
               target.children.push_back(read_child(key, node, path));
             })}};
  }

  // -- children ---

  /// The value of a key, which must be a text, before anything else of the map is read.
  static std::string peek(const config_node& node, std::string_view key) {
    auto found = find(node, key);
    auto text = found != nullptr ? std::get_if<std::string>(&found->value) : nullptr;
    return text != nullptr ? *text : std::string{};
  }

  peer::child_spec read_child(const std::string& key, const config_node& node, const std::string& prefix) {
    auto result = peer::child_spec{};
    if (std::get_if<config_node::map>(&node.value) == nullptr) {
      complain(key, node, "each child must be a map, not " + std::string{type_name(node)});
      return result;
    }
    auto id = peek(node, "id");
    if (id.empty() && find(node, "id") == nullptr)
      complain("id", node, "is missing: a child needs one");
    auto path = prefix + id;
    auto keys = common_keys(result);
    if (find(node, "children") != nullptr)
      keys.merge(keys_of(result.start.emplace<peer::supervisor_spec>(), path + "/"));
    else
      keys.merge(peer_keys(result, path));
    read_map({}, node, keys);
    result.revision = revision_of(node);
    return result;
  }

  /// The keys that all children have.
  key_readers common_keys(peer::child_spec& target) {
    return {{"id", text_into(target.id)},
            {"restart", enum_into(target.restart)},
            {"significant", flag_into(target.significant)},
            {"child-shutdown", [this, &target](auto& key, auto& node) { read_child_shutdown(target, key, node); }},
            {"backoff", [this, &target](auto& key, auto& node) { read_backoff(target, key, node); }},
            {"max-waiting", count_into(target.max_waiting)}};
  }

  key_readers peer_keys(peer::child_spec& target, const std::string& path) {
    auto& options = target.start.emplace<peer::start_options>();
    options.output = console_(path, true);
    auto result = key_readers{};
    for (auto& each : start_keys())
      if (!each.key.empty())
        result.emplace(each.key, start_option_into(options, each));
    result.emplace("ready", [this, &target](auto& key, auto& node) { read_ready(target, key, node); });
    result.emplace("output", [this, &options, path](auto& key, auto& node) { read_output(options, path, key, node); });
    result.emplace("final-statuses", list_of([this, &target](auto& key, auto& node) {
                     count_into(target.final_statuses.emplace_back())(key, node);
                   }));
    return result;
  }

  key_reader start_option_into(peer::start_options& target, const start_key& option) {
    auto read = [this, &target, &option](const std::string& key, const config_node& node, const std::string& text) {
      if (auto wrong = read_option(option, target, text))
        complain(key, node, peer::text_of(wrong));
    };
    auto read_text = [this, read](const std::string& key, const config_node& node) {
      if (auto text = get<std::string>(key, node, "a text"))
        read(key, node, *text);
    };
    switch (option.shape) {
    case key_shape::flag:
      return [this, read](auto& key, auto& node) {
        if (auto x = get<bool>(key, node, "a boolean"))
          read(key, node, *x ? "true" : "false");
      };
    case key_shape::text:
      return read_text;
    case key_shape::value:
      return [read, read_text](auto& key, auto& node) {
        if (auto time = std::get_if<caf::timespan>(&node.value))
          read(key, node, std::to_string(time->count()) + "ns");
        else if (auto number = std::get_if<std::int64_t>(&node.value))
          read(key, node, std::to_string(*number));
        else
          read_text(key, node);
      };
    case key_shape::list:
      return list_of(read_text);
    }
    return {};
  }

  void read_child_shutdown(peer::child_spec& target, const std::string& key, const config_node& node) {
    auto text = std::get_if<std::string>(&node.value);
    if (text != nullptr && *text == "brutal_kill") {
      target.shutdown = peer::brutal_kill{};
      return;
    }
    auto limit = caf::timespan{0};
    limit_into(limit)(key, node);
    target.shutdown = limit;
  }

  void read_backoff(peer::child_spec& target, const std::string& key, const config_node& node) {
    auto& rule = target.backoff.emplace();
    read_map(key, node,
             {{"initial", time_into(rule.initial)},
              {"factor", number_into(rule.factor)},
              {"maximum", time_into(rule.maximum)},
              {"jitter", number_into(rule.jitter)},
              {"reset-after", time_into(rule.reset_after)}});
  }

  void read_ready(peer::child_spec& target, const std::string& key, const config_node& node) {
    if (auto text = std::get_if<std::string>(&node.value)) {
      if (*text == "said")
        target.ready = peer::says_ready{};
      else
        complain(key, node, "'" + *text + "' is not \"said\", nor a map with a probe");
    } else if (find(node, "module") == nullptr && find(node, "function") == nullptr) {
      read_map(key, node, {{"within", limit_into(target.ready.emplace<peer::says_ready>().within)}});
    } else {
      read_probe(target.ready.emplace<peer::ready_probe>(), key, node);
    }
  }

  void read_probe(peer::ready_probe& rule, const std::string& key, const config_node& node) {
    auto add_argument = [this, &rule](auto& name, auto& argument) {
      auto value = std::optional<peer::term>{};
      term_into(value)(name, argument);
      rule.arguments.push_back(value.value_or(peer::term{}));
    };
    read_map(key, node,
             {{"module", text_into(rule.module)},
              {"function", text_into(rule.function)},
              {"arguments", list_of(add_argument)},
              {"expected", term_into(rule.expected)},
              {"interval", time_into(rule.interval)},
              {"within", limit_into(rule.within)}});
  }

  void read_output(peer::start_options& target, const std::string& path, const std::string& key,
                   const config_node& node) {
    auto text = get<std::string>(key, node, "a text");
    if (text == nullptr)
      return;
    if (*text == "none")
      target.output = peer::discard_output();
    else if (*text == "console" || *text == "console-prefixed")
      target.output = console_(path, *text != "console");
    else if (text->starts_with("file:") && text->size() > 5)
      target.output = peer::file_output(text->substr(5));
    else
      complain(key, node, peer::text_of(none_of(*text, "console, console-prefixed, none and file:PATH")));
  }

  static std::string revision_of(const config_node& child) {
    auto own = child;
    std::erase_if(std::get<config_node::map>(own.value),
                  [&](auto& x) { return find(child, "children") != nullptr && supervisor_keys.contains(x.key); });
    return canonical_text(own);
  }

  problem_list& problems_;
  const console_factory& console_;
};

} // namespace

caf::expected<tree_file> read_tree(std::string_view text, const std::string& name, const console_factory& console) {
  auto problems = problem_list{name};
  auto parsed = parse_config(text);
  if (auto problem = std::get_if<config_problem>(&parsed)) {
    problems.add(problem->line, problem->key, problem->what);
    return problems.to_error();
  }
  auto result = tree_reader{problems, console}.read(std::get<config_node>(parsed));
  if (!problems.empty())
    return problems.to_error();
  return result;
}

caf::expected<tree_file> load_tree(const std::string& path, const console_factory& console) {
  auto text = read_whole_file(path);
  if (!text)
    return std::move(text.error());
  return read_tree(*text, path, console);
}

} // namespace peerctl
