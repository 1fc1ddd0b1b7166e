%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%
%% A peer ends when its origin wants it to, and when its origin ends.
-module(stop_cases).

-export([stop/1, stop_closes/1, stop_halts/1, stop_halts_in_time/1, stop_by_init/1, stop_a_busy_peer/1, stop_twice/1,
         parent_ends/1, control_process_killed/1, origin_killed/1]).

stop(Context) -> check_stop(Context, #{}).
stop_closes(Context) -> check_stop(Context, #{shutdown => close}).
stop_halts(Context) -> check_stop(Context, #{shutdown => halt}).
stop_halts_in_time(Context) -> check_stop(Context, #{shutdown => {halt, 2000}}).

%% The form that OTP's own test server uses: {cast, init, stop, []} over the control connection.
stop_by_init(Context) -> check_stop(Context, #{shutdown => {20000, node()}}).

check_stop(Context, Options) ->
    Peer = subject:start(Context, Options),
    ok = subject:stop(Peer),
    true = subject:is_gone(Context),
    ok.

stop_a_busy_peer(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    [ok = peer:cast(Peer, timer, sleep, [60000]) || _ <- lists:seq(1, 20)],
    ok = peer:cast(Peer, peer_node, spam, [20000, "spam"]),
    true = subject:eventually(fun() -> console:output(Console) =/= <<>> end, 60000),
    ok = subject:stop(Peer),
    true = subject:is_gone(Context),
    ok.

stop_twice(Context) ->
    Peer = subject:start(Context),
    ok = subject:stop(Peer),
    noproc = try peer:stop(Peer) catch exit:Reason -> Reason end,
    ok.

%% A peer that was started with start_link ends with its parent, however that ends.
parent_ends(Context) ->
    [begin
         {Parent, Monitor} = spawn_monitor(fun() ->
                                                   {ok, Peer, _} = peer:start_link(subject:options(Context, #{})),
                                                   'nonode@nohost' = peer:call(Peer, erlang, node, []),
                                                   exit(Reason)
                                           end),
         {'DOWN', Monitor, process, Parent, Reason} = subject:await_message(down),
         subject:equal({Reason, true}, {Reason, subject:is_gone(Context)})
     end || Reason <- [normal, shutdown, kill, crashed]],
    ok.

control_process_killed(Context) ->
    Idle = subject:start(Context),
    Busy = subject:start(Context),
    Pending = subject:ask(Busy, timer, sleep, [60000]),
    [exit(Control, kill) || Control <- [Idle, Busy]],
    {error, {killed, _}} = subject:answer(Pending),
    true = subject:is_gone(Context),
    ok.

%% Another Erlang node with three peers: one idle, one with a slow call, one that waits for a line.
origin_killed(#{directory := Directory, marker := Marker} = Context) ->
    Options = base64:encode_to_string(term_to_binary(subject:options(Context, #{}))),
    Origin = open_port({spawn_executable, os:find_executable("erl")},
                       [{args, ["-noinput", "-pa", Directory, "-run", "second_origin", "main", Options]},
                        {env, [{os_processes:variable(), Marker ++ "-origin"}]}, {line, 1000}, exit_status]),
    {os_pid, OriginPid} = erlang:port_info(Origin, os_pid),
    {Origin, {data, {eol, "ready"}}} = subject:await_message(ready),
    true = length(os_processes:marked(Marker)) >= 3,
    os_processes:kill(OriginPid, "KILL"),
    true = subject:eventually(fun() -> os_processes:marked(Marker) =:= [] end, 1000),
    {Origin, {exit_status, 137}} = subject:await_message(exit_status),
    true = subject:eventually(fun() -> os_processes:marked(Marker ++ "-origin") =:= [] end, 5000),
    ok.
