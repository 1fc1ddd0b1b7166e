// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Runs a fuzz target without libFuzzer:
//
//     PROGRAM [ITERATIONS [SEED]]    mutates the corpus; the same arguments give the same inputs on every platform
//     PROGRAM -f FILE...             runs the target on each file
//
// Where the target fails, the last lines name the arguments that repeat the failure at once.

#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <random>
#include <string_view>

namespace {

std::uint64_t current_seed = 0;

void report() {
  std::fprintf(stderr, "repeat with the arguments: 1 %llu\n", static_cast<unsigned long long>(current_seed));
}

class mutator {
public:
  mutator(const std::vector<std::string>& corpus, std::uint64_t seed) : corpus_(corpus), engine_(seed) {}

  std::string operator()() {
    auto result = pick();
    for (auto n = below(6); n > 0; --n)
      mutate(result);
    return result;
  }

private:
  std::size_t below(std::size_t bound) { return engine_() % bound; }

  const std::string& pick() { return corpus_[below(corpus_.size())]; }

  /// A byte, with a preference for the limits of its range.
  char byte() {
    constexpr std::string_view edges{"\x00\x01\x7F\x80\xFF\x83\x68\x6C\x50\xC3", 10};
    return below(2) == 0 ? edges[below(edges.size())] : static_cast<char>(below(256));
  }

  void mutate(std::string& input) {
    auto at = below(input.size() + 1);
    auto length = std::min(below(16) + 1, input.size() - at);
    switch (below(7)) {
    case 0:
      if (at < input.size())
        input[at] = static_cast<char>(input[at] ^ 1 << below(8));
      break;
    case 1:
      if (at < input.size())
        input[at] = byte();
      break;
    case 2:
      input.insert(at, 1, byte());
      break;
    case 3:
      input.erase(at, length);
      break;
    case 4:
      input.insert(below(input.size() + 1), input.substr(at, length));
      break;
    case 5: { // another input's end
      auto& other = pick();
      input = input.substr(0, at) + other.substr(below(other.size() + 1));
      break;
    }
    default:
      input.insert(at, pick());
    }
  }

  const std::vector<std::string>& corpus_;
  std::mt19937_64 engine_;
};

void run(const std::string& input) {
  // A copy of its own size, so that a sanitizer sees the first byte read beyond it.
  std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

int run_files(int argc, char** argv) {
  for (int i = 2; i < argc; ++i) {
    std::ifstream file{argv[i], std::ios::binary};
    if (!file) {
      std::fprintf(stderr, "cannot open %s\n", argv[i]);
      return 2;
    }
    run(std::string{std::istreambuf_iterator<char>{file}, {}});
  }
  return 0;
}

} // namespace

/// Called by AddressSanitizer before it ends the program.
extern "C" void __asan_on_error() {
  report();
}

int main(int argc, char** argv) {
  LLVMFuzzerInitialize(&argc, &argv);
  if (argc > 1 && argv[1] == std::string_view{"-f"})
    return run_files(argc, argv);
  auto iterations = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100000;
  auto seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  std::signal(SIGABRT, [](int) { report(); });
  auto corpus = peer::fuzz::corpus();
  for (auto& input : corpus)
    run(input);
  for (std::uint64_t i = 0; i < iterations; ++i) {
    current_seed = seed + i;
    mutator next{corpus, current_seed};
    run(next());
  }
  std::printf("%llu inputs from seed %llu on\n", static_cast<unsigned long long>(iterations),
              static_cast<unsigned long long>(seed));
  return 0;
}
