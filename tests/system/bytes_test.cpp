// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Whatever bytes a peer prints arrive as they were printed, and end nothing.

#define CAF_SUITE peer.system.bytes

#include "hostile_fixture.hpp"
#include "support/look_until.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <span>

#include <fcntl.h>
#include <unistd.h>

using namespace peer::test;
using namespace std::literals;

using peer::connection_kind;

namespace {

using bytes = std::vector<std::byte>;

/// "é", all bytes, and random ones, which end with a line so that nothing looks like the beginning of a frame.
std::string odd_text(unsigned seed) {
  auto result = "\xC3\xA9\n"s;
  for (auto i = 0; i < 256; ++i)
    result += static_cast<char>(i);
  auto random = std::mt19937{seed};
  for (auto i = 0; i < 300'000; ++i)
    result += static_cast<char>(random() & 0xFF);
  return result + "\n";
}

bytes to_bytes(std::string_view text) {
  auto data = std::as_bytes(std::span{text});
  return {data.begin(), data.end()};
}

/// The UTF-8 of Latin-1 characters.
std::string from_latin1(std::string_view text) {
  auto result = ""s;
  for (auto c : text) {
    auto code = static_cast<unsigned char>(c);
    if (code < 0x80) {
      result += c;
    } else {
      result += static_cast<char>(0xC0 | code >> 6);
      result += static_cast<char>(0x80 | (code & 0x3F));
    }
  }
  return result;
}

struct fixture : hostile_fixture {
  /// Starts a peer, lets it print, and checks what arrives until its end. It has to answer after each piece.
  template <class F>
  void check_output(peer::start_options options, const std::string& expected, F print) {
    auto path = std::filesystem::temp_directory_path() / peer::random_name("libpeer-bytes");
    options.output = peer::file_output(path);
    auto worker = start(std::move(options));
    print(worker);
    CAF_CHECK(answers(worker));
    value_of(worker.stop());
    auto size_is_right = [&] {
      auto failed = std::error_code{};
      return std::filesystem::file_size(path, failed) == expected.size();
    };
    CAF_CHECK(look_until(size_is_right));
    auto file = std::ifstream{path, std::ios::binary};
    auto content = std::string{std::istreambuf_iterator<char>{file}, {}};
    std::filesystem::remove(path);
    CAF_CHECK_EQUAL(content.size(), expected.size());
    auto difference = std::mismatch(content.begin(), content.end(), expected.begin(), expected.end()).first;
    CAF_CHECK_EQUAL(static_cast<std::size_t>(difference - content.begin()), expected.size());
  }

  /// Runs `test` with options for `erl` over each connection that it can have.
  template <class F>
  void with_erl(F test) {
    for (auto kind : std::vector<connection_kind>{peer::standard_io{}, peer::tcp{}}) {
      auto options = erl();
      options.connection = kind;
      test(options);
    }
  }
};

/// Writes to a standard stream of the peer, as code in it could that goes around the node.
void write_around(const peer::handle& worker, std::string_view text) {
  auto path = "/proc/" + std::to_string(system_fixture::process_of(worker)) + "/fd/1";
  auto out = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  CAF_REQUIRE(out >= 0);
  while (!text.empty()) {
    auto done = write(out, text.data(), text.size());
    CAF_REQUIRE(done > 0);
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  close(out);
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(bytes_tests, fixture)

CAF_TEST(random bytes of a node arrive as printed) {
  for (auto& [name, kind] : all_connections()) {
    CAF_MESSAGE("over " << name);
    check_output(node(kind), odd_text(1) + odd_text(2) + odd_text(3), [](const peer::handle& worker) {
      for (auto seed : {1u, 2u, 3u}) {
        value_of(worker.within(patience).call<void>("peer_node", "write", to_bytes(odd_text(seed))));
        CAF_CHECK(answers(worker));
      }
    });
  }
}

CAF_TEST(random bytes that go around erl arrive as printed) {
  with_erl([this](const peer::start_options& options) {
    check_output(options, odd_text(4) + odd_text(5), [](const peer::handle& worker) {
      for (auto seed : {4u, 5u}) {
        write_around(worker, odd_text(seed));
        CAF_CHECK(answers(worker));
      }
    });
  });
}

CAF_TEST(random characters of erl arrive as UTF8) {
  with_erl([this](const peer::start_options& options) {
    check_output(options, from_latin1(odd_text(6)), [](const peer::handle& worker) {
      auto characters = std::vector<int>{};
      for (auto c : odd_text(6))
        characters.push_back(static_cast<unsigned char>(c));
      value_of(worker.within(patience).call<void>("io", "put_chars", characters));
    });
  });
}

CAF_TEST_FIXTURE_SCOPE_END()
