// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "support/process.hpp"
#include "support/statistics.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

/// What the command line says; the same options in all programs.
struct settings {
  std::size_t rounds = 5;                                    ///< of all contenders
  std::size_t repeats = 1;                                   ///< of what is measured, in each round of each contender
  std::vector<int> cores = {};                               ///< that all processes run on; empty: any
  std::optional<std::chrono::nanoseconds> spin = {};         ///< of libpeer's loops; nothing: the library's default
  std::vector<std::string> only = {};                        ///< contenders; empty: all
  std::string json = {};                                     ///< a file, "-" for standard output, empty for none
  bool list = false;                                         ///< only print the contenders' names
  std::vector<std::pair<std::string, std::size_t>> own = {}; ///< the program's own options and their values
};

/// One line of the table.
struct contender {
  std::string name;                ///< "who what": "libpeer inherited"
  std::function<figures()> round;  ///< measures once; starts and stops what it needs
  std::vector<figures> found = {}; ///< of each round
  std::string skipped = {};        ///< why there is nothing to measure; empty if there is
};

/// A benchmark program: one question, some contenders that are measured in turn, a table and JSON.
///
///     int main(int argc, char** argv) {
///       auto suite = bench::suite{"call", "How long does a call take?", {.rounds = 5, .repeats = 20000}};
///       suite.parse(argc, argv);
///       suite.add("socketpair", [&] { return measure(suite.options().repeats); });
///       return suite.run();
///     }
///
/// To be used by one thread.
class suite {
public:
  /// @param name that of the program, without "_benchmark".
  suite(std::string name, std::string question, settings defaults);
  ~suite();

  suite(const suite&) = delete;
  suite& operator=(const suite&) = delete;

  /// Adds an option that only this program has, such as "--outstanding". `value`, which is its default, must outlive
  /// this object.
  void option(const std::string& flag, std::size_t& value, const std::string& help);

  /// Reads the command line and pins the process, and so the processes that it starts, to cores if told to. To be
  /// called before any thread is started. Ends the program if the command line is wrong or asks for help only.
  void parse(int argc, char** argv);

  const settings& options() const noexcept { return settings_; }

  /// Adds a contender. `round` is run once in each round, after that of the contender added before.
  void add(std::string name, std::function<figures()> round);

  /// Adds a contender that cannot be measured here; the table says why.
  void skip(std::string name, std::string why);

  /// Measures and reports. Returns the program's exit status.
  int run();

private:
  struct command_line;

  std::string name_;
  settings settings_;
  std::unique_ptr<command_line> command_line_;
  std::vector<contender> contenders_;
};

} // namespace bench
