// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Requests for input, as "The Erlang I/O Protocol" has them.

#define CAF_SUITE peer.console.server_input

#include "tests/unit/console/io_server_fixture.hpp"

using namespace std::literals;

using peer::test::io_server_fixture;

namespace {

std::optional<std::string> is(std::string answer) {
  return answer;
}

const auto open = std::optional<std::string>{}; // no answer yet

} // namespace

CAF_TEST_FIXTURE_SCOPE(io_server_input_tests, io_server_fixture)

// -- get_line ---------------------------------------------------------------------------------------------------------

CAF_TEST(a line is answered with its newline) {
  auto& answer = ask("{get_line, unicode, ''}");
  CAF_CHECK_EQUAL(answer, open);
  type("one\ntwo\nlast");
  CAF_CHECK_EQUAL(answer, is(R"("one\n")"));
  CAF_CHECK_EQUAL(ask("{get_line, unicode, ''}"), is(R"("two\n")"));
  CAF_CHECK_EQUAL(questions, 1); // what has arrived is enough
  auto& last = ask("{get_line, unicode, ''}");
  CAF_CHECK_EQUAL(last, open);
  end_of_input();
  CAF_CHECK_EQUAL(last, is(R"("last")"));
  CAF_CHECK_EQUAL(ask("{get_line, unicode, ''}"), is("eof"));
  CAF_CHECK_EQUAL(ask("{get_line, unicode, ''}"), is("eof"));
  CAF_CHECK_EQUAL(questions, 2); // the end is the end
}

CAF_TEST(nothing is read before somebody asks) {
  ask("{put_chars, unicode, \"x\"}");
  CAF_CHECK_EQUAL(questions, 0);
}

CAF_TEST(a line may come in pieces cut anywhere) {
  auto& answer = ask("{get_line, unicode, ''}");
  for (auto piece : {"caf", "\xC3", "\xA9", "\n"}) {
    CAF_CHECK_EQUAL(answer, open);
    type(piece);
  }
  CAF_CHECK_EQUAL(answer, is("\"caf\xC3\xA9\\n\""));
  CAF_CHECK_EQUAL(questions, 4);
}

CAF_TEST(a prompt is printed before the input is read) {
  ask("{get_line, unicode, \"name? \"}");
  CAF_CHECK_EQUAL(printed(), "name? ");
  ask("{get_line, unicode, <<\"caf\xC3\xA9? \"/utf8>>}");
  CAF_CHECK_EQUAL(printed(), "caf\xC3\xA9? ");
  ask("{get_line, unicode, '1>'}");
  CAF_CHECK_EQUAL(printed(), "1>");
  ask("{get_line, unicode, {format, \"~p>\", [1]}}");
  CAF_CHECK_EQUAL(next_call(), "io_lib:format [\"~p>\",[1]]");
  return_from_call("\"1>\"");
  CAF_CHECK_EQUAL(printed(), "1>");
  ask("{get_line, unicode, {prompt, 2}}"); // any term, as io_lib:format_prompt/1 prints it
  CAF_CHECK_EQUAL(printed(), "{prompt,2}");
  ask("{get_line, unicode, {prompt, 16#1" + std::string(200, '0') + "}}"); // its digits would take too long
  CAF_CHECK_EQUAL(printed(), "{prompt,#Integer<101 bytes>}");
  ask("{get_line, unicode, ''}");
  ask("{get_line, unicode, []}");
  CAF_CHECK_EQUAL(printed(), "");
}

CAF_TEST(a prompt that fails does not matter) {
  auto& answer = ask("{get_line, unicode, {format, \"~p\", []}}");
  fail_call();
  type("one\n");
  CAF_CHECK_EQUAL(answer, is(R"("one\n")"));
}

CAF_TEST(a prompt that the peer does not make keeps its request waiting) {
  auto& answer = ask("{get_line, unicode, {format, \"~p>\", [1]}}");
  CAF_CHECK_EQUAL(questions, 0);
  auto& other = ask("{get_line, unicode, ''}");
  type("one\ntwo\n");
  CAF_CHECK_EQUAL(other, is(R"("one\n")"));
  CAF_CHECK_EQUAL(answer, open);
  return_from_call("\"1>\"");
  CAF_CHECK_EQUAL(printed(), "1>");
  CAF_CHECK_EQUAL(answer, is(R"("two\n")"));
}

CAF_TEST(a prompt that no peer will make is abandoned with its request) {
  ask("{get_line, unicode, {format, \"~p>\", [1]}}");
  server->finish();
  fail_call();
  CAF_CHECK_EQUAL(abandoned, 1);
}

CAF_TEST(the form without an encoding is Latin - 1) {
  auto& line = ask("{get_line, unicode}"); // a prompt
  CAF_CHECK_EQUAL(printed(), "unicode");
  auto& chars = ask("{get_chars, '', 1}");
  type("\xC3\xA9\n\xC3\xA9");
  CAF_CHECK_EQUAL(line, is("\"\xC3\xA9\\n\""));
  CAF_CHECK_EQUAL(chars, is("\"\xC3\xA9\""));
}

