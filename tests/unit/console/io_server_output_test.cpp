// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Requests for output and those that are neither output nor input, as "The Erlang I/O Protocol" has them.

#define CAF_SUITE peer.console.server_output

#include "peer/detail/defaults.hpp"
#include "tests/unit/console/io_server_fixture.hpp"

using namespace std::literals;

using peer::stream;
using peer::test::io_server_fixture;

namespace {

const auto ok = std::optional{"ok"s};
const auto unknown = std::optional{"{error,request}"s};
const auto unsupported = std::optional{"{error,enotsup}"s};
constexpr auto overhead = peer::defaults::output_overhead;
const auto open = std::optional<std::string>{}; // no answer yet

} // namespace

CAF_TEST_FIXTURE_SCOPE(io_server_output_tests, io_server_fixture)

// -- put_chars --------------------------------------------------------------------------------------------------------

CAF_TEST(characters are printed) {
  CAF_CHECK_EQUAL(ask("{put_chars, unicode, <<\"caf\xC3\xA9\\n\"/utf8>>}"), ok);
  CAF_CHECK_EQUAL(printed(), "caf\xC3\xA9\n");
  CAF_CHECK_EQUAL(ask("{put_chars, unicode, [\"a\", [16#20AC], <<\"b\">>]}"), ok);
  CAF_CHECK_EQUAL(printed(), "a\xE2\x82\xAC"
                             "b");
  CAF_CHECK_EQUAL(ask("{put_chars, unicode, []}"), ok);
  CAF_CHECK_EQUAL(printed(), "");
  CAF_CHECK_EQUAL(ask("{put_chars, latin1, <<16#E9>>}"), ok);
  CAF_CHECK_EQUAL(printed(), "\xC3\xA9");
  CAF_CHECK_EQUAL(ask("{put_chars, latin1, [16#E9]}"), ok);
  CAF_CHECK_EQUAL(printed(), "\xC3\xA9");
}

CAF_TEST(the form without an encoding is Latin - 1) {
  CAF_CHECK_EQUAL(ask("{put_chars, <<\"a\", 16#E9>>}"), ok);
  CAF_CHECK_EQUAL(printed(), "a\xC3\xA9");
}

CAF_TEST(what is no character data is an error) {
  for (auto request : {"{put_chars, unicode, {}}", "{put_chars, unicode, 97}", "{put_chars, unicode, [a]}",
                       "{put_chars, latin1, [300]}", "{put_chars, [300]}", "{put_chars, hello}"})
    CAF_CHECK_EQUAL(ask(request), std::optional{"{error,put_chars}"s});
  CAF_CHECK_EQUAL(printed(), "");
}

CAF_TEST(bytes are printed as they are) {
  CAF_CHECK_EQUAL(ask("{put_bytes, <<255, 0, 16#C3, 10>>}"), ok);
  CAF_CHECK_EQUAL(printed(), "\xFF\0\xC3\n"s);
  CAF_CHECK_EQUAL(ask("{put_bytes, <<>>}"), ok);
  CAF_CHECK_EQUAL(ask("{put_bytes, <<1:3>>}"), std::optional{"{error,put_bytes}"s});
  CAF_CHECK_EQUAL(ask("{put_bytes, [1]}"), unknown);
}

CAF_TEST(a peer says that it is ready) {
  CAF_CHECK_EQUAL(ask("ready"), ok); // nobody wants to know
  auto count = 0;
  server->on_ready([&] { ++count; });
  CAF_CHECK_EQUAL(ask("ready"), ok);
  CAF_CHECK_EQUAL(ask("{requests, [ready, ready]}"), ok);
  CAF_CHECK_EQUAL(count, 3);
  CAF_CHECK_EQUAL(ask("{ready, 1}"), unknown);
  CAF_CHECK_EQUAL(count, 3);
}

