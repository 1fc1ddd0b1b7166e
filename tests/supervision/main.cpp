// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// OTP's supervisor and ours live the same lives: random scripts run through both, and the traces must be equal.
//
//     supervision_test ESCRIPT OTP_SUPERVISOR DIRECTORY COUNT [FIRST]
//
// ESCRIPT runs OTP_SUPERVISOR, which is otp_supervisor.escript; DIRECTORY takes the scripts and the traces. Scripts are
// numbered; COUNT of them run, from FIRST (1) on. Prints the first one that is different, and exits with status 1.

#include "peer/type_ids.hpp"
#include "supervision/script.hpp"
#include "supervision/trace.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <sstream>

using namespace peer::test;

namespace {

/// The traces of OTP's supervisor, by the number of their script.
std::map<std::uint64_t, std::string> read_traces(const std::filesystem::path& file) {
  auto result = std::map<std::uint64_t, std::string>{};
  auto in = std::ifstream{file};
  auto current = std::uint64_t{0};
  for (auto line = std::string{}; std::getline(in, line);) {
    if (line.starts_with("script "))
      current = std::stoull(line.substr(7));
    result[current] += line + "\n";
  }
  return result;
}

/// Both traces up to the step that differs, and that one of both.
void tell(const script& what, const std::string& otp, const std::string& ours) {
  std::cout << "DIFFERENT: script " << what.number << "\n" << to_string(what) << "\n";
  auto [left, right] = std::mismatch(otp.begin(), otp.end(), ours.begin(), ours.end());
  auto step = otp.rfind("\nstep ", static_cast<std::size_t>(left - otp.begin()));
  auto same = step == std::string::npos ? 0 : step + 1;
  auto rest_of_step = [same](const std::string& trace) {
    return trace.substr(same, trace.find("\nstep ", same) - same) + "\n";
  };
  std::cout << "-- both:\n"
            << otp.substr(0, same) << "-- OTP:\n"
            << rest_of_step(otp) << "-- ours:\n"
            << rest_of_step(ours);
}

/// How often each kind of line occurs, so that one sees what the scripts have tried.
class summary {
public:
  void add(const std::string& trace) {
    auto in = std::istringstream{trace};
    for (auto line = std::string{}; std::getline(in, line);) {
      auto kind = line.substr(0, line.find(' '));
      if (kind == "answer" || kind == "over")
        ++counts_[line.substr(0, line.find(' ', kind.size() + 1))];
      else if (kind == "start" || kind == "stop" || kind == "end")
        ++counts_[kind + line.substr(line.rfind(' '))];
    }
  }

  void print() const {
    for (auto& [kind, count] : counts_)
      std::cout << "  " << kind << ": " << count << "\n";
  }

private:
  std::map<std::string, std::size_t> counts_;
};

int compare(const std::vector<script>& scripts, const std::map<std::uint64_t, std::string>& otp) {
  auto seen = summary{};
  for (auto& x : scripts) {
    auto theirs = otp.find(x.number);
    if (theirs == otp.end()) {
      std::cout << "OTP has no trace of script " << x.number << "\n" << to_string(x) << "\n";
      return EXIT_FAILURE;
    }
    for (auto when : {answers::at_once, answers::later})
      if (auto ours = trace_of(x, when); ours != theirs->second) {
        tell(x, theirs->second, ours);
        return EXIT_FAILURE;
      }
    seen.add(theirs->second);
  }
  std::cout << scripts.size() << " scripts, and no difference\n";
  seen.print();
  return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::cerr << "usage: supervision_test ESCRIPT OTP_SUPERVISOR DIRECTORY COUNT [FIRST]\n";
    return 2;
  }
  peer::init_global_meta_objects();
  caf::core::init_global_meta_objects();
  auto directory = std::filesystem::path{argv[3]};
  auto count = std::stoull(argv[4]);
  auto first = argc > 5 ? std::stoull(argv[5]) : 1;
  auto scripts = std::vector<script>{};
  auto out = std::ofstream{directory / "scripts.txt"};
  for (auto number = first; number < first + count; ++number) {
    scripts.push_back(make_script(number));
    out << to_string(scripts.back()) << "\n";
  }
  out.close();
  auto traces = directory / "otp.txt";
  auto quoted = [](const std::string& x) { return " '" + x + "'"; };
  auto command = quoted(argv[1]) + quoted(argv[2]) + quoted(directory / "scripts.txt") + quoted(traces);
  if (auto status = std::system(command.c_str()); status != 0) {
    std::cerr << "OTP's supervisor could not be asked: status " << status << "\n";
    return EXIT_FAILURE;
  }
  return compare(scripts, read_traces(traces));
}