CAF_TEST(input that is no Latin-1 is an error for those who want it) {
  auto& latin1 = ask("{get_line, latin1, ''}");
  auto& unicode = ask("{get_line, unicode, ''}");
  type("\xE2\x82\xAC\n\xE2\x82\xAC\n");
  CAF_CHECK_EQUAL(latin1, is("{error,{no_translation,unicode,latin1}}"));
  CAF_CHECK_EQUAL(unicode, is("\"\xE2\x82\xAC\\n\""));
}

CAF_TEST(with the option binary the input is answered as binaries) {
  ask("{setopts, [binary]}");
  auto& unicode = ask("{get_line, unicode, ''}");
  auto& latin1 = ask("{get_line, latin1, ''}");
  auto& chars = ask("{get_chars, unicode, '', 2}");
  type("\xC3\xA9\n\xC3\xA9\n\xC3\xA9t");
  CAF_CHECK_EQUAL(unicode, is("<<\"\xC3\xA9\\n\"/utf8>>"));
  CAF_CHECK_EQUAL(latin1, is("<<233,10>>")); // one byte for each character
  CAF_CHECK_EQUAL(chars, is("<<\"\xC3\xA9t\"/utf8>>"));
  auto& last = ask("{get_line, unicode, ''}");
  end_of_input();
  CAF_CHECK_EQUAL(last, is("eof"));
}

// -- get_chars --------------------------------------------------------------------------------------------------------

CAF_TEST(characters are answered by their number) {
  auto& answer = ask("{get_chars, unicode, \"? \", 3}");
  CAF_CHECK_EQUAL(printed(), "? ");
  type("a");
  CAF_CHECK_EQUAL(answer, open);
  type("\n\xC3\xA9z");
  CAF_CHECK_EQUAL(answer, is("\"a\\n\xC3\xA9\""));
  CAF_CHECK_EQUAL(ask("{get_chars, unicode, '', 1}"), is("\"z\""));
}

CAF_TEST(a character that comes in pieces counts once) {
  auto& answer = ask("{get_chars, unicode, '', 1}");
  for (auto piece : {"\xF0", "\x9F", "\x98"}) {
    type(piece);
    CAF_CHECK_EQUAL(answer, open);
  }
  type("\x80");
  CAF_CHECK_EQUAL(answer, is("\"\xF0\x9F\x98\x80\""));
}

CAF_TEST(at the end there are fewer characters and then none) {
  auto& answer = ask("{get_chars, unicode, '', 10}");
  type("abc\xC3");
  end_of_input();
  CAF_CHECK_EQUAL(answer, is("\"abc\xC3\x83\"")); // what is no UTF-8 counts as Latin-1
  CAF_CHECK_EQUAL(ask("{get_chars, unicode, '', 1}"), is("eof"));
}

CAF_TEST(a long input can be read in small pieces) {
  constexpr auto count = 50'000;
  ask("{get_chars, unicode, '', 1}");
  type(std::string(std::size_t{8} << 20, 'x')); // moved for each character, it would take too long
  for (auto i = 0; i < count; ++i)
    CAF_REQUIRE_EQUAL(ask("{get_chars, unicode, '', 1}"), is(R"("x")"));
  CAF_CHECK_EQUAL(questions, 1);
}

CAF_TEST(no characters are there at once) {
  CAF_CHECK_EQUAL(ask("{get_chars, unicode, '', 0}"), is("[]"));
  CAF_CHECK_EQUAL(questions, 0);
}

// -- get_until --------------------------------------------------------------------------------------------------------

CAF_TEST(a function of the peer looks at line after line) {
  auto& answer = ask("{get_until, unicode, \"1> \", erl_scan, tokens, [1, []]}");
  CAF_CHECK_EQUAL(printed(), "1> ");
  CAF_CHECK_EQUAL(next_call(), "none");
  type("a +\nb.\n");
  CAF_CHECK_EQUAL(next_call(), R"(erl_scan:tokens [[],"a +\n",1,[]])");
  CAF_CHECK_EQUAL(next_call(), "none"); // one line at a time
  return_from_call("{more, {state, 1}}");
  CAF_CHECK_EQUAL(next_call(), R"(erl_scan:tokens [{state,1},"b.\n",1,[]])");
  return_from_call("{done, {ok, [a, b], 2}, []}");
  CAF_CHECK_EQUAL(answer, is("{ok,[a,b],2}"));
  CAF_CHECK_EQUAL(printed(), "");
  CAF_CHECK_EQUAL(questions, 1);
}

CAF_TEST(what a function leaves is for the next reader) {
  ask("{get_until, unicode, '', m, f, []}");
  type("one two \xC3\xA9\n");
  return_from_call("{done, x, \" two \xC3\xA9\\n\"}");
  CAF_CHECK_EQUAL(ask("{get_line, unicode, ''}"), is("\" two \xC3\xA9\\n\""));
}

