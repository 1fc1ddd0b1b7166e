// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// What a real erl prints and reads.

#define CAF_SUITE peer.system.console

#include "support/system_fixture.hpp"

#include <filesystem>
#include <fstream>
#include <future>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace peer::test;

using peer::atom;
using peer::stream;
using peer::term;

namespace {

struct fixture : system_fixture {
  /// Starts `erl` with input from `text`.
  peer::handle start_reading(std::string text) {
    auto options = erl();
    options.input = peer::text_input(std::move(text));
    return start(std::move(options));
  }

  /// Writes bytes to a standard stream of the peer, as code in it could that goes around the node.
  static void write_to(const peer::handle& worker, int fd, std::string_view bytes) {
    auto path = "/proc/" + std::to_string(process_of(worker)) + "/fd/" + std::to_string(fd);
    auto out = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    CAF_REQUIRE(out >= 0);
    CAF_CHECK_EQUAL(write(out, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    close(out);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(console_tests, fixture)

// -- output -----------------------------------------------------------------------------------------------------------

CAF_TEST(lines arrive whole and in order) {
  auto worker = start(erl());
  evaluate(worker, "lists:foreach(fun(N) -> io:format(\"line ~b~n\", [N]) end, lists:seq(1, 1000))");
  auto lines = console.wait_for(1000);
  CAF_REQUIRE_EQUAL(lines.size(), 1000u);
  for (auto i = 0; i < 1000; ++i)
    if (lines[static_cast<std::size_t>(i)] != "line " + std::to_string(i + 1))
      CAF_ERROR("line " << i + 1 << " is '" << lines[static_cast<std::size_t>(i)] << "'");
}

CAF_TEST(text is in Unicode) {
  auto worker = start(erl());
  auto text = std::string{"h\xC3\xA9llo \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x98\x80"};
  CAF_CHECK(worker.call<void>("io", "put_chars", text + "\n"));
  CAF_CHECK(worker.call<void>("io", "format", "~ts|~p~n", std::vector<term>{text, 1}));
  evaluate(worker, "io:put_chars([16#e9, [<<\"x\">>, 16#20ac], $\\n])");
  evaluate(worker, "io:request(group_leader(), {put_chars, latin1, <<233, 10>>})");
  auto expected = std::vector<std::string>{text, text + "|1", "\xC3\xA9x\xE2\x82\xAC", "\xC3\xA9"};
  CAF_CHECK_EQUAL(console.wait_for(4), expected);
}

CAF_TEST(every form of put_chars prints) {
  auto worker = start(erl());
  evaluate(worker, "Ask = fun(R) -> ok = io:request(group_leader(), R) end,"
                   "Ask({put_chars, unicode, \"one\\n\"}),"
                   "Ask({put_chars, unicode, io_lib, format, [\"~s~n\", [\"two\"]]}),"
                   "Ask({put_chars, \"three\\n\"}),"
                   "Ask({put_chars, lists, append, [[\"four\", \"\\n\"]]}),"
                   "Ask({requests, [{put_chars, unicode, \"five\"}, {put_chars, unicode, \"\\nsix\\n\"}]})");
  CAF_CHECK_EQUAL(console.wait_for(6), (std::vector<std::string>{"one", "two", "three", "four", "five", "six"}));
  CAF_CHECK_EQUAL(evaluate(worker, "io:request(group_leader(), {put_chars, unicode, no_module, f, []})"),
                  "{error, f}"_term);
  CAF_CHECK_EQUAL(evaluate(worker, "io:request(group_leader(), {put_chars, unicode, [a]})"), "{error, put_chars}"_term);
  CAF_CHECK_EQUAL(evaluate(worker, "io:request(group_leader(), bogus)"), "{error, request}"_term);
  check_alive(worker);
}

CAF_TEST(text between frames shares the console with the protocol) {
  auto worker = start(erl());
  evaluate(worker, "erlang:display({between, frames}), io:put_chars(\"by protocol\\n\"), erlang:display(again)");
  // erlang:display ends its lines as terminals want it.
  CAF_CHECK(console.wait_for("{between,frames}\r"));
  CAF_CHECK(console.wait_for("by protocol"));
  CAF_CHECK(console.wait_for("again\r"));
}

CAF_TEST(bytes that look like frames are text and lose no answer) {
  auto worker = start(erl());
  auto odd = std::string{"\xC3\xA9 \xC3\xC7\xCB \xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF \xEF\xBB\xBF"};
  for (auto i = 0; i < 10; ++i) {
    write_to(worker, STDOUT_FILENO, odd + std::to_string(i) + "\n");
    check_alive(worker);
  }
  auto lines = console.wait_for(10);
  CAF_REQUIRE_EQUAL(lines.size(), 10u);
  for (auto i = 0; i < 10; ++i)
    CAF_CHECK_EQUAL(lines[static_cast<std::size_t>(i)], odd + std::to_string(i));
}

CAF_TEST(standard error is a stream of its own) {
  auto worker = start(erl());
  CAF_CHECK(worker.call<void>("io", "put_chars", atom{"standard_error"}, "to stderr\n"));
  CAF_CHECK(worker.call<void>("io", "put_chars", "to stdout\n"));
  CAF_CHECK(console.wait_for("to stderr"));
  CAF_CHECK(console.wait_for("to stdout"));
  CAF_CHECK_EQUAL(console.lines(stream::standard_error), std::vector<std::string>{"to stderr"});
  CAF_CHECK_EQUAL(console.lines(stream::standard_output), std::vector<std::string>{"to stdout"});
}

CAF_TEST(an actor receives lines as messages) {
  auto self = caf::scoped_actor{*sys};
  auto options = erl();
  options.output = peer::actor_output(caf::actor{self.ptr()});
  auto worker = start(std::move(options));
  CAF_CHECK(worker.call<void>("io", "put_chars", "first\nsecond\n"));
  for (auto expected : {"first", "second"})
    self->receive(
        [&](const peer::output_line& line) {
          CAF_CHECK_EQUAL(line.text, expected);
          CAF_CHECK_EQUAL(line.from, stream::standard_output);
        },
        caf::after(patience) >> [] { CAF_FAIL("no line arrived"); });
}

CAF_TEST(a file receives the output) {
  auto path = std::filesystem::temp_directory_path() / peer::random_name("libpeer-console");
  auto options = erl();
  options.output = peer::file_output(path);
  auto worker = start(std::move(options));
  CAF_CHECK(worker.call<void>("io", "put_chars", "first\nsecond"));
  CAF_CHECK(worker.stop());
  auto file = std::ifstream{path};
  CAF_CHECK_EQUAL((std::string{std::istreambuf_iterator<char>{file}, {}}), "first\nsecond");
  std::filesystem::remove(path);
}

CAF_TEST(an output file that cannot be opened fails the start) {
  auto options = erl();
  options.output = peer::file_output("/no/such/directory/file");
  auto err = start_failure(std::move(options));
  CAF_CHECK_EQUAL(err, peer::errc::boot_failed);
  check_contains(peer::describe(err), "/no/such/directory/file");
}

CAF_TEST(a FIFO that nobody reads as output delays nothing) {
  auto path = std::filesystem::temp_directory_path() / peer::random_name("libpeer-console");
  CAF_REQUIRE_EQUAL(mkfifo(path.c_str(), 0600), 0);
  auto options = erl();
  options.output = peer::file_output(path);
  auto worker = start(std::move(options));
  auto other = start(erl());
  CAF_CHECK(!worker.cast("io", "put_chars", std::string(1 << 20, 'x')));
  check_alive(worker);
  CAF_CHECK(other.call<void>("io", "put_chars", "not late\n"));
  CAF_CHECK(console.wait_for("not late"));
  CAF_CHECK(worker.stop());
  std::filesystem::remove(path);
}

CAF_TEST(output that cannot be written is among the last words) {
  auto options = erl();
  options.output = peer::file_output("/dev/full");
  auto worker = start(std::move(options));
  CAF_CHECK(worker.call<void>("io", "put_chars", "lost\n"));
  auto ended = worker.call<void>("erlang", "halt", 1);
  CAF_REQUIRE(!ended);
  check_contains(peer::describe(ended.error()), "cannot write to '/dev/full': No space left on device");
}

CAF_TEST(the last line needs no newline) {
  auto worker = start(erl());
  CAF_CHECK(worker.call<void>("io", "put_chars", "unfinished"));
  CAF_CHECK(worker.stop());
  CAF_CHECK(console.wait_for("unfinished"));
}

CAF_TEST(a sink that blocks delays nothing but output) {
  auto release = std::promise<void>{};
  auto released = release.get_future().share();
  auto options = erl();
  options.output = peer::line_output([released](const peer::output_line&) { released.wait(); });
  auto worker = start(std::move(options));
  CAF_CHECK(!worker.cast("io", "put_chars", "blocks the sink\n"));
  for (auto i = 0; i < 10; ++i)
    check_alive(worker);
  CAF_CHECK_EQUAL(value_of(worker.get_state()).state, peer::peer_state::running);
  CAF_CHECK_EQUAL(value_of(worker.stop()).ended_by, peer::stop_step::closed);
  release.set_value();
}

// -- input ------------------------------------------------------------------------------------------------------------

CAF_TEST(get_line reads lines and then eof) {
  auto worker = start_reading("first\n\nt\xC3\xA9xt");
  CAF_CHECK_EQUAL(evaluate(worker, "io:get_line(\"prompt> \")"), "\"first\\n\""_term);
  CAF_CHECK_EQUAL(evaluate(worker, "io:get_line('')"), "\"\\n\""_term);
  CAF_CHECK_EQUAL(evaluate(worker, "io:get_line('')"), (term{peer::erl::list{116, 233, 120, 116}}));
  CAF_CHECK_EQUAL(evaluate(worker, "io:get_line('')"), "eof"_term);
  CAF_CHECK_EQUAL(evaluate(worker, "io:get_line('')"), "eof"_term);
  CAF_CHECK(worker.stop());
  CAF_CHECK(console.wait_for("prompt> "));
}

CAF_TEST(get_chars reads characters and not bytes) {
  auto worker = start_reading("a\xC3\xA9\xE2\x82\xAC"
                              "bc");
  CAF_CHECK_EQUAL(evaluate(worker, "io:get_chars('', 3)"), (term{peer::erl::list{97, 233, 0x20AC}}));
  CAF_CHECK_EQUAL(evaluate(worker, "io:get_chars('', 5)"), "\"bc\""_term);
  CAF_CHECK_EQUAL(evaluate(worker, "io:get_chars('', 1)"), "eof"_term);
}

CAF_TEST(read takes terms from as many lines as they need) {
  auto worker = start_reading("{one,\n [2, \"three\"]}. four.\nfive");
  CAF_CHECK_EQUAL(evaluate(worker, "io:read('')"), "{ok, {one, [2, \"three\"]}}"_term);
  CAF_CHECK_EQUAL(evaluate(worker, "io:read('')"), "{ok, four}"_term);
  CAF_CHECK_EQUAL(evaluate(worker, "element(1, io:read(''))"), "error"_term); // no full stop
  CAF_CHECK_EQUAL(evaluate(worker, "io:read('')"), "eof"_term);
}

CAF_TEST(fread takes a format) {
  auto worker = start_reading("12 abc\nrest\n");
  CAF_CHECK_EQUAL(evaluate(worker, "io:fread('', \"~d ~a\")"), "{ok, [12, abc]}"_term);
  CAF_CHECK_EQUAL(evaluate(worker, "io:get_line('')"),
                  "\"rest\\n\""_term); // as from a terminal: fread took the newline
  CAF_CHECK_EQUAL(evaluate(worker, "io:get_line('')"), "eof"_term);
}

CAF_TEST(input is binaries if the peer asks for them) {
  auto worker = start_reading("first\nsecond\n");
  CAF_CHECK_EQUAL(evaluate(worker, "io:setopts([binary]), io:get_line('')"), "<<\"first\\n\">>"_term);
  CAF_CHECK_EQUAL(evaluate(worker, "lists:keyfind(binary, 1, io:getopts())"), "{binary, true}"_term);
  CAF_CHECK_EQUAL(evaluate(worker, "io:setopts([list]), io:get_line('')"), "\"second\\n\""_term);
}

CAF_TEST(without input there is eof) {
  auto worker = start(erl());
  CAF_CHECK_EQUAL(evaluate(worker, "io:get_line('')"), "eof"_term);
  CAF_CHECK_EQUAL(evaluate(worker, "io:get_chars('', 1)"), "eof"_term);
  CAF_CHECK_EQUAL(evaluate(worker, "io:read('')"), "eof"_term);
}

CAF_TEST(a request for input that waits delays nothing) {
  auto asked = std::promise<peer::input_receiver>{};
  auto options = erl();
  options.input = peer::function_input([&](peer::input_receiver deliver) { asked.set_value(std::move(deliver)); });
  auto worker = start(std::move(options));
  auto self = caf::scoped_actor{*sys};
  auto pending = self->request(
      worker.actor(), caf::infinite,
      peer::call_request{"io", "get_line", value_of(peer::encode_arguments(atom{})), caf::timespan{patience}});
  auto deliver = asked.get_future().get();
  check_alive(worker);
  CAF_CHECK_EQUAL(value_of(worker.get_state()).state, peer::peer_state::running);
  deliver("late\n");
  pending.receive([](const peer::encoded_term& x) { CAF_CHECK_EQUAL(value_of(x.as<term>()), "\"late\\n\""_term); },
                  [](const caf::error& err) { CAF_ERROR(peer::describe(err)); });
}

CAF_TEST(a peer that waits for input can be stopped) {
  auto asked = std::promise<peer::input_receiver>{};
  auto options = erl();
  options.input = peer::function_input([&](peer::input_receiver deliver) { asked.set_value(std::move(deliver)); });
  auto worker = start(std::move(options));
  CAF_CHECK(!worker.cast("io", "get_line", atom{}));
  auto deliver = asked.get_future().get();
  CAF_CHECK_EQUAL(value_of(worker.stop()).ended_by, peer::stop_step::closed);
  deliver("too late\n");
}

CAF_TEST_FIXTURE_SCOPE_END()
