// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/proc_stat.hpp"

#include "base/directory.hpp"
#include "process/descriptor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <sstream>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace peer::internal::process {

namespace {

/// Converts a file name to a number, if it is one.
std::optional<pid_t> to_number(std::string_view text) {
  auto result = pid_t{0};
  auto end = text.data() + text.size();
  if (auto [at, failed] = std::from_chars(text.data(), end, result); failed != std::errc{} || at != end)
    return std::nullopt;
  return result;
}

/// Reads "PID (NAME) STATE PARENT GROUP SESSION …". The name may contain any characters.
std::optional<process_facts> parse_facts(const std::string& line) {
  auto name_begin = line.find('(');
  auto name_end = line.rfind(')');
  if (name_begin == std::string::npos || name_end == std::string::npos)
    return std::nullopt;
  auto fields = std::istringstream{line.substr(name_end + 1)};
  auto result = process_facts{};
  fields >> result.state >> result.parent >> result.group >> result.session;
  if (!fields)
    return std::nullopt;
  result.name = line.substr(name_begin + 1, name_end - name_begin - 1);
  return result;
}

} // namespace

bool has_own_proc() {
  auto target = std::array<char, 32>{};
  auto size = readlink("/proc/self", target.data(), target.size());
  return size > 0 && to_number({target.data(), static_cast<std::size_t>(size)}) == getpid();
}

std::optional<process_facts> facts_of(pid_t process) {
  errno = 0;
  if (!has_own_proc())
    return std::nullopt;
  constexpr auto more_than_it_has = 4096;
  return parse_facts(read_proc_file("/proc/" + std::to_string(process) + "/stat", more_than_it_has));
}

std::uint64_t bytes_written(pid_t process) {
  constexpr auto more_than_it_has = 1024;
  auto key = std::string_view{"wchar: "};
  auto text = has_own_proc() ? read_proc_file("/proc/" + std::to_string(process) + "/io", more_than_it_has) : "";
  auto at = text.find(key);
  auto result = std::uint64_t{0};
  if (at != std::string::npos)
    std::from_chars(text.data() + at + key.size(), text.data() + text.size(), result);
  return result;
}

std::string read_proc_file(const std::string& path, std::size_t limit) {
  errno = 0;
  auto in = descriptor{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  auto result = std::string{};
  auto buffer = std::array<char, 4096>{};
  while (in && result.size() < limit) {
    auto got = read(in.get(), buffer.data(), std::min(buffer.size(), limit - result.size()));
    if (got > 0)
      result.append(buffer.data(), static_cast<std::size_t>(got));
    else if (got == 0 || errno != EINTR)
      break;
  }
  return result;
}

bool for_each_number(const std::string& directory, const std::function<bool(pid_t)>& f) {
  if (!has_own_proc())
    return true;
  auto all = true;
  auto failed = base::for_each_entry(directory.c_str(), [&](const dirent& entry) {
    auto number = to_number(entry.d_name);
    all = !number || f(*number);
    return all;
  });
  return all && !is_shortage(failed);
}

} // namespace peer::internal::process
