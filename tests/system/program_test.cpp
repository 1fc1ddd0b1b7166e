// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Programs that are no peers, or bad ones. A real erl at their side must not notice.

#define CAF_SUITE peer.system.program

#include "raw_frame.hpp"
#include "support/system_fixture.hpp"

#include <filesystem>
#include <fstream>

using namespace peer::test;
using namespace std::chrono_literals;

using peer::atom;
using peer::term;

namespace {

/// What every cause that is known has to be told within.
constexpr auto soon = 1500ms;

const auto say_started = shell_print(started_frame().bytes());

/// Waits for the first byte of a call.
constexpr auto await_call = "head -c 1 > /dev/null";

/// Stays until the origin closes the connection.
constexpr auto stay = "cat > /dev/null";

std::string sequence(std::initializer_list<std::string> commands) {
  auto result = std::string{};
  for (auto& command : commands)
    result += (result.empty() ? "" : "; ") + command;
  return result;
}

struct fixture : system_fixture {
  fixture() : bystander(start(erl())) {}

  ~fixture() { check_alive(bystander); }

  /// The details of a start that has to fail at that point, in time.
  peer::failure failure_of_start(peer::start_options options, peer::phase at) {
    auto began = std::chrono::steady_clock::now();
    auto err = start_failure(std::move(options));
    CAF_CHECK_LESS(std::chrono::steady_clock::now() - began, soon);
    CAF_CHECK_EQUAL(err, peer::errc::boot_failed);
    CAF_CHECK_EQUAL(children().size(), 1u); // the bystander
    auto details = peer::failure_of(err);
    CAF_REQUIRE(details != nullptr);
    CAF_CHECK_EQUAL(details->at, at);
    return *details;
  }

  peer::failure failure_of_program(const std::string& program) {
    auto options = script(program);
    options.shutdown = peer::shutdown_close{};
    return failure_of_start(std::move(options), peer::phase::boot);
  }

  peer::failure failure_of_exec(peer::exec what) {
    auto options = erl();
    options.exec = std::move(what);
    return failure_of_start(std::move(options), peer::phase::spawn);
  }

  /// Makes a call to a program that says `started`, waits for the call and then runs `answer`. Both the call and the
  /// peer have to fail, in time.
  struct outcome {
    caf::error call;
    caf::error peer;
  };

  outcome failure_of_call(const std::string& answer) {
    auto options = script(sequence({say_started, await_call, answer}));
    options.peer_down = peer::peer_down::crash;
    options.shutdown = peer::shutdown_close{};
    auto worker = start(std::move(options));
    auto watch = end_watch{*sys, worker.actor()};
    auto began = std::chrono::steady_clock::now();
    auto result = outcome{};
    result.call = error_of(worker.within(patience).call<term>("m", "f"));
    result.peer = watch.reason();
    CAF_CHECK_LESS(std::chrono::steady_clock::now() - began, soon);
    CAF_CHECK_EQUAL(children().size(), 1u);
    auto details = peer::failure_of(result.peer);
    CAF_REQUIRE(details != nullptr);
    CAF_CHECK_EQUAL(details->at, peer::phase::running);
    return result;
  }

