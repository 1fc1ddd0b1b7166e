%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%
%% Starts the peers of a case and asks them.
-module(subject).

-export([start/1, start/2, start_raw/2, booted/2, options/2, stop/1, is_gone/1, no_epmd/0, script/3, gate/1]).
-export([ask/4, answer/1, raised/4, down_reason/1, end_reason/2, await_message/1, eventually/2, equal/2]).

-define(PATIENCE, 60000).

start(Context) ->
    start(Context, #{}).

%% Starts a peer and waits until it runs. Returns its control process.
start(Context, Options) ->
    {ok, Control, _Node} = start_raw(Context, Options),
    booted(Context, Control).

%% peer:start/1 with the options that every peer of the case has. booted/2 has to follow when the peer runs.
start_raw(#{runner := Runner} = Context, Options) ->
    Result = peer:start(options(Context, Options)),
    is_tuple(Result) andalso element(1, Result) =:= ok andalso (Runner ! {control, element(2, Result)}),
    Result.

%% Gives `erl` what peer_node has. Returns the control process.
booted(#{kind := peer_node}, Control) ->
    Control;
booted(#{kind := erl, directory := Directory}, Control) ->
    {ok, Code} = file:read_file(filename:join(Directory, "peer_node.beam")),
    {module, peer_node} = peer:call(Control, code, load_binary, [peer_node, "peer_node.erl", Code], ?PATIENCE),
    ok = peer:call(Control, peer_node, start, []),
    Control.

options(#{peer := Peer, connection := Connection, marker := Marker}, Options) ->
    Environment = [{os_processes:variable(), Marker}, {"ERL_CRASH_DUMP_SECONDS", "0"}, {"LC_ALL", "C.UTF-8"}],
    maps:merge(#{exec => Peer, connection => Connection, wait_boot => ?PATIENCE},
               Options#{env => Environment ++ maps:get(env, Options, [])}).

%% Arguments that make a named `erl` do without epmd, which would outlive the test.
no_epmd() ->
    ["-start_epmd", "false", "-dist_listen", "false"].

stop(Control) ->
    ok = peer:stop(Control),
    false = is_process_alive(Control),
    ok.

%% Waits for the end of all processes of the case; a peer has to end soon after its control process did.
is_gone(#{marker := Marker}) ->
    eventually(fun() -> os_processes:marked(Marker) =:= [] end, 5000).

%% Writes a program in the language of sh that may refer to the program under test as $PEER. Returns its path.
script(#{directory := Directory, peer := Peer}, Name, Text) ->
    Path = filename:join(Directory, Name),
    ok = file:write_file(Path, ["#!/bin/sh\nPEER='", Peer, "'\n", Text, "\n"]),
    ok = file:change_mode(Path, 8#755),
    Path.

%% A program that becomes the peer when it is let, and the function that lets it.
gate(#{marker := Marker, directory := Directory} = Context) ->
    Fifo = filename:join(Directory, "gate-" ++ Marker),
    "" = os:cmd("mkfifo " ++ Fifo),
    Exec = script(Context, "gated-peer-" ++ Marker, ["read -r go < '", Fifo, "'\nexec \"$PEER\" \"$@\""]),
    {Exec, fun() -> ok = file:write_file(Fifo, "go\n") end}.

%% A call without waiting; answer/1 waits. Calls of one process reach the peer in order.
ask(Control, Module, Function, Args) ->
    gen_server:send_request(Control, {call, Module, Function, Args}).

%% {ok, Value} | {Class, {Reason, Stack}}, or {error, {Reason, ServerRef}} if the control process ended.
answer(Request) ->
    case gen_server:receive_response(Request, ?PATIENCE) of
        {reply, Reply} -> Reply;
        Other -> Other
    end.

%% How a call ends that does not return: {Class, Reason, Stack} as its caller catches them.
raised(Control, Module, Function, Args) ->
    try peer:call(Control, Module, Function, Args) of
        Value -> error({returned, Value})
    catch
        Class:Reason:Stack -> {Class, Reason, Stack}
    end.

%% Waits until a peer that was started with peer_down => continue is down.
down_reason(Control) ->
    true = eventually(fun() -> is_tuple(peer:get_state(Control)) end, ?PATIENCE),
    {down, Reason} = peer:get_state(Control),
    Reason.

%% What OTP sees of an end with that status: over a socket nothing but the socket.
end_reason(#{connection := standard_io}, ExitStatus) -> ExitStatus;
end_reason(_, _) -> tcp_closed.

%% The next message, whatever it is.
await_message(What) ->
    receive
        Message -> Message
    after ?PATIENCE ->
        error({no_message, What})
    end.

equal(Expected, Expected) ->
    ok;
equal(Expected, Got) ->
    error({expected, Expected, got, Got}).

%% Whether that becomes true within the limit (milliseconds).
eventually(Fact, Limit) ->
    eventually_before(Fact, erlang:monotonic_time(millisecond) + Limit).

eventually_before(Fact, Deadline) ->
    case Fact() of
        true ->
            true;
        false ->
            erlang:monotonic_time(millisecond) < Deadline andalso
                receive after 10 -> eventually_before(Fact, Deadline) end
    end.