CAF_TEST(a function of the peer may make the characters) {
  auto& answer = ask("{put_chars, unicode, io_lib, format, [\"~p~n\", [x]]}");
  CAF_CHECK_EQUAL(answer, open);
  CAF_CHECK_EQUAL(next_call(), "io_lib:format [\"~p~n\",[x]]");
  return_from_call("[\"x\", 16#E9]");
  CAF_CHECK_EQUAL(answer, ok);
  CAF_CHECK_EQUAL(printed(), "x\xC3\xA9");
}

CAF_TEST(a function may make Latin - 1) {
  auto& first = ask("{put_chars, latin1, m, f, []}");
  auto& second = ask("{put_chars, m, f, []}");
  auto& third = ask("{put_chars, unicode, f, []}"); // a module of that name
  CAF_CHECK_EQUAL(next_call(), "m:f []");
  CAF_CHECK_EQUAL(next_call(), "m:f []");
  CAF_CHECK_EQUAL(next_call(), "unicode:f []");
  for (auto i = 0; i < 3; ++i)
    return_from_call("<<16#E9>>");
  for (auto answer : {first, second, third})
    CAF_CHECK_EQUAL(answer, ok);
  CAF_CHECK_EQUAL(printed(), "\xC3\xA9\xC3\xA9\xC3\xA9");
}

CAF_TEST(a function that fails is an error that names it) {
  auto& raised = ask("{put_chars, unicode, io_lib, format, [\"~p\", []]}");
  fail_call();
  CAF_CHECK_EQUAL(raised, std::optional{"{error,format}"s});
  auto& returned = ask("{put_chars, unicode, io_lib, format, []}");
  return_from_call("no_characters");
  CAF_CHECK_EQUAL(returned, std::optional{"{error,put_chars}"s});
  CAF_CHECK_EQUAL(printed(), "");
}

CAF_TEST(a slow function delays nobody else) {
  auto& slow = ask("{put_chars, unicode, m, f, []}");
  CAF_CHECK_EQUAL(ask("{put_chars, unicode, \"quick\"}"), ok);
  CAF_CHECK_EQUAL(slow, open);
  return_from_call("\"slow\"");
  CAF_CHECK_EQUAL(slow, ok);
  CAF_CHECK_EQUAL(printed(), "quickslow");
}

CAF_TEST(characters are printed in the order of the requests) {
  for (auto request : {"{put_chars, unicode, \"1\"}", "{put_chars, unicode, \"2\"}", "{put_chars, unicode, \"3\"}"})
    ask(request);
  CAF_CHECK_EQUAL(printed(), "123");
}

// -- a sink that is slow ----------------------------------------------------------------------------------------------

CAF_TEST(output is answered when it has been written) {
  sink_waits = true;
  auto progress = std::vector<std::size_t>{};
  server->on_progress([&] { progress.push_back(server->backlog()); });
  auto& first = ask("{put_chars, unicode, \"12345\"}");
  auto& second = ask("{put_chars, unicode, [16#20AC]}");
  CAF_CHECK_EQUAL(printed(), "12345\xE2\x82\xAC");
  CAF_CHECK_EQUAL(server->backlog(), 8 + 2 * overhead);
  CAF_CHECK_EQUAL(first, open);
  std::exchange(unwritten[0], [](const caf::error&) {})({});
  CAF_CHECK_EQUAL(first, open); // the sink's thread tells; the answer comes on the loop's
  run();
  CAF_CHECK_EQUAL(first, ok);
  CAF_CHECK_EQUAL(second, open);
  CAF_CHECK_EQUAL(server->backlog(), 3 + overhead);
  all_written();
  run();
  CAF_CHECK_EQUAL(second, ok);
  CAF_CHECK_EQUAL(progress, (std::vector<std::size_t>{3 + overhead, 0}));
}

CAF_TEST(text outside of the protocol counts as backlog) {
  sink_waits = true;
  server->text(stream::standard_error, "12345");
  CAF_CHECK_EQUAL(server->backlog(), 5 + overhead);
  all_written();
  run();
  CAF_CHECK_EQUAL(server->backlog(), 0u);
}

// -- text outside of the protocol -------------------------------------------------------------------------------------

