%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%
%% What the program peer_node offers beyond OTP's functions, for `erl`: loaded into it, so that the cases are the same.
-module(peer_node).

-export([start/0, echo/1, crash/1, spam/2, ready/0]).

%% Registers the process `echo`.
start() ->
    Echo = spawn(fun echo_loop/0),
    true = register(echo, Echo),
    ok.

%% Answers through the control connection: `From ! Answer` stays within the node when both ends are nonode@nohost.
echo_loop() ->
    receive
        {From, Content} -> user ! {message, From, {echo, Content}}
    end,
    echo_loop().

echo(Term) ->
    Term.

%% Ends the node by that signal.
crash(Signal) ->
    os:cmd(lists:concat(["kill -", Signal, " ", os:getpid()])),
    receive after infinity -> ok end.

%% Only a libpeer origin knows this request.
ready() ->
    _ = io:request(group_leader(), ready),
    ok.

spam(Lines, Text) ->
    io:put_chars(lists:duplicate(Lines, [Text, $\n])).
