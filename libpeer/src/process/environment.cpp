// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/environment.hpp"

#include <string_view>

#include <unistd.h>

namespace peer::internal::process {

environment_ptr current_environment() {
  auto result = std::make_shared<environment>();
  for (auto entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    auto text = std::string_view{*entry};
    auto split = text.find('=', 1);
    if (split != std::string_view::npos)
      result->emplace(text.substr(0, split), text.substr(split + 1));
  }
  return result;
}

std::vector<std::string> changed(environment variables,
                                 const std::vector<std::pair<std::string, std::optional<std::string>>>& changes) {
  for (auto& [name, value] : changes) {
    if (value)
      variables[name] = *value;
    else
      variables.erase(name);
  }
  auto result = std::vector<std::string>{};
  for (auto& [name, value] : variables)
    result.push_back(name + "=" + value);
  return result;
}

} // namespace peer::internal::process
