// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "table.hpp"
#include "text_width.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace peerctl {

namespace {

constexpr auto columns = std::size_t{10};
using cells = std::array<std::string, columns>;

const auto head = cells{"ID", "KIND", "PID", "STATE", "GEN", "UP SINCE", "CPU", "MEMORY", "RESTARTS", "LAST END"};
constexpr auto is_number = std::array{false, false, true, false, true, true, true, true, true, false};

template <class... Ts>
std::string format(const char* pattern, Ts... xs) {
  auto buffer = std::array<char, 64>{};
  std::snprintf(buffer.data(), buffer.size(), pattern, xs...);
  return buffer.data();
}

std::string time_text(std::int64_t when, std::int64_t now) {
  auto parts = [](std::int64_t seconds) {
    auto time = static_cast<std::time_t>(seconds);
    auto result = std::tm{};
    localtime_r(&time, &result);
    return result;
  };
  auto then = parts(when);
  auto today = parts(now);
  auto same_day = then.tm_year == today.tm_year && then.tm_yday == today.tm_yday;
  auto buffer = std::array<char, 64>{};
  std::strftime(buffer.data(), buffer.size(), same_day ? "%H:%M:%S" : "%b %d %H:%M", &then);
  return buffer.data();
}

std::string size_text(std::int64_t bytes) {
  auto mebibytes = static_cast<double>(bytes) / (1 << 20);
  return mebibytes < 1024 ? format("%.1f MiB", mebibytes) : format("%.1f GiB", mebibytes / 1024);
}

cells cells_of(const child_row& row, std::int64_t now) {
  return {row.path,
          row.kind,
          row.process_id ? std::to_string(*row.process_id) : "-",
          row.state,
          std::to_string(row.generation),
          row.since ? time_text(*row.since, now) : "-",
          row.cpu ? format("%.1f%%", *row.cpu) : "-",
          row.memory ? size_text(*row.memory) : "-",
          std::to_string(row.restarts),
          row.last_end.empty() ? "-" : row.last_end};
}

std::string line_of(const cells& row, const std::array<std::size_t, columns>& widths, std::size_t width) {
  auto result = std::string{};
  for (auto i = std::size_t{0}; i < columns; ++i) {
    auto padding = std::string(widths[i] - width_of(row[i]), ' ');
    result += i > 0 ? "  " : "";
    result += is_number[i] ? padding + row[i] : row[i] + padding;
  }
  result = cut(result, width);
  result.erase(result.find_last_not_of(' ') + 1);
  return result;
}

} // namespace

std::vector<std::string> table_lines(const std::vector<child_row>& rows, std::int64_t now, std::size_t width) {
  auto table = std::vector<cells>{head};
  for (auto& row : rows)
    table.push_back(cells_of(row, now));
  auto widths = std::array<std::size_t, columns>{};
  for (auto& row : table)
    for (auto i = std::size_t{0}; i < columns; ++i)
      widths[i] = std::max(widths[i], width_of(row[i]));
  auto result = std::vector<std::string>{};
  for (auto& row : table)
    result.push_back(line_of(row, widths, width));
  return result;
}

} // namespace peerctl
