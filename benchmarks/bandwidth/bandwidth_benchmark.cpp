// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "support/origin.hpp"

#include "caf/all.hpp"

#include <cstring>

#include <malloc.h>
#include <unistd.h>

namespace {

using bytes = std::vector<std::byte>;

constexpr auto mebibyte = std::size_t{1} << 20;

/// What is sent, and how often.
struct payload {
  std::string name; ///< "64KiB"
  std::size_t size;
  std::size_t repeats;
};

/// 64 KiB, 1 MiB, 8 MiB and 64 MiB, as far as a contender goes. Small ones are sent more often.
std::vector<payload> payloads(std::size_t largest, std::size_t repeats) {
  auto result = std::vector<payload>{{"64KiB", mebibyte / 16, repeats * 16}};
  for (auto [size, times] : {std::pair{1, 8}, {8, 4}, {64, 1}})
    if (size * mebibyte <= largest)
      result.push_back({std::to_string(size) + "MiB", size * mebibyte, repeats * times});
  return result;
}

/// Returns the microseconds of one call. What comes back is compared when they have been taken.
double echo(const peer::handle& worker, bool is_erl, const bytes& what) {
  auto watch = bench::stopwatch{};
  auto result = is_erl ? worker.call<bytes>("erlang", "max", what, 0) : worker.call<bytes>("benchmark", "echo", what);
  auto passed = watch.microseconds();
  auto back = bench::value_of(std::move(result));
  if (back.size() != what.size() || std::memcmp(back.data(), what.data(), what.size()) != 0)
    bench::fail("the payload did not come back");
  return passed;
}

/// How much resident memory a process needs beyond what it has when this is made.
class growth {
public:
  explicit growth(pid_t process) : process_(process), before_(bench::status_of(process, "VmRSS")) {
    bench::reset_peak(process);
  }

  /// The greatest so far, as a multiple of `size`.
  double peak(std::size_t size) const {
    return static_cast<double>(bench::status_of(process_, "VmHWM") - before_) * 1024 / static_cast<double>(size);
  }

private:
  pid_t process_;
  std::size_t before_;
};

/// Both sides' peaks in the first call of a fresh peer: argument and result are part of it.
bench::figures peaks(bench::origin& origin, const bench::peer_kind& kind, std::size_t size) {
  auto worker = origin.start(kind.options);
  malloc_trim(0);
  auto here = growth{getpid()};
  auto there = growth{bench::process_of(worker)};
  echo(worker, kind.is_erl(), bytes(size, std::byte{'x'}));
  auto result = bench::figures{{"origin_peak_x", here.peak(size)}, {"peer_peak_x", there.peak(size)}};
  bench::stop(worker);
  return result;
}

bench::figures measure(bench::origin& origin, const bench::peer_kind& kind, std::size_t largest, std::size_t repeats) {
  auto result = bench::figures{};
  auto worker = origin.start(kind.options);
  for (auto& each : payloads(largest, repeats)) {
    auto what = bytes(each.size, std::byte{'x'});
    auto times = std::vector<double>{};
    for (auto i = std::size_t{0}; i < each.repeats; ++i)
      times.push_back(echo(worker, kind.is_erl(), what));
    auto rate = static_cast<double>(each.size) / mebibyte / (bench::median(times) / 1e6);
    result.emplace_back(each.name + "_MiB_per_s", rate);
  }
  bench::stop(worker);
  if (largest >= 64 * mebibyte)
    for (auto& each : peaks(origin, kind, 64 * mebibyte))
      result.push_back(each);
  return result;
}

} // namespace

/// Large binaries as argument and result.
int main(int argc, char** argv) {
  auto suite = bench::suite{"bandwidth", "How fast do large binaries go there and back?", {.rounds = 3, .repeats = 1}};
  auto largest = std::size_t{64};
  auto quadratic = std::size_t{1};
  suite.option("--largest", largest, "MiB: leave larger binaries out");
  suite.option("--largest-quadratic", quadratic,
               "the same over standard_io with erl, whose time grows with the square");
  suite.parse(argc, argv);
  auto origin = bench::origin{suite.options()};
  auto repeats = suite.options().repeats;
  for (auto& kind : bench::all_peers()) {
    auto slow = kind.is_erl() && std::holds_alternative<peer::standard_io>(*kind.options.connection);
    auto limit = (slow ? std::min(largest, quadratic) : largest) * mebibyte;
    suite.add(kind.contender, [=, &origin] { return measure(origin, kind, limit, repeats); });
  }
  auto otp_limits = std::to_string(largest) + "," + std::to_string(std::min(largest, quadratic));
  bench::add_otp(suite, OTP_SCRIPT, {std::to_string(repeats), otp_limits});
  return suite.run();
}
