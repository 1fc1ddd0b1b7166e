// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Measures the two framings in memory. See README.md.

#include "wire/framing.hpp"

#include "caf/error.hpp"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>

#include <benchmark/benchmark.h>

namespace {

using peer::byte_buffer;
using peer::const_byte_span;
using peer::internal::wire::damage;
using peer::internal::wire::framing_ptr;

/// What a channel reads at a time.
constexpr auto chunk_size = std::size_t{128} << 10;

framing_ptr packet() {
  return peer::internal::wire::make_packet_framing();
}

framing_ptr stdio() {
  return peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::reject);
}

/// As for a real Erlang node, which may print any byte.
framing_ptr stdio_erl() {
  return peer::internal::wire::make_stdio_framing(peer::internal::wire::damage::resync);
}

using make_framing = framing_ptr (*)();

/// Counts what it gets.
class counter final : public peer::internal::wire::framing::sink {
public:
  void on_frame(const_byte_span payload) override {
    ++frames;
    bytes += payload.size();
  }

  void on_text(const_byte_span text) override { bytes += text.size(); }

  std::size_t frames = 0;
  std::size_t bytes = 0;
};

/// Random bytes that begin as every message does.
byte_buffer make_payload(std::size_t size) {
  auto random = std::mt19937{4711};
  auto result = byte_buffer(size);
  std::generate(result.begin(), result.end(), [&] { return static_cast<std::byte>(random()); });
  result[0] = std::byte{131};
  result[1] = std::byte{104};
  return result;
}

void write_frames(peer::internal::wire::framing& framing, byte_buffer& out, const_byte_span payload,
                  std::int64_t frames) {
  for (auto i = std::int64_t{0}; i < frames; ++i) {
    auto token = framing.begin_frame(out);
    peer::detail::append(out, payload);
    static_cast<void>(framing.end_frame(out, token));
  }
}

/// Does with the bytes of the stream that frames become, in pieces, what `f` does.
template <class Function>
void for_each_piece(const peer::internal::wire::framing& framing, const_byte_span frames, Function f) {
  auto width = framing.code_width();
  if (width == 1)
    return f(frames);
  static auto code = byte_buffer(chunk_size / 2);
  while (!frames.empty()) {
    auto part = frames.first(std::min(frames.size(), code.size() / width));
    framing.encode(part, code.data());
    f(const_byte_span{code}.first(width * part.size()));
    frames = frames.subspan(part.size());
  }
}

/// Writes frames into a buffer that is kept, and makes of them what goes to the system. Arguments: the size of a
/// payload, the number of frames.
void write(benchmark::State& state, make_framing make) {
  auto payload = make_payload(static_cast<std::size_t>(state.range(0)));
  auto framing = make();
  auto out = byte_buffer{};
  for (auto _ : state) {
    out.clear();
    write_frames(*framing, out, payload, state.range(1));
    for_each_piece(*framing, out, [](const_byte_span piece) { benchmark::DoNotOptimize(piece.data()); });
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
  state.SetBytesProcessed(state.iterations() * state.range(1) * state.range(0));
}

/// Reads frames in pieces as large as a channel's. Arguments as for `write`.
void consume(benchmark::State& state, make_framing make) {
  auto payload = make_payload(static_cast<std::size_t>(state.range(0)));
  auto framing = make();
  auto frames = byte_buffer{};
  write_frames(*framing, frames, payload, state.range(1));
  auto stream = byte_buffer{};
  for_each_piece(*framing, frames, [&stream](const_byte_span piece) { peer::detail::append(stream, piece); });
  auto found = counter{};
  for (auto _ : state)
    for (auto rest = const_byte_span{stream}; !rest.empty();) {
      auto chunk = rest.first(std::min(rest.size(), chunk_size));
      if (auto err = framing->consume(chunk, found))
        return state.SkipWithError("the framing found an error");
      rest = rest.subspan(chunk.size());
    }
  if (found.frames != static_cast<std::size_t>(state.iterations() * state.range(1)))
    state.SkipWithError("frames were lost");
  state.SetItemsProcessed(state.iterations() * state.range(1));
  state.SetBytesProcessed(state.iterations() * state.range(1) * state.range(0));
}

/// Reads text, as a program prints it, in which no frame is. Argument: 1 for text with letters that look like nibbles.
void consume_text(benchmark::State& state, make_framing make) {
  auto line =
      std::string{state.range(0) == 0 ? "2026-01-31 12:00:00 all is well, nothing to report here\n"
                                      : "2026-01-31 12:00:00 \u00e9t\u00e9 \u00e0 No\u00ebl, r\u00e9p\u00e9t\u00e9\n"};
  auto text = byte_buffer{};
  while (text.size() < chunk_size)
    peer::detail::append(text, peer::detail::as_byte_span(line));
  auto framing = make();
  auto found = counter{};
  for (auto _ : state)
    if (auto err = framing->consume(text, found))
      return state.SkipWithError("the framing found an error");
  state.SetBytesProcessed(static_cast<std::int64_t>(found.bytes));
}

void sizes(benchmark::internal::Benchmark* each) {
  each->ArgNames({"bytes", "frames"});
  each->Args({60, 1})->Args({60, 64})->Args({1 << 20, 1})->Args({64 << 20, 1});
}

BENCHMARK_CAPTURE(write, packet, &packet)->Apply(sizes);
BENCHMARK_CAPTURE(write, standard_io, &stdio)->Apply(sizes);
BENCHMARK_CAPTURE(consume, packet, &packet)->Apply(sizes);
BENCHMARK_CAPTURE(consume, standard_io, &stdio)->Apply(sizes);
BENCHMARK_CAPTURE(consume, standard_io_from_erl, &stdio_erl)->Apply(sizes);
BENCHMARK_CAPTURE(consume_text, standard_io, &stdio)->ArgName("accents")->Arg(0);
BENCHMARK_CAPTURE(consume_text, standard_io_from_erl, &stdio_erl)->ArgName("accents")->Arg(0)->Arg(1);

} // namespace

BENCHMARK_MAIN();