  peer::handle bystander;
};

raw_frame with_wrong_crc(raw_frame x) {
  x.crc ^= 1;
  return x;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(program_tests, fixture)

// -- programs that do not run -----------------------------------------------------------------------------------------

CAF_TEST(a program that does not exist) {
  auto details = failure_of_exec(peer::exec{"/no/such/program"});
  check_contains(details.cause, "/no/such/program");
  check_contains(details.cause, "No such file or directory");
  check_contains(failure_of_exec(peer::exec{"no-such-program-in-the-path"}).cause, "No such file or directory");
}

CAF_TEST(a program that is not executable) {
  auto path = std::filesystem::temp_directory_path() / peer::random_name("libpeer-program");
  std::ofstream{path} << "#!/bin/sh\n";
  check_contains(failure_of_exec(peer::exec{path}).cause, "Permission denied");
  std::filesystem::remove(path);
  check_contains(failure_of_exec(peer::exec{"/"}).cause, "Permission denied");
}

CAF_TEST(a directory that does not exist) {
  auto options = erl();
  options.process.working_directory = "/no/such/directory";
  check_contains(failure_of_start(std::move(options), peer::phase::spawn).cause, "/no/such/directory");
}

CAF_TEST(a program that exits at once) {
  auto details = failure_of_program("echo 'first' >&2; echo 'second' >&2; exit 7");
  CAF_CHECK_EQUAL(details.cause, "");
  CAF_REQUIRE(details.status);
  CAF_CHECK_EQUAL(peer::shell_status(*details.status), 7);
  CAF_CHECK_EQUAL(details.last_words, (std::vector<std::string>{"first", "second"}));
}

CAF_TEST(a program that crashes at once) {
  auto details = failure_of_program("kill -SEGV $$");
  CAF_REQUIRE(details.status);
  CAF_CHECK_EQUAL(peer::to_string(*details.status).substr(0, 28), "killed by signal 11 (SIGSEGV");
}

CAF_TEST(the last words are the last ones) {
  auto details = failure_of_program("i=0; while [ $i -lt 100 ]; do i=$((i + 1)); echo \"line $i\" >&2; done; exit 1");
  CAF_REQUIRE_EQUAL(details.last_words.size(), 20u);
  CAF_CHECK_EQUAL(details.last_words.front(), "line 81");
  CAF_CHECK_EQUAL(details.last_words.back(), "line 100");
}

// -- programs that do not speak ---------------------------------------------------------------------------------------

CAF_TEST(a program that never answers) {
  for (auto program : {"cat > /dev/null", "trap '' TERM; while :; do read line < /dev/zero; done"}) {
    auto options = script(program);
    options.wait_boot = caf::timespan{300ms};
    auto details = failure_of_start(std::move(options), peer::phase::boot);
    check_contains(details.cause, "300ms");
    check_contains(details.cause, "did not report its start");
  }
}

CAF_TEST(a program that closes its output) {
  auto details = failure_of_program("exec >&-; while :; do read line < /dev/zero; done");
  check_contains(details.cause, "closed the connection");
}

CAF_TEST(a program that writes garbage) {
  auto garbage = std::string{};
  for (auto i = 0; i < 256; ++i)
    garbage += i == '\n' ? ' ' : static_cast<char>(i);
  auto details = failure_of_program(shell_print(garbage) + "; exit 0");
  CAF_REQUIRE(details.status);
  CAF_CHECK_EQUAL(peer::shell_status(*details.status), 0);
  CAF_CHECK(console.wait_for(garbage)); // all of it is console text
}

CAF_TEST(garbage before the protocol is text) {
  auto worker = start(script(sequence({"printf '\\303\\303\\377 text\\n'", say_started, stay})));
  CAF_CHECK(console.wait_for("\xC3\xC3\xFF text"));
  CAF_CHECK(worker.stop());
}

// -- frames -----------------------------------------------------------------------------------------------------------

CAF_TEST(a program that dies inside a frame while it boots) {
  auto frame = started_frame().bytes();
  auto details = failure_of_program(shell_print(frame.substr(0, frame.size() / 2)) + "; exit 3");
  check_contains(details.cause, "inside of a frame");
  CAF_REQUIRE(details.status);
  CAF_CHECK_EQUAL(peer::shell_status(*details.status), 3);
}

CAF_TEST(a peer that dies inside the answer to a call) {
  auto frame = reply_frame(0, atom{"never"}).bytes();
  auto result = failure_of_call(shell_print(frame.substr(0, frame.size() - 3)) + "; exit 3");
  check_contains(peer::failure_of(result.peer)->cause, "inside of a frame");
  CAF_CHECK_EQUAL(result.call, result.peer);
}

CAF_TEST(a wrong CRC fails the call that it may have answered) {
  auto broken = with_wrong_crc(reply_frame(0, atom{"never"})).bytes();
  auto program = sequence({say_started, await_call, shell_print(broken), stay});
  auto worker = start(script(program));
  auto began = std::chrono::steady_clock::now();
  auto err = error_of(worker.within(patience).call<term>("m", "f"));
  CAF_CHECK_LESS(std::chrono::steady_clock::now() - began, soon);
  CAF_CHECK_EQUAL(err, peer::errc::protocol_violation);
  check_contains(peer::describe(err), "that was damaged");
  CAF_CHECK_EQUAL(value_of(worker.get_state()).state, peer::peer_state::running);
}

CAF_TEST(a frame with a wrong CRC is text and the next one counts) {
  auto broken = with_wrong_crc(started_frame()).bytes();
  auto worker = start(script(sequence({shell_print(broken + "\n" + started_frame().bytes()), stay})));
  CAF_CHECK(console.wait_for(broken));
}

CAF_TEST(a frame that announces too much is text and the next one counts) {
  auto frame = started_frame();
  frame.size = 0xFFFFFFFF;
  auto worker = start(script(sequence({shell_print(frame.bytes() + "\n" + started_frame().bytes()), await_call,
                                       shell_print(reply_frame(0, 42).bytes()), stay})));
  CAF_CHECK(console.wait_for(frame.bytes()));
  CAF_CHECK_EQUAL(value_of(worker.call<int>("m", "f")), 42);
}

CAF_TEST(a frame that announces more than there is) {
  auto frame = started_frame();
  frame.size = 1'000'000;
  auto details = failure_of_program(shell_print(frame.bytes()) + "; exit 3");
  check_contains(details.cause, "inside of a frame");
  check_contains(details.cause, "1000008"); // with its size and its CRC
}

// -- messages ---------------------------------------------------------------------------------------------------------

CAF_TEST(an unknown message while the peer boots) {
  auto frame = raw_frame::of("{hello, world}"_term).bytes();
  check_contains(failure_of_program(sequence({shell_print(frame), stay})).cause, "hello");
}

CAF_TEST(an unknown message ends the peer and its calls) {
  auto frame = raw_frame::of("{hello, world}"_term).bytes();
  auto result = failure_of_call(sequence({shell_print(frame), stay}));
  check_contains(peer::failure_of(result.peer)->cause, "hello");
  CAF_CHECK_EQUAL(result.call, result.peer);
}

CAF_TEST(messages with a wrong field) {
  for (auto text : {"{started}", "{started, 1}", "{reply, -1, ok, x}", "{reply, 0, bogus, x}", "{reply, 0, throw, x}",
                    "{message, 1, x}", "{io_request, not_a_pid, x, y}"}) {
    auto message = system_fixture::value_of(peer::parse_term(text));
    auto result = failure_of_call(sequence({shell_print(raw_frame::of(message).bytes()), stay}));
    auto tag = to_string((*message.get_if<peer::erl::tuple>())[0]);
    check_contains(peer::failure_of(result.peer)->cause, tag);
    CAF_CHECK_EQUAL(result.call, result.peer);
  }
}

CAF_TEST(terms that lie about their size) {
  using namespace std::string_literals;
  auto truncated = "\x83\x68\x02"s;                                            // a tuple of two, without them
  auto huge_list = "\x83\x68\x02\x64\x00\x07started\x6C\xFF\xFF\xFF\xFF\x6A"s; // 2^32 - 1 elements
  auto deep = "\x83\x68\x02\x64\x00\x07started"s;
  for (auto i = 0; i < 100'000; ++i)
    deep += "\x68\x01";
  deep += "\x6A";
  for (auto& payload : {truncated, huge_list, deep.substr(0, 50'000)}) {
    auto path = std::filesystem::temp_directory_path() / peer::random_name("libpeer-frame");
    std::ofstream{path, std::ios::binary} << raw_frame::of_bytes(payload).bytes();
    auto details = failure_of_program(sequence({"cat " + path.string(), stay}));
    CAF_CHECK_NOT_EQUAL(details.cause, "");
    std::filesystem::remove(path);
  }
}

CAF_TEST(answers that nobody waits for are dropped) {
  auto stray = reply_frame(77, atom{"nobody"}).bytes() + started_frame().bytes();
  auto worker =
      start(script(sequence({shell_print(started_frame().bytes() + stray), await_call,
                             shell_print(stray + reply_frame(0, 42).bytes() + reply_frame(0, 43).bytes()), stay})));
  CAF_CHECK_EQUAL(value_of(worker.call<int>("m", "f")), 42);
  CAF_CHECK_EQUAL(value_of(worker.get_state()).state, peer::peer_state::running);
}

CAF_TEST_FIXTURE_SCOPE_END()
