// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "support/report.hpp"

#include "peer/detail/defaults.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include <sys/utsname.h>
#include <unistd.h>

namespace bench {

namespace {

using json = nlohmann::ordered_json;

/// Columns of the table that a line may have; more figures make more tables.
constexpr auto line_width = std::size_t{150};

// -- where and how ----------------------------------------------------------------------------------------------------

std::string processor() {
  auto file = std::ifstream{"/proc/cpuinfo"};
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name"))
      return line.substr(line.find(": ") + 2);
  return "unknown CPU";
}

std::string kernel() {
  auto x = utsname{};
  uname(&x);
  return x.release;
}

std::string placement(const settings& options) {
  if (options.cores.empty())
    return "not pinned";
  auto result = std::string{"pinned to "};
  for (auto core : options.cores)
    result += (core == options.cores.front() ? "" : ",") + std::to_string(core);
  return result;
}

double spin_us(const settings& options) {
  return std::chrono::duration<double, std::micro>(options.spin.value_or(peer::defaults::spin)).count();
}

// -- table ------------------------------------------------------------------------------------------------------------

/// Three significant digits, and no exponent.
std::string text(double x) {
  char result[32];
  auto decimals = x == 0 ? 0 : std::clamp(2 - static_cast<int>(std::floor(std::log10(std::abs(x)))), 0, 3);
  std::snprintf(result, sizeof(result), "%.*f", decimals, x);
  return result;
}

/// The values of one figure in all rounds.
std::vector<double> values_of(const contender& who, const std::string& figure) {
  auto result = std::vector<double>{};
  for (auto& round : who.found)
    for (auto& [name, value] : round)
      if (name == figure)
        result.push_back(value);
  return result;
}

std::string cell(const std::vector<double>& xs) {
  if (xs.empty())
    return "-";
  auto result = text(median(xs));
  if (xs.size() > 1) {
    auto [least, greatest] = std::minmax_element(xs.begin(), xs.end());
    result += " (" + text(*least) + "-" + text(*greatest) + ")";
  }
  return result;
}

std::vector<std::string> figure_names(const std::vector<contender>& contenders) {
  auto result = std::vector<std::string>{};
  for (auto& who : contenders)
    for (auto& round : who.found)
      for (auto& each : round)
        if (std::find(result.begin(), result.end(), each.first) == result.end())
          result.push_back(each.first);
  return result;
}

using column = std::vector<std::string>;

column names_column(const std::vector<contender>& contenders) {
  auto result = column{""};
  for (auto& each : contenders)
    result.push_back(each.name);
  return result;
}

column figure_column(const std::vector<contender>& contenders, const std::string& figure) {
  auto result = column{figure};
  for (auto& each : contenders)
    result.push_back(cell(values_of(each, figure)));
  return result;
}

std::size_t width(const column& x) {
  auto result = std::size_t{0};
  for (auto& each : x)
    result = std::max(result, each.size());
  return result;
}

/// The lines of some columns beside each other: the first to the left, the others to the right. A contender that was
/// skipped has the reason instead of figures.
std::string lines(const std::vector<column>& columns, const std::vector<contender>& contenders) {
  auto result = std::string{};
  for (auto row = std::size_t{0}; row < columns.front().size(); ++row) {
    auto& name = columns.front()[row];
    result += name + std::string(width(columns.front()) - name.size(), ' ');
    if (row > 0 && !contenders[row - 1].skipped.empty())
      result += "  skipped: " + contenders[row - 1].skipped;
    else
      for (auto each = columns.begin() + 1; each != columns.end(); ++each)
        result += "  " + std::string(width(*each) - (*each)[row].size(), ' ') + (*each)[row];
    result += '\n';
  }
  return result;
}

} // namespace

std::string to_table(const std::string& benchmark, const settings& options, const std::vector<contender>& contenders) {
  auto result = benchmark + ": " + std::to_string(sysconf(_SC_NPROCESSORS_ONLN)) + " cores, " + processor() + ", Linux "
              + kernel() + "; " + placement(options) + ", spin " + text(spin_us(options)) + " us, "
              + std::to_string(options.rounds) + " rounds, " + std::to_string(options.repeats) + " repeats";
  for (auto& [name, value] : options.own)
    result += ", " + name + " " + std::to_string(value);
  result += "\nmedian of the rounds (least-greatest)\n";
  auto columns = std::vector<column>{names_column(contenders)};
  auto used = width(columns.front());
  for (auto& name : figure_names(contenders)) {
    auto next = figure_column(contenders, name);
    if (columns.size() > 1 && used + width(next) + 2 > line_width) {
      result += lines(columns, contenders) + '\n';
      columns.erase(columns.begin() + 1, columns.end());
      used = width(columns.front());
    }
    used += width(next) + 2;
    columns.push_back(std::move(next));
  }
  return result + lines(columns, contenders);
}

std::string to_json(const std::string& benchmark, const settings& options, const std::vector<contender>& contenders) {
  auto result = json{{"benchmark", benchmark}};
  result["machine"] = {{"cores", sysconf(_SC_NPROCESSORS_ONLN)}, {"cpu", processor()}, {"kernel", kernel()}};
  result["settings"] = {{"placement", placement(options)},
                        {"spin_us", spin_us(options)},
                        {"rounds", options.rounds},
                        {"repeats", options.repeats}};
  for (auto& [name, value] : options.own)
    result["settings"][name] = value;
  result["contenders"] = json::array();
  for (auto& who : contenders) {
    auto one = json{{"name", who.name}, {"figures", json::object()}};
    for (auto& name : figure_names({who}))
      one["figures"][name] = {{"rounds", values_of(who, name)}};
    if (!who.skipped.empty())
      one["skipped"] = who.skipped;
    result["contenders"].push_back(std::move(one));
  }
  return result.dump(1);
}

} // namespace bench
