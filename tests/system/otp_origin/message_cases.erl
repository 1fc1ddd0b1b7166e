%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%
%% peer:send to a name and to a pid, and the answers to processes of the origin.
-module(message_cases).

-export([to_a_name_and_back/1, to_a_pid_and_back/1, in_order/1, of_a_named_peer/1, of_a_distributed_origin/1,
         to_unregistered_names/1, to_a_process_that_ended/1, sent_by_the_peer/1]).

to_a_name_and_back(Context) ->
    Peer = subject:start(Context),
    check_echo(Peer, echo),
    subject:stop(Peer).

to_a_pid_and_back(Context) ->
    Peer = subject:start(Context),
    check_echo(Peer, registered(Peer)),
    subject:stop(Peer).

in_order(Context) ->
    Peer = subject:start(Context),
    Numbers = lists:seq(1, 1000),
    [ok = peer:send(Peer, echo, {self(), I}) || I <- Numbers],
    [{echo, I} = subject:await_message(I) || I <- Numbers],
    subject:stop(Peer).

%% Pids of the peer then carry its name, and those of the origin another one.
of_a_named_peer(Context) ->
    Peer = subject:start(Context, #{name => message_peer, args => subject:no_epmd()}),
    Echo = registered(Peer),
    Node = peer:call(Peer, erlang, node, []),
    {Node, Node} = {node(Echo), node(peer:call(Peer, erlang, self, []))},
    check_echo(Peer, echo),
    check_echo(Peer, Echo),
    subject:stop(Peer).

of_a_distributed_origin(Context) ->
    {ok, _} = net_kernel:start(message_origin, #{name_domain => shortnames, dist_listen => false}),
    try
        true = is_alive(),
        Unnamed = subject:start(Context),
        'nonode@nohost' = peer:call(Unnamed, erlang, node, []),
        Named = subject:start(Context, #{name => message_peer, args => subject:no_epmd()}),
        [begin
             check_echo(Peer, echo),
             check_echo(Peer, registered(Peer)),
             true = self() =:= peer:call(Peer, peer_node, echo, [self()]),
             ok = peer:stop(Peer)
         end || Peer <- [Unnamed, Named]],
        ok
    after
        ok = net_kernel:stop()
    end.

%% OTP 25's own node halts.
to_unregistered_names(#{kind := erl}) ->
    {skipped, "a message to an unknown name halts erl"};
to_unregistered_names(Context) ->
    Peer = subject:start(Context),
    [ok = peer:send(Peer, Name, {self(), hello}) || Name <- [nobody, '', 'é', list_to_atom(lists:duplicate(255, $x))]],
    check_echo(Peer, echo),
    running = peer:get_state(Peer),
    subject:stop(Peer).

to_a_process_that_ended(Context) ->
    Peer = subject:start(Context),
    Ended = peer:call(Peer, erlang, self, []),
    ok = peer:send(Peer, Ended, hello),
    check_echo(Peer, echo),
    subject:stop(Peer).

%% erlang:send/2, called in the peer with a process of its own.
sent_by_the_peer(Context) ->
    Peer = subject:start(Context),
    Message = {self(), "sent by a call"},
    Message = peer:call(Peer, erlang, send, [echo, Message]),
    {echo, "sent by a call"} = receive_echo(),
    Message = peer:call(Peer, erlang, send, [registered(Peer), Message]),
    {echo, "sent by a call"} = receive_echo(),
    {error, badarg, _} = subject:raised(Peer, erlang, send, [nobody, hello]),
    subject:stop(Peer).

registered(Peer) ->
    Echo = peer:call(Peer, erlang, whereis, [echo]),
    true = is_pid(Echo),
    Echo.

check_echo(Peer, To) ->
    [begin
         ok = peer:send(Peer, To, {self(), Content}),
         {echo, Content} = receive_echo()
     end || Content <- [atom, {tuple, [1, 2.5, <<"bin">>]}, #{key => self()}, To, "text"]].

receive_echo() ->
    subject:await_message(echo).
