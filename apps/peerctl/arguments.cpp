// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "arguments.hpp"
#include "duration.hpp"
#include "start_keys.hpp"

#include "caf/all.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>
#include <utility>

namespace peerctl {

namespace {

constexpr auto footer =
    R"(PATH is the id of a child behind those of the supervisors above it: db/writer. D is a time with a unit (500ms, 1.5s),
BYTES a number that may end in K, M or G.
TERM is an Erlang term: 42, an_atom, "chars", <<"bytes">>, [1,2], {a,b}, #{k => v}.

Exit status: 0 done, 1 the call raised (class and reason as a term on stderr), 2 usage, 3 not started,
4 time-out, 5 the peer went down during the call, 6 the output could not be written, 128 + signal after a signal
(SIGPIPE if the reader of the output has gone). 'run' exits as the peer did (its status, or 128 + signal), with 125
if it did not start or its output could not be written. 'supervise' exits with 0 after a request to stop, 2 if the
file is wrong, 3 if the tree did not start or has given up, 6 if its output could not be written, 128 + signal after
a second signal or SIGQUIT.)";

// -- options ----------------------------------------------------------------------------------------------------------

/// Makes a usage error, which names the option, of what is wrong with its text.
void check(const std::string& name, const caf::error& wrong) {
  if (wrong)
    throw CLI::ValidationError(name, peer::text_of(wrong));
}

/// Adds an option that takes one value; `read` returns what is wrong with that.
template <class Read>
CLI::Option* add_option(CLI::App& app, const std::string& name, const std::string& value, const std::string& help,
                        Read read) {
  auto set = [name, read](const std::string& text) { check(name, read(text)); };
  return app.add_option_function<std::string>(name, set, help)->type_name(value);
}

std::string flag_of(const start_key& key) {
  return "--" + std::string{key.flag};
}

std::string help_of(const start_key& key) {
  auto off = key.fallback.empty() || key.fallback == "false";
  return std::string{key.help} + (off ? "" : " (default: " + std::string{key.fallback} + ")");
}

/// Adds one option of a peer.
CLI::Option* add_start_option(CLI::App& app, peer::start_options& start, const start_key& key) {
  auto name = flag_of(key);
  auto help = help_of(key);
  auto value = std::string{key.value};
  auto read = [&start, &key](const std::string& text) { return read_option(key, start, text); };
  if (key.shape == key_shape::flag) {
    auto set = [read](std::int64_t count) { static_cast<void>(read(count > 0 ? "true" : "false")); };
    return app.add_flag_function(name + ",!--no-" + std::string{key.flag}, set, help);
  }
  if (key.shape != key_shape::list)
    return add_option(app, name, value, help, read);
  auto read_all = [name, read](const std::vector<std::string>& texts) {
    for (auto& text : texts)
      check(name, read(text));
  };
  return app.add_option_function<std::vector<std::string>>(name, read_all, help)
      ->type_name(value)
      ->allow_extra_args(false);
}

/// The start options of one command.
using start_option_list = std::vector<std::pair<const start_key*, CLI::Option*>>;

start_option_list add_start_options(CLI::App& app, peer::start_options& start) {
  auto result = start_option_list{};
  for (auto& key : start_keys())
    result.emplace_back(&key, add_start_option(app, start, key));
  return result;
}

/// Checks what the start options mean together. The usage error names an option as on the command line.
void check_start_options(const peer::start_options& start, const start_option_list& all) {
  auto found = find_start_problem(start);
  if (!found)
    return;
  auto is_given = [&all](const start_key& key) {
    return std::any_of(all.begin(), all.end(), [&](auto& x) { return x.first == &key && x.second->count() > 0; });
  };
  auto key = find_key(found->option, is_given);
  auto is_off = key != nullptr && key->shape == key_shape::flag && found->value == "false";
  auto name = key == nullptr ? found->option : is_off ? "--no-" + std::string{key->flag} : flag_of(*key);
  if (key != nullptr && key->shape == key_shape::flag)
    found->value.clear();
  throw CLI::ValidationError(name, sentence(*found, flag_of));
}

caf::error read_limit(const std::string& text, caf::timespan& target) {
  auto value = parse_limit(text);
  if (!value)
    return std::move(value.error());
  target = *value;
  return {};
}

/// `MODULE FUNCTION [TERM...]`, which end the options, so that a term may begin with a hyphen.
void read_call(const CLI::App& app, request& result) {
  auto words = app.remaining();
  if (!words.empty() && words.front().size() > 1 && words.front().front() == '-')
    throw CLI::ExtrasError({words.front()});
  if (words.size() < 2)
    throw CLI::RequiredError("MODULE and FUNCTION");
  result.module = words[0];
  result.function = words[1];
  for (auto i = words.begin() + 2; i != words.end(); ++i) {
    auto value = peer::parse_term(*i);
    if (!value)
      throw CLI::ValidationError("TERM", "'" + *i + "': " + peer::describe(value.error()));
    result.terms.push_back(std::move(*value));
  }
}

/// A call to a child of a running tree.
void make_request_of_tree(request& result, const start_option_list& start_options) {
  for (auto& [key, option] : start_options)
    if (option->count() > 0)
      throw CLI::ExcludesError("--child", option->get_name());
  result.command = command::ask;
  result.what = "call";
}

/// A text that is empty would count as not given: the commands to a tree mean the whole tree by an empty path.
std::string check_not_empty(const std::string& text) {
  return text.empty() ? "is empty" : "";
}

void add_socket(CLI::App& app, request& result) {
  app.add_option("--socket", result.socket, "Control socket of the tree (default: see docs/supervise.md)")
      ->type_name("S")
      ->check(check_not_empty);
}

/// Refuses words that are left over, in their order.
void check_no_more(const CLI::App& app) {
  auto words = app.remaining();
  if (words.empty())
    return;
  std::reverse(words.begin(), words.end()); // the error has them from behind
  throw CLI::ExtrasError(words);
}

CLI::App* add_call(CLI::App& app, const std::string& name, const std::string& what, request& result, command which) {
  auto sub = app.add_subcommand(name, what + "\nUsage: peerctl " + name + " [OPTIONS] MODULE FUNCTION [TERM...]");
  sub->prefix_command();
  auto start_options = add_start_options(*sub, result.start);
  sub->callback([&result, sub, which, start_options] {
    result.command = which;
    read_call(*sub, result);
    check_start_options(result.start, start_options);
    if (!result.child.empty())
      make_request_of_tree(result, start_options);
    else if (!result.socket.empty() || result.wait.count() != 0)
      throw CLI::RequiresError(result.socket.empty() ? "--wait" : "--socket", "--child");
  });
  return sub;
}

void add_session(CLI::App& app, const std::string& name, const std::string& what, request& result, command which) {
  auto sub = app.add_subcommand(name, what);
  auto start_options = add_start_options(*sub, result.start);
  sub->allow_extras();
  sub->callback([&result, sub, which, start_options] {
    check_no_more(*sub);
    result.command = which;
    check_start_options(result.start, start_options);
  });
}

void add_supervise(CLI::App& app, request& result) {
  auto sub = app.add_subcommand("supervise", "Start the children that a file lists, and restart those that end.");
  add_socket(*sub, result);
  sub->add_option("file", result.file, "The file")->type_name("FILE")->required();
  sub->allow_extras();
  sub->callback([&result, sub] {
    check_no_more(*sub);
    result.command = command::supervise;
  });
}

enum class child_argument { none, optional, required };

/// A command for a tree that is supervised already.
void add_question(CLI::App& app, const std::string& name, const std::string& help, request& result,
                  child_argument child) {
  auto sub = app.add_subcommand(name, help);
  add_socket(*sub, result);
  if (child != child_argument::none)
    sub->add_option("path", result.child, "The child")
        ->type_name("PATH")
        ->required(child == child_argument::required)
        ->check(check_not_empty);
  sub->allow_extras();
  sub->callback([&result, sub, name] {
    check_no_more(*sub);
    result.command = command::ask;
    result.what = name;
  });
}

/// The words of the command line, the last one first, without the `--` that ends options: CLI11 would take the words
/// behind it away from the command.
std::vector<std::string> reversed_words(int argc, char** argv) {
  auto result = std::vector<std::string>(argv + 1, argv + argc);
  if (auto end = std::find(result.begin(), result.end(), "--"); end != result.end())
    result.erase(end);
  std::reverse(result.begin(), result.end());
  return result;
}

} // namespace

