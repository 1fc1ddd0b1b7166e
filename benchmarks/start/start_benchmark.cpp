// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/group.hpp"
#include "process/initializers.hpp"
#include "support/origin.hpp"

#include "caf/all.hpp"

#include <boost/asio/io_context.hpp>

#include <cstring>
#include <fstream>
#include <memory>

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

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

// -- the bare process -------------------------------------------------------------------------------------------------

constexpr auto nothing_to_do = "/bin/true";

void reap(pid_t process) {
  auto status = 0;
  if (waitpid(process, &status, 0) != process || status != 0)
    bench::fail(std::string{"cannot run "} + nothing_to_do);
}

/// As the library starts a peer.
void run_by_launcher(boost::asio::io_context& io) {
  using namespace peer::internal::process;
  auto launch = launcher{};
  auto failed = error_code{};
  launch(io.get_executor(), failed, nothing_to_do, std::vector<std::string>{}, search_path{}, default_signals{},
         new_session{}, bp::process_stdio{})
      .detach();
  if (failed)
    bench::fail("cannot start " + std::string{nothing_to_do} + ": " + failed.message());
  reap(launch.pid);
}

void run_by_posix_spawn() {
  char* arguments[] = {const_cast<char*>(nothing_to_do), nullptr};
  auto process = pid_t{};
  if (posix_spawn(&process, nothing_to_do, nullptr, nullptr, arguments, environ) != 0)
    bench::fail(std::string{"cannot start "} + nothing_to_do);
  reap(process);
}

/// Microseconds from the start of a program that does nothing until it has been reaped: by the library's launcher and
/// by posix_spawn(3) with nothing to set, in turn.
bench::figures bare_starts(std::size_t repeats) {
  boost::asio::io_context io;
  auto ours = std::vector<double>{};
  auto plain = std::vector<double>{};
  for (auto i = std::size_t{0}; i < repeats; ++i) {
    ours.push_back(bench::time_each(1, [&] { run_by_launcher(io); }).front());
    plain.push_back(bench::time_each(1, run_by_posix_spawn).front());
  }
  return {{"launcher_us", bench::median(ours)}, {"posix_spawn_us", bench::median(plain)}};
}

// -- a large origin ---------------------------------------------------------------------------------------------------

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
  auto bare = std::size_t{200};
  suite.option("--at-once", size, "peers that are started at the same time");
  suite.option("--resident", large, "GiB that a large origin has resident");
  suite.option("--bare", bare, "starts of a program that does nothing, by the launcher and by posix_spawn");
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
  suite.add("bare process", [=] { return bare_starts(bare); });
  auto add_large = [&](const std::string& name, std::function<bench::figures()> round) {
    if (available_memory() < (large + 1) * gibibyte)
      suite.skip(name, "less than " + std::to_string(large + 1) + " GiB of memory are free");
    else
      suite.add(name, [=] {
        auto ballast = resident{large * gibibyte};
        return round();
      });
  };
  add_large("bare process, large origin", [=] { return bare_starts(bare); });
  add_large("libpeer inherited, large origin", [=, &origin] {
    return bench::figures{{"ms", one_by_one(origin, bench::cpp_peers().front().options, repeats)}};
  });
  bench::add_otp(suite, OTP_SCRIPT, {std::to_string(repeats), std::to_string(size)});
  return suite.run();
}