CAF_TEST(what a slow sink cannot take is dropped and it is told how much) {
  sink_waits = true;
  auto half = std::string(peer::defaults::output_limit / 2 - overhead, 'x');
  server->text(stream::standard_output, half);
  server->text(stream::standard_output, half);
  CAF_CHECK_EQUAL(server->backlog(), peer::defaults::output_limit);
  server->text(stream::standard_output, "lost");
  server->text(stream::standard_error, "also");
  CAF_CHECK_EQUAL(ask("{put_chars,unicode,<<\"as well\">>}"), ok); // nothing would tell when there is room
  CAF_CHECK_EQUAL(server->backlog(), peer::defaults::output_limit);
  CAF_CHECK(printed() == half + half);
  std::exchange(unwritten[0], [](const caf::error&) {})({}); // there is room again, but the hole is one
  run();
  server->text(stream::standard_output, "more");
  CAF_CHECK_EQUAL(printed(), "");
  sink_waits = false;
  all_written();
  run();
  CAF_CHECK_EQUAL(printed(), "\nlibpeer: 15 bytes of output were dropped because their receiver did not keep up\n"
                             "!libpeer: 4 bytes of output were dropped because their receiver did not keep up\n");
  server->text(stream::standard_output, "later");
  CAF_CHECK_EQUAL(printed(), "later");
}

CAF_TEST(what was dropped is told at the end as well) {
  sink_waits = true;
  server->text(stream::standard_output, std::string(peer::defaults::output_limit, 'x'));
  server->text(stream::standard_output, "lost");
  printed();
  server->finish();
  CAF_CHECK_EQUAL(printed(), "\nlibpeer: 4 bytes of output were dropped because their receiver did not keep up\n<end>");
}

CAF_TEST(one text may be larger than what may wait) {
  auto all = std::string(peer::defaults::output_limit + 1, 'x');
  server->text(stream::standard_output, all);
  CAF_CHECK(printed() == all);
}

CAF_TEST(text is passed on in whole characters for each stream) {
  server->text(stream::standard_output, "a\xC3");
  server->text(stream::standard_error, "b\xE2\x82");
  CAF_CHECK_EQUAL(printed(), "a!b");
  server->text(stream::standard_output, "\xA9");
  CAF_CHECK_EQUAL(printed(), "\xC3\xA9");
  server->text(stream::standard_error, "\xAC");
  CAF_CHECK_EQUAL(printed(), "!\xE2\x82\xAC");
}

// -- several requests in one ------------------------------------------------------------------------------------------

CAF_TEST(a batch is served in order and answered with the last answer) {
  auto& answer = ask("{requests, [{put_chars, unicode, \"1\"}, {put_chars, unicode, m, f, []}, getopts]}");
  CAF_CHECK_EQUAL(printed(), "1");
  CAF_CHECK_EQUAL(answer, open);
  return_from_call("\"2\"");
  CAF_CHECK_EQUAL(printed(), "2");
  CAF_CHECK_EQUAL(answer, std::optional{"[{binary,false},{encoding,unicode}]"s});
}

CAF_TEST(a batch ends with the first error) {
  CAF_CHECK_EQUAL(ask("{requests, [{put_chars, unicode, \"1\"}, nonsense, {put_chars, unicode, \"2\"}]}"), unknown);
  CAF_CHECK_EQUAL(printed(), "1");
}

CAF_TEST(a batch may be empty or hold batches) {
  CAF_CHECK_EQUAL(ask("{requests, []}"), ok);
  CAF_CHECK_EQUAL(ask("{requests, [{requests, [{put_chars, unicode, \"1\"}]}, {put_chars, unicode, \"2\"}]}"), ok);
  CAF_CHECK_EQUAL(printed(), "12");
}

CAF_TEST(a batch is abandoned with the request that it waits for) {
  auto& answer = ask("{requests, [{put_chars, unicode, m, f, []}, {put_chars, unicode, \"1\"}]}");
  results.clear(); // the call will not return
  CAF_CHECK_EQUAL(answer, open);
  CAF_CHECK_EQUAL(abandoned, 1);
  CAF_CHECK_EQUAL(printed(), "");
}

