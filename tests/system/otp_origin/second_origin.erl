%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%
%% Runs in an Erlang node of its own that will be killed: `erl -run second_origin main BASE64(term_to_binary(Options))`.
%% Prints "ready" when its peers run: one is idle, one has a slow call, one waits for a line that does not come.
-module(second_origin).

-export([main/1]).

main([Encoded]) ->
    Options = binary_to_term(base64:decode(Encoded)),
    {ok, _, _} = peer:start(Options),
    {ok, Slow, _} = peer:start(Options),
    _ = gen_server:send_request(Slow, {call, timer, sleep, [60000]}),
    Console = console:start(),
    Output = group_leader(),
    group_leader(Console, self()),
    {ok, Reading, _} = peer:start(Options),
    _ = gen_server:send_request(Reading, {call, io, get_line, ["> "]}),
    "> " = console:await_prompt(Console),
    io:put_chars(Output, "ready\n"),
    receive after infinity -> ok end.
