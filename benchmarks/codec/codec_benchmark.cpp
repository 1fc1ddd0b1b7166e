// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Measures the external term format and the messages made of it, in memory. See README.md.

#include "allocations.hpp"
#include "peer/peer.hpp"
#include "term/codec/codec.hpp"
#include "wire/message.hpp"

#include "caf/all.hpp"

#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <tuple>
#include <vector>

#include <benchmark/benchmark.h>

namespace {

struct job {
  std::int64_t id = 4711;
  std::string name = "resize image";
  double priority = 0.5;
  std::vector<std::string> tags{"image", "urgent"};
};

template <class Inspector>
bool inspect(Inspector& f, job& x) {
  return f.object(x).fields(f.field("id", x.id), f.field("name", x.name), f.field("priority", x.priority),
                            f.field("tags", x.tags));
}

using string_map = std::map<std::string, std::int64_t>;

string_map make_map() {
  auto result = string_map{};
  for (auto i = 0; i < 16; ++i)
    result.emplace("key" + std::to_string(i), 1000 * i);
  return result;
}

std::vector<std::int64_t> make_integers() {
  auto result = std::vector<std::int64_t>(1000);
  std::iota(result.begin(), result.end(), 0);
  return result;
}

std::vector<std::byte> make_bytes() {
  return std::vector<std::byte>(std::size_t{1} << 20, std::byte{'x'});
}

/// Runs `f` again and again. @param bytes that one run reads or writes
template <class Function>
void measure(benchmark::State& state, std::size_t bytes, Function f) {
  f(); // what is allocated once and kept does not count
  auto before = bench::allocations();
  for (auto _ : state)
    f();
  auto runs = static_cast<double>(state.iterations());
  state.counters["allocations"] = static_cast<double>(bench::allocations() - before) / runs;
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

// -- values -----------------------------------------------------------------------------------------------------------

template <class... Ts>
void encode(benchmark::State& state, Ts... xs) {
  measure(state, peer::encode_arguments(xs...)->size(), [&] {
    auto encoded = peer::encode_arguments(xs...);
    benchmark::DoNotOptimize(encoded);
  });
}

template <class As, class T>
void decode(benchmark::State& state, const T& value) {
  auto encoded = peer::byte_buffer{};
  if (auto err = peer::save_term(encoded, value))
    return state.SkipWithError(to_string(err).c_str());
  measure(state, encoded.size(), [&] {
    auto decoded = peer::load_term<As>(encoded);
    if (!decoded)
      state.SkipWithError(to_string(decoded.error()).c_str());
    benchmark::DoNotOptimize(decoded);
  });
}

template <class T>
void decode_typed(benchmark::State& state, T value) {
  decode<T>(state, value);
}

template <class T>
void decode_term(benchmark::State& state, T value) {
  decode<peer::term>(state, value);
}

using pair = std::tuple<int, int>;

BENCHMARK_CAPTURE(encode, small_arguments, 40, 2);
BENCHMARK_CAPTURE(encode, struct, job{});
BENCHMARK_CAPTURE(encode, map_of_16, make_map());
BENCHMARK_CAPTURE(encode, list_of_1000, make_integers());
BENCHMARK_CAPTURE(encode, binary_of_1_MiB, make_bytes());

BENCHMARK_CAPTURE(decode_typed, integer, std::int64_t{42});
BENCHMARK_CAPTURE(decode_typed, pair, pair{40, 2});
BENCHMARK_CAPTURE(decode_typed, struct, job{});
BENCHMARK_CAPTURE(decode_typed, map_of_16, make_map());
BENCHMARK_CAPTURE(decode_typed, list_of_1000, make_integers());
BENCHMARK_CAPTURE(decode_typed, binary_of_1_MiB, make_bytes());

BENCHMARK_CAPTURE(decode_term, integer, std::int64_t{42});
BENCHMARK_CAPTURE(decode_term, pair, pair{40, 2});
BENCHMARK_CAPTURE(decode_term, struct, job{});
BENCHMARK_CAPTURE(decode_term, map_of_16, make_map());
BENCHMARK_CAPTURE(decode_term, list_of_1000, make_integers());
BENCHMARK_CAPTURE(decode_term, binary_of_1_MiB, make_bytes());

// -- terms ------------------------------------------------------------------------------------------------------------

/// A value as messages have it: containers in containers, and small leaves.
peer::term make_records() {
  auto records = std::vector<peer::term>{};
  for (auto i = 0; i < 100; ++i) {
    auto tags = peer::erl::list{peer::atom{"image"}, peer::atom{"urgent"}};
    auto limits = peer::erl::map{{peer::atom{"memory"}, 4096 + i}, {peer::atom{"time"}, 30}};
    records.emplace_back(peer::tagged("job", i, "resize image", 0.5, std::move(tags), std::move(limits)));
  }
  return peer::erl::list{std::move(records)};
}

peer::term make_list() {
  auto integers = make_integers();
  return peer::erl::list{std::vector<peer::term>(integers.begin(), integers.end())};
}

template <class Function>
void use_term(benchmark::State& state, const peer::term& value, Function f) {
  measure(state, peer::internal::codec::encode(value)->size(), [&] {
    auto result = f(value);
    benchmark::DoNotOptimize(result);
  });
}

void encode_term(benchmark::State& state, const peer::term& value) {
  use_term(state, value, [](const peer::term& x) { return peer::internal::codec::encode(x); });
}

void copy_term(benchmark::State& state, const peer::term& value) {
  use_term(state, value, [](const peer::term& x) { return x; });
}

void compare_term(benchmark::State& state, const peer::term& value) {
  use_term(state, value, [other = value](const peer::term& x) { return x == other; });
}

void print_term(benchmark::State& state, const peer::term& value) {
  use_term(state, value, [](const peer::term& x) { return to_string(x); });
}

void parse_term(benchmark::State& state, const peer::term& value) {
  use_term(state, value, [text = to_string(value)](const peer::term&) { return peer::parse_term(text); });
}

BENCHMARK_CAPTURE(decode_term, records_100, make_records());
BENCHMARK_CAPTURE(encode_term, records_100, make_records());
BENCHMARK_CAPTURE(encode_term, list_of_1000, make_list());
BENCHMARK_CAPTURE(copy_term, records_100, make_records());
BENCHMARK_CAPTURE(copy_term, list_of_1000, make_list());
BENCHMARK_CAPTURE(compare_term, records_100, make_records());
BENCHMARK_CAPTURE(compare_term, list_of_1000, make_list());
BENCHMARK_CAPTURE(print_term, records_100, make_records());
BENCHMARK_CAPTURE(parse_term, records_100, make_records());

// -- messages ---------------------------------------------------------------------------------------------------------

template <class Message>
void write(benchmark::State& state, const Message& message) {
  auto out = peer::byte_buffer{};
  peer::internal::wire::write(out, message);
  measure(state, out.size(), [&] {
    out.clear();
    peer::internal::wire::write(out, message);
    benchmark::DoNotOptimize(out.data());
  });
}

/// @param parse `&parser::parse_to_peer` or `&parser::parse_to_origin`
template <class Message, class Parse>
void parse(benchmark::State& state, const Message& message, Parse parse) {
  auto payload = peer::byte_buffer{};
  peer::internal::wire::write(payload, message);
  auto parser = peer::internal::wire::parser{};
  measure(state, payload.size(), [&] {
    auto result = (parser.*parse)(payload);
    if (!result)
      state.SkipWithError(to_string(result.error()).c_str());
    benchmark::DoNotOptimize(result);
  });
}

const peer::byte_buffer& call_arguments() {
  static const auto result = *peer::encode_arguments(40, 2);
  return result;
}

const peer::byte_buffer& large_arguments() {
  static const auto result = *peer::encode_arguments(make_bytes());
  return result;
}

const peer::byte_buffer& call_result() {
  static const auto result = peer::byte_buffer{std::byte{97}, std::byte{42}};
  return result;
}

peer::internal::wire::call make_call(const peer::byte_buffer& arguments) {
  return {123'456, "calculator", "add", arguments};
}

peer::internal::wire::reply make_reply() {
  return {123'456, peer::internal::wire::reply_class::ok, call_result()};
}

void write_call(benchmark::State& state) {
  write(state, make_call(call_arguments()));
}

void write_reply(benchmark::State& state) {
  write(state, make_reply());
}

void parse_call(benchmark::State& state) {
  parse(state, make_call(call_arguments()), &peer::internal::wire::parser::parse_to_peer);
}

void parse_call_with_1_MiB(benchmark::State& state) {
  parse(state, make_call(large_arguments()), &peer::internal::wire::parser::parse_to_peer);
}

void parse_reply(benchmark::State& state) {
  parse(state, make_reply(), &peer::internal::wire::parser::parse_to_origin);
}

BENCHMARK(write_call);
BENCHMARK(write_reply);
BENCHMARK(parse_call);
BENCHMARK(parse_call_with_1_MiB);
BENCHMARK(parse_reply);

} // namespace

int main(int argc, char** argv) {
  peer::init_global_meta_objects();
  caf::core::init_global_meta_objects();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