CAF_TEST(a function is told of the end) {
  auto& answer = ask("{get_until, unicode, '', m, f, []}");
  type("last");
  CAF_CHECK_EQUAL(next_call(), "none");
  end_of_input();
  CAF_CHECK_EQUAL(next_call(), R"(m:f [[],"last"])");
  return_from_call("{more, x}");
  CAF_CHECK_EQUAL(next_call(), "m:f [x,eof]");
  return_from_call("{done, {eof, 1}, eof}");
  CAF_CHECK_EQUAL(answer, is("{eof,1}"));
  CAF_CHECK_EQUAL(ask("{get_line, unicode, ''}"), is("eof"));
}

CAF_TEST(the old form of get_until has no encoding) {
  auto& answer = ask("{get_until, '', m, f, [x]}");
  type("\xC3\xA9\n");
  CAF_CHECK_EQUAL(next_call(), "m:f [[],\"\xC3\xA9\\n\",x]");
  return_from_call("{done, 1, []}");
  CAF_CHECK_EQUAL(answer, is("1"));
}

CAF_TEST(a function that fails ends its request and no other one) {
  auto& raised = ask("{get_until, unicode, '', m, f, []}");
  auto& returned = ask("{get_until, unicode, '', m, g, []}");
  auto& line = ask("{get_line, unicode, ''}");
  type("1\n2\n3\n");
  fail_call();
  CAF_CHECK_EQUAL(raised, is("{error,f}"));
  return_from_call("nonsense");
  CAF_CHECK_EQUAL(returned, is("{error,g}"));
  CAF_CHECK_EQUAL(line, is(R"("3\n")"));
}

// -- several readers --------------------------------------------------------------------------------------------------

CAF_TEST(readers are served in their order) {
  auto& first = ask("{get_line, unicode, ''}");
  auto& second = ask("{get_until, unicode, '', m, f, []}");
  auto& third = ask("{get_chars, unicode, '', 2}");
  CAF_CHECK_EQUAL(questions, 1);
  type("one\ntwo\nthree\n");
  CAF_CHECK_EQUAL(first, is(R"("one\n")"));
  CAF_CHECK_EQUAL(next_call(), R"(m:f [[],"two\n"])");
  CAF_CHECK_EQUAL(third, open); // the function may give something back
  return_from_call("{done, 2, \"wo\\n\"}");
  CAF_CHECK_EQUAL(second, is("2"));
  CAF_CHECK_EQUAL(third, is("\"wo\""));
}

CAF_TEST(the end of the input is for all readers) {
  auto& first = ask("{get_line, unicode, ''}");
  auto& second = ask("{get_chars, unicode, '', 2}");
  end_of_input();
  CAF_CHECK_EQUAL(first, is("eof"));
  CAF_CHECK_EQUAL(second, is("eof"));
  CAF_CHECK_EQUAL(questions, 1);
}

CAF_TEST(output is not delayed by a reader that waits) {
  auto& line = ask("{get_line, unicode, ''}");
  CAF_CHECK_EQUAL(ask("{put_chars, unicode, \"x\"}"), is("ok"));
  CAF_CHECK_EQUAL(line, open);
}

CAF_TEST(a batch may read) {
  auto& answer = ask("{requests, [{get_line, unicode, ''}, {put_chars, unicode, \"x\"}, {get_line, unicode, ''}]}");
  type("one\n");
  CAF_CHECK_EQUAL(printed(), "x");
  CAF_CHECK_EQUAL(answer, open);
  type("two\n");
  CAF_CHECK_EQUAL(answer, is(R"("two\n")"));
}

CAF_TEST(a batch may read often) {
  ask("{get_line, unicode, ''}");
  end_of_input();
  auto request = "{requests, ["s;
  for (auto i = 0; i < 20'000; ++i)
    request += "{get_line, unicode, ''}, ";
  CAF_CHECK_EQUAL(ask(request + "{get_line, unicode, ''}]}"), is("eof"));
}

// -- the end ----------------------------------------------------------------------------------------------------------

CAF_TEST(after the end no reader is answered) {
  auto& line = ask("{get_line, unicode, ''}");
  server->finish();
  CAF_CHECK_EQUAL(abandoned, 1);
  type("one\n");
  CAF_CHECK_EQUAL(line, open);
  CAF_CHECK_EQUAL(questions, 1);
}

CAF_TEST(after the end no function is called) {
  auto& answer = ask("{get_until, unicode, '', m, f, []}");
  type("1\n2\n");
  CAF_CHECK_EQUAL(next_call(), R"(m:f [[],"1\n"])");
  server->finish();
  return_from_call("{more, x}");
  CAF_CHECK_EQUAL(next_call(), "none");
  CAF_CHECK_EQUAL(answer, open);
  CAF_CHECK_EQUAL(abandoned, 1);
}

CAF_TEST(a server that is gone is not missed) {
  auto& line = ask("{get_line, unicode, ''}");
  server.reset();
  CAF_CHECK_EQUAL(abandoned, 1);
  type("one\n");
  CAF_CHECK_EQUAL(line, open);
}

CAF_TEST_FIXTURE_SCOPE_END()
