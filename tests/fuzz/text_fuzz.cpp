// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/term.hpp"
#include "tests/fuzz/target.hpp"

#include "caf/expected.hpp"

namespace peer::fuzz {

std::vector<std::string> corpus() {
  return {
      "{call, 'Quoted atom', -12, 3.25e-7, \"text\\n\\x{e9}\", <<\"bytes\"/utf8>>, <<1, 2, 3:5>>}.",
      "[a, [b | c], #{k => v, 1 => 1.0}, $a, $\\n, 16#FF, 2#1010, 1_000]",
      "12345678901234567890123456789",
      "m:f(1, [], {}, \"\")",
      "fun lists:reverse/1",
      "% comment\n ok",
      "<<>>",
      "'caf\u00E9'",
      "a, b, c",
  };
}

} // namespace peer::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace peer;
  auto text = peer::detail::as_text(fuzz::as_bytes(data, size));
  if (auto value = parse_term(text)) {
    auto printed = to_string(*value);
    auto again = parse_term(printed);
    fuzz::require(static_cast<bool>(again), "what was printed can be parsed");
    fuzz::require(*again == *value, "printing and parsing give the same term");
    fuzz::require(to_string(*again) == printed, "printing is a function of the value");
  }
  std::ignore = parse_terms(text);
  std::ignore = parse_call(text);
  return 0;
}
