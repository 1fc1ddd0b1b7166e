%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%
%% Boot, the states of a peer, and how its origin learns of its end.
-module(state_cases).

-export([booting_running_down/1, calls_while_booting/1, nobody_waits/1, crash_is_the_reason/1,
         calls_of_a_peer_that_goes_down/1, linked_caller/1, exit_statuses/1, signals/1, init_stop/1,
         twenty_at_once/1, one_after_the_other/1]).

booting_running_down(Context) ->
    {Exec, Open} = subject:gate(Context),
    Tag = make_ref(),
    {ok, Peer} = subject:start_raw(Context, #{exec => Exec, wait_boot => {self(), Tag}, peer_down => continue}),
    booting = peer:get_state(Peer),
    Open(),
    {Tag, {started, 'nonode@nohost', Peer}} = subject:await_message(started),
    running = peer:get_state(Peer),
    ok = peer:cast(Peer, erlang, halt, []),
    subject:equal(subject:end_reason(Context, {exit_status, 0}), subject:down_reason(Peer)),
    subject:stop(Peer).

%% Over standard I/O they wait for the peer, which may answer before it says that it has started; there is no socket yet
%% to take them.
calls_while_booting(#{connection := Connection} = Context) ->
    {Exec, Open} = subject:gate(Context),
    {ok, Peer} = subject:start_raw(Context, #{exec => Exec, wait_boot => {self(), booted}}),
    Early = [subject:ask(Peer, lists, reverse, [[I, last]]) || I <- lists:seq(1, 10)],
    booting = peer:get_state(Peer),
    Open(),
    receive {booted, {started, _, Peer}} -> ok end,
    [case subject:answer(Request) of
         {ok, [last, I]} when Connection =:= standard_io -> ok;
         {error, noconnection} when Connection =/= standard_io -> ok
     end || {I, Request} <- lists:enumerate(Early)],
    [last, 1] = peer:call(Peer, lists, reverse, [[1, last]]),
    subject:stop(Peer).

nobody_waits(Context) ->
    {ok, Peer} = subject:start_raw(Context, #{wait_boot => false}),
    true = subject:eventually(fun() -> peer:get_state(Peer) =:= running end, 60000),
    'nonode@nohost' = peer:call(Peer, erlang, node, []),
    subject:stop(Peer).

crash_is_the_reason(Context) ->
    [begin
         Peer = subject:start(Context, #{peer_down => crash}),
         Monitor = monitor(process, Peer),
         ok = peer:cast(Peer, M, F, A),
         {'DOWN', Monitor, process, Peer, Reason} = subject:await_message(down),
         subject:equal(subject:end_reason(Context, {exit_status, Status}), Reason)
     end || {M, F, A, Status} <- [{erlang, halt, [3], 3}, {peer_node, crash, [9], 137}]],
    true = subject:is_gone(Context),
    ok.

%% They end with the control process.
calls_of_a_peer_that_goes_down(Context) ->
    [begin
         Peer = subject:start(Context, #{peer_down => Policy}),
         Pending = subject:ask(Peer, timer, sleep, [60000]),
         {error, {Reason, _}} = subject:answer(subject:ask(Peer, erlang, halt, [4])),
         {error, {Reason, _}} = subject:answer(Pending),
         {exit, {noproc, _}, _} = subject:raised(Peer, erlang, node, [])
     end || {Policy, Reason} <- [{stop, normal}, {crash, subject:end_reason(Context, {exit_status, 4})}]],
    ok.

linked_caller(Context) ->
    Self = self(),
    Options = subject:options(Context, #{peer_down => crash}),
    {Caller, Monitor} = spawn_monitor(fun() ->
                                              {ok, Peer, _} = peer:start_link(Options),
                                              Self ! {started, Peer},
                                              receive after infinity -> ok end
                                      end),
    {started, Peer} = subject:await_message(started),
    ok = peer:cast(Peer, erlang, halt, [5]),
    {'DOWN', Monitor, process, Caller, Reason} = subject:await_message(down),
    subject:equal(subject:end_reason(Context, {exit_status, 5}), Reason).

exit_statuses(Context) ->
    [check_end(Context, erlang, halt, [Status], Status) || Status <- [0, 1, 42, 255]],
    check_end(Context, erlang, halt, [], 0).

signals(Context) ->
    check_end(Context, peer_node, crash, [9], 137),
    check_end(Context, peer_node, crash, [6], 134).

init_stop(Context) ->
    check_end(Context, init, stop, [], 0).

check_end(Context, M, F, A, Status) ->
    Peer = subject:start(Context, #{peer_down => continue}),
    ok = peer:cast(Peer, M, F, A),
    subject:equal({M, F, A, subject:end_reason(Context, {exit_status, Status})}, {M, F, A, subject:down_reason(Peer)}),
    true = subject:is_gone(Context),
    subject:stop(Peer).

twenty_at_once(Context) ->
    Tags = [{node, I} || I <- lists:seq(1, 20)],
    Peers = [begin {ok, Peer} = subject:start_raw(Context, #{wait_boot => {self(), Tag}}), Peer end || Tag <- Tags],
    [receive {Tag, {started, 'nonode@nohost', Peer}} -> ok end || {Tag, Peer} <- lists:zip(Tags, Peers)],
    Pids = [peer:call(Peer, os, getpid, []) || Peer <- Peers],
    20 = length(lists:usort(Pids)),
    [ok = subject:stop(Peer) || Peer <- Peers],
    true = subject:is_gone(Context),
    ok.

one_after_the_other(Context) ->
    [begin
         Peer = subject:start(Context),
         [3, 2, 1] = peer:call(Peer, lists, reverse, [[1, 2, 3]]),
         ok = subject:stop(Peer)
     end || _ <- lists:seq(1, 10)],
    ok.