std::variant<request, finished> parse_arguments(int argc, char** argv) {
  auto result = request{};
  auto app = CLI::App{"Starts a peer, talks to it, and stops it; or keeps a tree of peers running.", "peerctl"};
  app.require_subcommand(0, 1); // a missing one is checked below: CLI11's error for an unknown one is better
  app.allow_extras();
  app.footer(footer);
  app.set_version_flag("--version", "peerctl " LIBPEER_VERSION);
  auto call = add_call(app, "call", "Call a function and print its result as an Erlang term.", result, command::call);
  add_option(*call, "--timeout", "D|infinity", "How long to wait for the answer (default: 5s)",
             [&result](auto& text) { return read_limit(text, result.timeout); });
  call->add_option("--child", result.child, "Call this child of a tree that is supervised, and start nothing")
      ->type_name("PATH")
      ->check(check_not_empty);
  add_option(*call, "--wait", "D|infinity", "How long to wait for that child while it is down (default: 0s)",
             [&result](auto& text) { return read_limit(text, result.wait); });
  add_socket(*call, result);
  add_call(app, "cast", "Start a function and do not wait for it.", result, command::cast);
  add_session(app, "run", "Forward console output and stdin until the peer ends; exit as it did.", result,
              command::run);
  add_session(app, "shell", "Read lines of the form M:F(Args). from stdin and print the results.", result,
              command::shell);
  add_supervise(app, result);
  add_question(app, "status", "Print the children of a tree.", result, child_argument::none);
  add_question(app, "stop", "Stop a tree, or one child of it.", result, child_argument::optional);
  add_question(app, "restart", "Restart a child.", result, child_argument::required);
  try {
    app.parse(reversed_words(argc, argv));
    check_no_more(app);
    if (app.get_subcommands().empty())
      throw CLI::RequiredError("A subcommand");
  } catch (const CLI::ParseError& err) {
    auto out = std::ostringstream{};
    auto complaint = std::ostringstream{};
    if (app.exit(err, out, complaint) == 0)
      return finished{done, out.str()};
    auto text = complaint.str();
    text.erase(text.find_last_not_of('\n') + 1);
    return finished{usage, text};
  }
  return result;
}

} // namespace peerctl
