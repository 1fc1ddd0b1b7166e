// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "support/origin.hpp"

#include "caf/all.hpp"

#include <cstring>
#include <fstream>
#include <memory>

#include <sys/mman.h>

namespace {

constexpr auto gibibyte = std::size_t{1} << 30;

/// Milliseconds from the start until the peer runs, the median of some peers.
double one_by_one(bench::origin& origin, const peer::start_options& options, std::size_t repeats) {
  auto times = std::vector<double>{};
  for (auto i = std::size_t{0}; i < repeats; ++i) {
    auto watch = bench::stopwatch{};
    auto worker = origin.start(options);
    times.push_back(watch.milliseconds());
    bench::stop(worker);
  }
  return bench::median(times);
}

/// Milliseconds until all of these run.
double at_once(bench::origin& origin, const peer::start_options& options, std::size_t size) {
  auto watch = bench::stopwatch{};
  auto members = bench::value_of(peer::start_group(origin.system(), {.each = options, .size = size}));
  auto result = watch.milliseconds();
  for (auto& report : members.stop())
    bench::value_of(std::move(report));
  return result;
}

/// Memory that this program has resident as long as the object lives.
class resident {
public:
  explicit resident(std::size_t size) : size_(size) {
    memory_ = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory_ == MAP_FAILED)
      bench::fail("cannot map " + std::to_string(size) + " bytes");
    std::memset(memory_, 1, size);
  }

  ~resident() { munmap(memory_, size_); }

  resident(const resident&) = delete;
  resident& operator=(const resident&) = delete;

private:
  std::size_t size_;
  void* memory_;
};

/// Bytes that programs can have without swapping.
std::size_t available_memory() {
  auto file = std::ifstream{"/proc/meminfo"};
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("MemAvailable:"))
      return std::stoull(line.substr(line.find(':') + 1)) << 10;
  return 0;
}

} // namespace

/// From the start until a peer runs.
int main(int argc, char** argv) {
  auto suite = bench::suite{"start", "How long does a peer take to start?", {.rounds = 2, .repeats = 5}};
  auto size = std::size_t{100};
  auto large = std::size_t{4};
  suite.option("--at-once", size, "peers that are started at the same time");
  suite.option("--resident", large, "GiB that a large origin has resident");
  suite.parse(argc, argv);
  auto origin = bench::origin{suite.options()};
  auto repeats = suite.options().repeats;
  auto kinds = bench::all_peers();
  kinds.push_back({"libpeer peer_node", {.exec = peer::exec{PEER_NODE}, .connection = peer::inherited{}}});
  for (auto& kind : kinds)
    suite.add(kind.contender, [=, &origin] {
      auto result = bench::figures{{"ms", one_by_one(origin, kind.options, repeats)}};
      if (!kind.is_erl())
        result.emplace_back("all_at_once_ms", at_once(origin, kind.options, size));
      return result;
    });
  auto name = std::string{"libpeer inherited, large origin"};
  if (available_memory() < (large + 1) * gibibyte)
    suite.skip(name, "less than " + std::to_string(large + 1) + " GiB of memory are free");
  else
    suite.add(name, [=, &origin] {
      auto ballast = resident{large * gibibyte};
      return bench::figures{{"ms", one_by_one(origin, bench::cpp_peers().front().options, repeats)}};
    });
  bench::add_otp(suite, OTP_SCRIPT, {std::to_string(repeats), std::to_string(size)});
  return suite.run();
}
