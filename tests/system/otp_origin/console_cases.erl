%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%
%% What a peer prints reaches the group leader of whoever started it, and what it asks for is answered by that.
-module(console_cases).

-export([text_is_in_order/1, formats/1, devices/1, unicode/1, every_byte_value_as_characters/1, long_text/1,
         many_lines/1, line_with_prompt/1, end_of_input/1, lines_in_order/1, calls_during_input/1, console_ended/1,
         printed_past_the_protocol/1, ready_is_not_known/1, every_byte_value_printed/1, utf8_printed_in_parts/1, last_words_of_halt/1]).

text_is_in_order(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    Words = ["one", <<", two">>, [", ", [<<"three">>, $.]], "\n"],
    [ok = peer:call(Peer, io, put_chars, [Word]) || Word <- Words],
    ok = console:await_output(Console, Words),
    ok = peer:call(Peer, io, format, ["four~n"]),
    ok = console:await_output(Console, [Words, "four\n"]),
    subject:stop(Peer).

formats(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    Calls = [["plain~n"],
             ["~s ~ts~n", ["text", [233, 26085]]],
             ["~p ~w~n", [{a, "b", [1, 2]}, "b"]],
             ["~b ~~~n", [42]],
             ["~tp~n", [<<"é"/utf8>>]]],
    [ok = peer:call(Peer, io, format, Args) || Args <- Calls],
    ok = console:await_output(Console, "plain\ntext é日\n{a,\"b\",[1,2]} [98]\n42 ~\n<<\"é\"/utf8>>\n"),
    {error, badarg, _} = subject:raised(Peer, io, format, ["~p~n", []]),
    subject:stop(Peer).

devices(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    ok = peer:call(Peer, io, put_chars, [user, "to user, "]),
    ok = peer:call(Peer, io, put_chars, [standard_io, "to standard_io, "]),
    ok = peer:call(Peer, io, format, [user, "~w, ", [formatted]]),
    ok = peer:call(Peer, io, format, [standard_io, "~w~n", [again]]),
    ok = console:await_output(Console, "to user, to standard_io, formatted, again\n"),
    subject:stop(Peer).

unicode(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    Texts = ["é日本語😀\n", <<"é日本語😀\n"/utf8>>, [<<"é"/utf8>>, 26085, "\n"], [16#FEFF, 16#D7FF, 16#E000, 16#10FFFF]],
    [ok = peer:call(Peer, io, put_chars, [Text]) || Text <- Texts],
    ok = console:await_output(Console, Texts),
    {error, badarg, _} = subject:raised(Peer, io, put_chars, [<<255, 254>>]), % is not UTF-8
    subject:stop(Peer).

every_byte_value_as_characters(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    All = lists:seq(0, 255),
    ok = peer:call(Peer, io, put_chars, [All]),
    ok = peer:call(Peer, io, format, ["~s", [list_to_binary(All)]]), % bytes are Latin-1 for ~s
    [ok = peer:call(Peer, io, put_chars, [[Char]]) || Char <- All],
    ok = console:await_output(Console, [All, All, All]),
    subject:stop(Peer).

long_text(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    Text = [["line ", integer_to_list(I), " é日本語\n"] || I <- lists:seq(1, 20000)],
    ok = peer:call(Peer, io, put_chars, [Text], 60000),
    ok = console:await_output(Console, Text),
    subject:stop(Peer).

many_lines(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    ok = peer:call(Peer, peer_node, spam, [1000, "spam and é"], 60000),
    ok = console:await_output(Console, lists:duplicate(1000, "spam and é\n")),
    subject:stop(Peer).

%% A node that tells a libpeer origin that it is ready does this one no harm.
ready_is_not_known(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    [ok = peer:call(Peer, peer_node, ready, []) || _ <- [once, again]],
    ok = peer:call(Peer, io, put_chars, ["printed\n"]),
    ok = console:await_output(Console, "printed\n"),
    running = peer:get_state(Peer),
    subject:stop(Peer).

line_with_prompt(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    Request = subject:ask(Peer, io, get_line, ["name? é> "]),
    "name? é> " = console:await_prompt(Console),
    ok = console:input(Console, ["日本é\n"]),
    {ok, "日本é\n"} = subject:answer(Request),
    subject:stop(Peer).

end_of_input(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    ok = console:input(Console, ["last", eof, eof]),
    "last" = peer:call(Peer, io, get_line, ["> "]),
    eof = peer:call(Peer, io, get_line, ["> "]),
    eof = peer:call(Peer, io, get_line, ['']),
    subject:stop(Peer).

lines_in_order(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    Lines = [integer_to_list(I) ++ "\n" || I <- lists:seq(1, 100)],
    ok = console:input(Console, Lines),
    Lines = [peer:call(Peer, io, get_line, [""]) || _ <- Lines],
    subject:stop(Peer).

%% OTP's control process waits for the line too, so that calls are answered after it; none is lost.
calls_during_input(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    Line = subject:ask(Peer, io, get_line, ["> "]),
    "> " = console:await_prompt(Console),
    Calls = [subject:ask(Peer, peer_node, echo, [I]) || I <- lists:seq(1, 10)],
    Second = subject:ask(Peer, io, get_line, [">> "]),
    ok = console:input(Console, ["first\n", "second\n"]),
    {ok, "first\n"} = subject:answer(Line),
    [{ok, I} = subject:answer(Call) || {I, Call} <- lists:enumerate(Calls)],
    {ok, "second\n"} = subject:answer(Second),
    subject:stop(Peer).

console_ended(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    console:stop(Console),
    {error, terminated, _} = subject:raised(Peer, io, put_chars, ["nobody reads this"]),
    {error, terminated} = peer:call(Peer, io, get_line, ["nobody answers this"]),
    'nonode@nohost' = peer:call(Peer, erlang, node, []),
    subject:stop(Peer).

%% What the program writes on its standard output as any C program does. `erl` has no such thing for all bytes: 16 of
%% them look like OTP's frames, and over a socket it writes to a broken pipe.
printed_past_the_protocol(#{kind := erl}) ->
    not_with_erl();
printed_past_the_protocol(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    Texts = [<<"plain\n">>, <<"é日本語😀\n"/utf8>>, binary:copy(<<"a longer line, é\n"/utf8>>, 5000), <<"no newline">>],
    [ok = peer:call(Peer, peer_node, write, [Text]) || Text <- Texts],
    ok = console:await_output(Console, Texts),
    subject:stop(Peer).

every_byte_value_printed(#{kind := erl}) ->
    not_with_erl();
every_byte_value_printed(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    All = list_to_binary(lists:seq(0, 255)),
    ok = peer:call(Peer, peer_node, write, [All]),
    ok = console:await_output(Console, binary_to_list(All)), % no two of its bytes make UTF-8: Latin-1
    ok = console:clear(Console),
    Random = << <<(rand:uniform(128) + 127)>> || _ <- lists:seq(1, 10000) >>,
    ok = peer:call(Peer, peer_node, write, [Random]),
    ok = peer:call(Peer, peer_node, write, [binary:copy(<<16#C3>>, 1000)]),
    ok = peer:call(Peer, peer_node, write, [binary:copy(<<16#FF>>, 1000)]),
    ok = peer:call(Peer, peer_node, write, [<<"\nend\n">>]),
    true = subject:eventually(fun() -> lists:suffix("\nend\n", binary_to_list(console:output(Console))) end, 10000),
    'nonode@nohost' = peer:call(Peer, erlang, node, []),
    running = peer:get_state(Peer),
    subject:stop(Peer).

utf8_printed_in_parts(#{kind := erl}) ->
    not_with_erl();
utf8_printed_in_parts(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    Text = <<"é日本語😀\n"/utf8>>,
    [ok = peer:call(Peer, peer_node, write, [<<Byte>>]) || <<Byte>> <= Text],
    ok = console:await_output(Console, Text),
    subject:stop(Peer).

not_with_erl() ->
    {skipped, "erl does not print past the I/O protocol"}.

last_words_of_halt(#{console := Console} = Context) ->
    Peer = subject:start(Context, #{peer_down => continue}),
    ok = peer:call(Peer, peer_node, spam, [500, "last words"], 60000),
    ok = peer:cast(Peer, erlang, halt, []),
    ok = console:await_output(Console, lists:duplicate(500, "last words\n")),
    _ = subject:down_reason(Peer),
    subject:stop(Peer).
