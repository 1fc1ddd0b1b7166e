%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%
%% The supervision of a peer's channel, and OTP's system messages to it.
-module(supervision_cases).

-export([registered/1, child_spec/1, already_started/1, state/1, replaced_state/1, suspend_and_resume/1, status/1,
         code_change/1, unknown_requests/1, terminate/1, channel_killed/1, supervision_killed/1,
         suspended_when_the_origin_ends/1]).

registered(Context) ->
    Peer = subject:start(Context),
    true = is_pid(peer:call(Peer, erlang, whereis, [peer_supervision])),
    subject:stop(Peer).

child_spec(Context) ->
    Peer = subject:start(Context),
    {ok, #{id := peer_supervision, start := {peer, start_supervision, []}, restart := permanent, shutdown := 1000,
           type := worker, modules := [peer]} = Spec} = peer:call(Peer, peer, supervision_child_spec, []),
    6 = map_size(Spec),
    subject:stop(Peer).

%% In `erl` the name is taken, which is an exception there.
already_started(#{kind := erl}) ->
    {skipped, "the second one halts erl"};
already_started(Context) ->
    Peer = subject:start(Context),
    Supervision = peer:call(Peer, erlang, whereis, [peer_supervision]),
    {error, {already_started, Supervision}} = peer:call(Peer, peer, start_supervision, []),
    subject:stop(Peer).

state(Context) ->
    Peer = subject:start(Context),
    {peer_sup_state, Parent, Channel, true} = sys(Context, Peer, get_state),
    [true, true] = [is_pid(Pid) || Pid <- [Parent, Channel]],
    subject:stop(Peer).

%% No fun of the origin's is known to the peer.
replaced_state(Context) ->
    Peer = subject:start(Context),
    State = sys(Context, Peer, get_state),
    {error, {callback_failed, {peer, system_replace_state}, {error, undef}}} =
        sys(Context, Peer, {replace_state, fun no_such_module:f/1}),
    {error, {callback_failed, {peer, system_replace_state}, {error, {badfun, 5}}}} =
        sys(Context, Peer, {replace_state, 5}),
    State = sys(Context, Peer, get_state),
    subject:stop(Peer).

suspend_and_resume(Context) ->
    Peer = subject:start(Context),
    [ok = sys(Context, Peer, Request) || Request <- [suspend, suspend, resume, resume, suspend]],
    peer:send(Peer, peer_supervision, stray),
    {peer_sup_state, _, _, _} = sys(Context, Peer, get_state),
    [1, 2] = peer:call(Peer, lists, reverse, [[2, 1]]),
    ok = sys(Context, Peer, resume),
    subject:stop(Peer).

status(Context) ->
    Peer = subject:start(Context),
    Supervision = peer:call(Peer, erlang, whereis, [peer_supervision]),
    State = sys(Context, Peer, get_state),
    [begin
         ok = sys(Context, Peer, Request),
         {status, Supervision, {module, peer}, [_, SysState, Parent, [], State]} = sys(Context, Peer, get_status),
         true = is_pid(Parent)
     end || {Request, SysState} <- [{suspend, suspended}, {resume, running}]],
    subject:stop(Peer).

code_change(Context) ->
    Peer = subject:start(Context),
    Request = {change_code, peer, undefined, extra},
    {error, {unknown_system_msg, Request}} = sys(Context, Peer, Request),
    ok = sys(Context, Peer, suspend),
    ok = sys(Context, Peer, Request),
    ok = sys(Context, Peer, resume),
    subject:stop(Peer).

unknown_requests(Context) ->
    Peer = subject:start(Context),
    [{error, {unknown_system_msg, Request}} = sys(Context, Peer, Request)
     || Request <- [what, {terminate}, {replace_state, a, b}, []]],
    subject:stop(Peer).

terminate(Context) ->
    ends_with_1(Context, fun(Peer) -> ok = sys(Context, Peer, {terminate, enough}) end).

channel_killed(Context) ->
    ends_with_1(Context, fun(Peer) ->
                                 {peer_sup_state, _, Channel, _} = sys(Context, Peer, get_state),
                                 ok = peer:cast(Peer, erlang, exit, [Channel, kill])
                         end).

supervision_killed(Context) ->
    ends_with_1(Context, fun(Peer) ->
                                 Supervision = peer:call(Peer, erlang, whereis, [peer_supervision]),
                                 ok = peer:cast(Peer, erlang, exit, [Supervision, kill])
                         end).

%% The channel watches over itself, too.
suspended_when_the_origin_ends(Context) ->
    Peer = subject:start(Context, #{shutdown => close}),
    ok = sys(Context, Peer, suspend),
    ok = subject:stop(Peer),
    true = subject:is_gone(Context),
    ok.

ends_with_1(Context, Order) ->
    Peer = subject:start(Context, #{peer_down => continue}),
    Order(Peer),
    subject:equal(expected(Context, {exit_status, 1}), subject:down_reason(Peer)),
    true = subject:is_gone(Context),
    subject:stop(Peer).

%% What OTP sees of an end with that status: over a socket nothing but the socket.
expected(#{connection := standard_io}, ExitStatus) -> ExitStatus;
expected(_, _) -> tcp_closed.

%% Sends a system message to the process and returns the answer. From an `erl` that is not distributed no answer gets
%% here, so it asks by itself.
sys(#{kind := peer_node}, Peer, Request) ->
    Tag = make_ref(),
    ok = peer:send(Peer, peer_supervision, {system, {self(), Tag}, Request}),
    {Tag, Reply} = subject:await_message(Request),
    Reply;
sys(#{kind := erl}, Peer, Request) ->
    {ok, Reply} = peer:call(Peer, gen, call, [peer_supervision, system, Request, infinity]),
    Reply.
