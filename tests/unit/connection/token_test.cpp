// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.connection.token

#include "connection/token.hpp"
#include "peer/error.hpp"
#include "tests/support/error_text.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <set>

using peer::errc;
using peer::internal::connection::token_secret;
using peer::test::error_text;

namespace {

/// 00 01 02 … 1f
token_secret sample() {
  auto result = token_secret{};
  for (auto i = std::size_t{0}; i < result.size(); ++i)
    result[i] = static_cast<std::byte>(i);
  return result;
}

const auto sample_line = std::string{"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"};

} // namespace

CAF_TEST(a secret has 256 bits and no two are alike) {
  auto seen = std::set<std::string>{};
  auto ones = token_secret{};
  auto zeros = token_secret{};
  for (auto i = 0; i < 1000; ++i) {
    auto secret = unbox(peer::internal::connection::make_token());
    CAF_CHECK_EQUAL(secret.size() * 8, 256u);
    seen.insert(peer::internal::connection::to_line(secret));
    for (auto k = std::size_t{0}; k < secret.size(); ++k) {
      ones[k] |= secret[k];
      zeros[k] |= ~secret[k];
    }
  }
  CAF_CHECK_EQUAL(seen.size(), 1000u);
  for (auto k = std::size_t{0}; k < ones.size(); ++k) // every bit is used
    CAF_CHECK(ones[k] == std::byte{0xFF} && zeros[k] == std::byte{0xFF});
}

CAF_TEST(a secret is a line of digits) {
  CAF_CHECK_EQUAL(peer::internal::connection::to_line(sample()), sample_line);
  CAF_CHECK(unbox(peer::internal::connection::parse_token_line(sample_line)) == sample());
  CAF_CHECK(unbox(peer::internal::connection::parse_token_line(sample_line.substr(0, 64))) == sample());
  for (auto i = 0; i < 100; ++i) {
    auto secret = unbox(peer::internal::connection::make_token());
    CAF_CHECK(unbox(peer::internal::connection::parse_token_line(peer::internal::connection::to_line(secret)))
              == secret);
  }
}

CAF_TEST(other lines are refused and the error does not show them) {
  auto upper = sample_line;
  upper[21] = 'A';
  auto spaced = sample_line;
  spaced[0] = ' ';
  for (auto& line : {std::string{}, std::string{"\n"}, sample_line.substr(1), "0" + sample_line, sample_line + "\n",
                     sample_line.substr(0, 63), upper, spaced, std::string(64, '\0')}) {
    auto result = peer::internal::connection::parse_token_line(line);
    CAF_REQUIRE(!result);
    CAF_CHECK_EQUAL(result.error(), errc::bad_syntax);
    CAF_CHECK_EQUAL(error_text(result.error()).find("0102"), std::string::npos);
  }
}

CAF_TEST(secrets are compared as a whole) {
  auto secret = unbox(peer::internal::connection::make_token());
  CAF_CHECK(peer::internal::connection::equal_in_constant_time(secret, secret));
  for (auto i = std::size_t{0}; i < secret.size() * 8; ++i) {
    auto other = secret;
    other[i / 8] ^= std::byte{1} << (i % 8);
    CAF_CHECK(!peer::internal::connection::equal_in_constant_time(secret, other));
  }
  auto all = peer::const_byte_span{secret};
  CAF_CHECK(!peer::internal::connection::equal_in_constant_time(secret, all.first(secret.size() - 1)));
  CAF_CHECK(!peer::internal::connection::equal_in_constant_time(secret, {}));
  auto longer = peer::byte_buffer{secret.begin(), secret.end()};
  longer.push_back(std::byte{0});
  CAF_CHECK(!peer::internal::connection::equal_in_constant_time(secret, longer));
}
