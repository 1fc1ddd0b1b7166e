// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "config_text.hpp"
#include "duration.hpp"
#include "parser_text.hpp"
#include "peer/error.hpp"

#include "caf/all.hpp"
#include "caf/detail/parser/read_config.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

namespace peerctl {

namespace {

/// How deep lists and maps may be nested: the parser calls itself for each.
constexpr auto max_depth = 32;

/// State shared by all parts of one parse.
struct reading {
  caf::string_parser_state at;
  std::optional<config_problem> problem = std::nullopt; ///< the first one that is not the syntax
  int depth = 0;

  void complain(std::string key, std::string what) {
    if (!problem)
      problem = config_problem{at.line, std::move(key), std::move(what)};
  }

  /// Ends the parser's input here.
  void stop() { at.i = at.e; }
};

/// `a.b` for the key `b` of the map at `a`.
std::string join(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

class map_consumer;

/// Where CAF's parser puts the values of a list. One object lives as long as the parser is inside of the list.
class list_consumer {
public:
  list_consumer(reading& source, config_node::list& target, std::string path)
      : source_(&source), target_(&target), path_(std::move(path)) {}

  template <class T>
  void value(T&& x);

  list_consumer begin_list();

  map_consumer begin_map();

  void end_list() { --source_->depth; }

private:
  reading* source_;
  config_node::list* target_;
  std::string path_;
};

/// The same for a map.
class map_consumer {
public:
  map_consumer(reading& source, config_node::map& target, std::string path)
      : source_(&source), target_(&target), path_(std::move(path)) {}

  void key(std::string name);

  template <class T>
  void value(T&& x);

  list_consumer begin_list();

  map_consumer begin_map();

  void end_map() { --source_->depth; }

private:
  config_node& current() { return target_->back().node; }

  std::string current_path() const { return join(path_, target_->back().key); }

  reading* source_;
  config_node::map* target_;
  std::string path_;
};

// -- nodes ------------------------------------------------------------------------------------------------------------

void set_time(reading& source, const std::string& path, config_node& target, const std::string& text) {
  if (auto time = parse_duration(text))
    target.value = *time;
  else
    source.complain(path, peer::text_of(time.error()));
}

template <class T>
void set(reading& source, const std::string& path, config_node& target, T&& x) {
  if constexpr (std::is_same_v<std::decay_t<T>, std::string>) {
    if (x.starts_with(parser_text::time_mark))
      return set_time(source, path, target, x.substr(1));
  }
  if constexpr (std::is_same_v<std::decay_t<T>, caf::uri>)
    target.value = to_string(x);
  else if constexpr (!std::is_same_v<std::decay_t<T>, std::uint64_t>)
    target.value = std::forward<T>(x);
  else if (std::in_range<std::int64_t>(x)) // CAF 1.0 and later: an integer without a minus
    target.value = static_cast<std::int64_t>(x);
  else
    source.complain(path, "is too large");
}

/// Checks the depth. If this fails, the caller's result is not used.
void enter(reading& source, const std::string& path) {
  if (++source.depth <= max_depth)
    return;
  source.complain(path, "is nested deeper than " + std::to_string(max_depth) + " levels");
  source.stop();
}

list_consumer list_at(reading& source, config_node& node, std::string path) {
  node.line = source.at.line;
  enter(source, path);
  return {source, node.value.emplace<config_node::list>(), std::move(path)};
}

map_consumer map_at(reading& source, config_node& node, std::string path) {
  node.line = source.at.line;
  enter(source, path);
  return {source, node.value.emplace<config_node::map>(), std::move(path)};
}

template <class T>
void list_consumer::value(T&& x) {
  set(*source_, path_, target_->emplace_back(config_node{source_->at.line}), std::forward<T>(x));
}

list_consumer list_consumer::begin_list() {
  return list_at(*source_, target_->emplace_back(), path_);
}

map_consumer list_consumer::begin_map() {
  return map_at(*source_, target_->emplace_back(), path_);
}

void map_consumer::key(std::string name) {
  auto twice = std::any_of(target_->begin(), target_->end(), [&](auto& x) { return x.key == name; });
  target_->push_back({std::move(name), {source_->at.line}});
  if (twice)
    source_->complain(current_path(), "is given twice");
}

template <class T>
void map_consumer::value(T&& x) {
  set(*source_, current_path(), current(), std::forward<T>(x));
}

list_consumer map_consumer::begin_list() {
  return list_at(*source_, current(), current_path());
}

map_consumer map_consumer::begin_map() {
  if (source_->at.i[-1] == '.') {
    source_->complain(current_path(), "is followed by a dot: write " + target_->back().key + " { … } instead");
    source_->stop();
  }
  return map_at(*source_, current(), current_path());
}

// -- errors -----------------------------------------------------------------------------------------------------------

/// A character as it may be printed.
std::string printable(char x) {
  if (x >= ' ' && x <= '~')
    return {x};
  constexpr auto digits = "0123456789ABCDEF";
  auto byte = static_cast<unsigned char>(x);
  return {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
}

config_problem syntax_problem(const reading& source, const parser_text& text) {
  auto& at = source.at;
  auto line = at.line;
  auto what = std::string{"the text ends inside of a value or a map"};
  if (at.i != at.e && *at.i == '\n') {
    --line; // the parser counts a line when it gets to the end of the one before
    what = "the line ends too early";
  } else if (at.i != at.e) {
    auto column = text.column(static_cast<std::size_t>(at.i - text.text().data()));
    what = "unexpected '" + printable(*at.i) + "' in column " + std::to_string(column)
         + " (text is in quotes, and entries are separated by commas or on lines of their own)";
  }
  return {line, {}, what};
}

struct canonical_writer {
  std::string operator()(bool x) const { return x ? "true" : "false"; }
  std::string operator()(std::int64_t x) const { return std::to_string(x); }
  std::string operator()(double x) const { return std::to_string(x); }
  std::string operator()(caf::timespan x) const { return std::to_string(x.count()) + "ns"; }
  std::string operator()(const std::string& x) const { return caf::deep_to_string(x); }

  std::string operator()(const config_node::list& xs) const {
    auto result = std::string{"["};
    for (auto& x : xs)
      result += canonical_text(x) + ",";
    return result + "]";
  }

  std::string operator()(const config_node::map& xs) const {
    auto sorted = std::map<std::string, std::string>{};
    for (auto& [key, node] : xs)
      sorted.emplace(key, canonical_text(node));
    auto result = std::string{"{"};
    for (auto& [key, text] : sorted)
      result += caf::deep_to_string(key) + "=" + text + ",";
    return result + "}";
  }
};

} // namespace

std::variant<config_node, config_problem> parse_config(std::string_view original) {
  auto prepared = parser_text{original};
  auto text = std::string_view{prepared.text()};
  auto source = reading{caf::string_parser_state{text.data(), text.data() + text.size()}};
  if (text.starts_with('\n'))
    ++source.at.line; // which the parser would not see
  auto result = config_node{1};
  auto& top = result.value.emplace<config_node::map>();
  if (original.find('\0') != std::string_view::npos)
    source.complain({}, "there is a NUL character in the text");
  else if (original.find(parser_text::time_mark) != std::string_view::npos)
    source.complain({}, "there is a control character in the text, \\x01");
  else
    caf::detail::parser::read_config(source.at, map_consumer{source, top, {}});
  if (source.problem)
    return std::move(*source.problem);
  if (source.at.code != caf::pec::success)
    return syntax_problem(source, prepared);
  return result;
}

const config_node* find(const config_node& node, std::string_view key) {
  if (auto entries = std::get_if<config_node::map>(&node.value))
    for (auto& entry : *entries)
      if (entry.key == key)
        return &entry.node;
  return nullptr;
}

int line_of(const config_node& node, std::string_view key) {
  auto found = find(node, key);
  return found != nullptr ? found->line : node.line;
}

std::string_view type_name(const config_node& x) {
  constexpr auto names =
      std::array<std::string_view, 7>{"a boolean", "an integer", "a number", "a time", "a text", "a list", "a map"};
  return names[x.value.index()];
}

std::string canonical_text(const config_node& x) {
  return std::visit(canonical_writer{}, x.value);
}

} // namespace peerctl