CAF_TEST(a batch may be long) {
  auto request = "{requests, ["s;
  for (auto i = 0; i < 20'000; ++i)
    request += "getopts, ";
  CAF_CHECK_EQUAL(ask(request + "{put_chars, unicode, \"end\"}]}"), ok);
  CAF_CHECK_EQUAL(printed(), "end");
}

CAF_TEST(others have their turn while a long batch is served) {
  auto text = "{requests, ["s;
  for (auto i = 0; i < 1'000; ++i)
    text += "{put_chars, unicode, \"x\"}, ";
  server->request(unbox(peer::parse_term(text + "getopts]}")), {});
  auto first = printed().size();
  CAF_CHECK_LESS(first, 1'000u);
  ask("{put_chars, unicode, \"y\"}"); // and the rest of the batch
  auto rest = printed();
  CAF_CHECK_EQUAL(rest.find('y'), 0u);
  CAF_CHECK_EQUAL(first + rest.size(), 1'001u);
}

CAF_TEST(what a batch waits for comes as for others) {
  sink_waits = true;
  auto& answer = ask("{requests, [{put_chars, unicode, \"1\"}, {put_chars, unicode, \"2\"}]}");
  CAF_CHECK_EQUAL(printed(), "1");
  all_written();
  run();
  CAF_CHECK_EQUAL(printed(), "2");
  CAF_CHECK_EQUAL(answer, open);
  all_written();
  run();
  CAF_CHECK_EQUAL(answer, ok);
}

// -- options ----------------------------------------------------------------------------------------------------------

CAF_TEST(options can be set and asked for) {
  auto list = std::optional{"[{binary,false},{encoding,unicode}]"s};
  auto binary = std::optional{"[{binary,true},{encoding,unicode}]"s};
  CAF_CHECK_EQUAL(ask("getopts"), list);
  CAF_CHECK_EQUAL(ask("{setopts, [binary]}"), ok);
  CAF_CHECK_EQUAL(ask("getopts"), binary);
  CAF_CHECK_EQUAL(ask("{setopts, [list, {encoding, unicode}]}"), ok);
  CAF_CHECK_EQUAL(ask("getopts"), list);
  CAF_CHECK_EQUAL(ask("{setopts, [{binary, true}, {encoding, utf8}]}"), ok);
  CAF_CHECK_EQUAL(ask("getopts"), binary);
  CAF_CHECK_EQUAL(ask("{setopts, [{encoding, latin1}, unicode, latin1]}"), ok);
  CAF_CHECK_EQUAL(ask("{setopts, []}"), ok);
  CAF_CHECK_EQUAL(ask("getopts"), binary);
  CAF_CHECK_EQUAL(ask("{setopts, [{binary, false}]}"), ok);
  CAF_CHECK_EQUAL(ask("getopts"), list);
}

CAF_TEST(options that are not known change nothing) {
  for (auto options : {"[{binary, true}, {echo, false}]", "[{binary, true}, nonsense]", "[{encoding, utf16}]", "[7]"})
    CAF_CHECK_EQUAL(ask("{setopts, "s + options + "}"), unsupported);
  CAF_CHECK_EQUAL(ask("getopts"), std::optional{"[{binary,false},{encoding,unicode}]"s});
}

CAF_TEST(a peer has no terminal) {
  CAF_CHECK_EQUAL(ask("{get_geometry, columns}"), unsupported);
  CAF_CHECK_EQUAL(ask("{get_geometry, rows}"), unsupported);
  CAF_CHECK_EQUAL(ask("{get_password, unicode}"), unsupported);
  CAF_CHECK_EQUAL(ask("get_password"), unsupported);
}

// -- what is no request -----------------------------------------------------------------------------------------------

CAF_TEST(each request of the table is served in each of its forms) {
  for (auto request : {"{put_chars, unicode, []}",
                       "{put_chars, []}",
                       "{put_chars, latin1, m, f, []}",
                       "{put_chars, m, f, []}",
                       "{put_bytes, <<>>}",
                       "{get_line, latin1, ''}",
                       "{get_line, ''}",
                       "{get_chars, unicode, '', 1}",
                       "{get_chars, '', 1}",
                       "{get_until, unicode, '', m, f, []}",
                       "{get_until, '', m, f, []}",
                       "{get_password, unicode}",
                       "get_password",
                       "{get_password}",
                       "{get_geometry, rows}",
                       "getopts",
                       "{getopts}",
                       "{setopts, []}",
                       "{requests, []}",
                       "ready"})
    CAF_CHECK_NOT_EQUAL(ask(request), unknown);
}

CAF_TEST(everything else is an unknown request) {
  for (auto request : {"nonsense",
                       "{nonsense}",
                       "{nonsense, unicode, \"x\"}",
                       "{}",
                       "[]",
                       "7",
                       "\"text\"",
                       "put_chars",
                       "{put_chars}",
                       "{put_chars, utf8, \"x\"}",
                       "{put_chars, unicode, m, f, no_list}",
                       "{put_chars, unicode, \"m\", f, []}",
                       "{put_chars, utf8, m, f, []}",
                       "{put_chars, m, f, x}",
                       "{put_chars, unicode, m, f, [], x}",
                       "get_line",
                       "{get_line, utf8, ''}",
                       "{get_line, unicode, '', x}",
                       "{get_chars, unicode, '', -1}",
                       "{get_chars, unicode, '', one}",
                       "{get_chars, ''}",
                       "{get_until, unicode, '', m, f}",
                       "{get_until, unicode, '', m, f, x}",
                       "{get_until, unicode, '', \"m\", f, []}",
                       "{requests, x}",
                       "{requests}",
                       "{setopts}",
                       "{getopts, x}",
                       "{get_geometry}"})
    CAF_CHECK_EQUAL(ask(request), unknown);
  CAF_CHECK_EQUAL(printed(), "");
  CAF_CHECK_EQUAL(next_call(), "none");
  CAF_CHECK_EQUAL(questions, 0);
}

// -- the end ----------------------------------------------------------------------------------------------------------

CAF_TEST(at the end what was held back is passed on) {
  server->text(stream::standard_output, "a\xC3");
  server->text(stream::standard_error, "b\xE2\x82");
  printed();
  server->finish();
  server->finish();
  CAF_CHECK_EQUAL(printed(), "\xC3!\xE2\x82<end>");
}

CAF_TEST(after the end nothing is answered) {
  sink_waits = true;
  auto told = 0;
  server->on_progress([&] { ++told; });
  auto& unwritten_one = ask("{put_chars, unicode, \"12345\"}");
  auto& called = ask("{put_chars, unicode, m, f, []}");
  auto& batch = ask("{requests, [{put_chars, unicode, \"1\"}, getopts]}");
  server->finish();
  all_written();
  run();
  return_from_call("\"text\"");
  auto& late = ask("getopts");
  for (auto answer : {unwritten_one, called, batch, late})
    CAF_CHECK_EQUAL(answer, open);
  CAF_CHECK_EQUAL(abandoned, 4);
  CAF_CHECK_EQUAL(told, 0);
  CAF_CHECK_EQUAL(printed(), "123451<end>");
}

CAF_TEST(a server that is gone is not missed) {
  sink_waits = true;
  auto& first = ask("{put_chars, unicode, \"12345\"}");
  auto& second = ask("{put_chars, unicode, m, f, []}");
  auto& third = ask("{requests, [{put_chars, unicode, m, f, []}, getopts]}");
  server.reset();
  all_written();
  run();
  return_from_call("\"text\"");
  fail_call();
  for (auto answer : {first, second, third})
    CAF_CHECK_EQUAL(answer, open);
  CAF_CHECK_EQUAL(abandoned, 3);
}

CAF_TEST_FIXTURE_SCOPE_END()
