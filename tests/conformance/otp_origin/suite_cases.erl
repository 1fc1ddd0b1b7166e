%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%
%% The cases of OTP's peer_SUITE under their names, with OTP's `peer` as origin of a libpeer node.
-module(suite_cases).

-export([errors/1, dist/1, peer_down_crash/1, peer_down_crash_tcp/1, peer_down_continue/1, peer_down_boot/1,
         dist_io_redirect/1, dist_up_down/1, dist_localhost/1, post_process_args/1, attached/1,
         attached_cntrl_channel_handler_crash/1, cntrl_channel_handler_crash/1,
         cntrl_channel_handler_crash_old_release/1, shutdown_halt/1, shutdown_halt_timeout/1, shutdown_stop/1,
         shutdown_stop_timeout/1, shutdown_close/1, basic/1, peer_states/1, cast/1, detached/1, dyn_peer/1,
         stop_peer/1, io_redirect/1, multi_node/1, duplicate_name/1, init_debug/1, old_release/1, ssh/1, docker/1]).

-define(LOAD, 2000). % how much longer than OTP's suite allows a step may take: the machine may have other work

%% -- options and boot -------------------------------------------------------------------------------------------------

errors(_) ->
    {skipped, "OTP's own module refuses, and no peer starts"}.

peer_down_boot(#{connection := standard_io} = Context) ->
    Options = #{name => not_booted, args => ["-name", "@"]},
    {boot_failed, {exit_status, 1}} = try subject:start_raw(Context, Options) catch exit:Reason -> Reason end,
    {ok, "the bad argument is `-name @`: a libpeer node needs no epmd"};
peer_down_boot(_) ->
    {skipped, "OTP runs it over standard I/O"}.

post_process_args(_) ->
    {skipped, "this version of OTP's `peer` has no option `post_process_args`"}.

attached(_) ->
    {skipped, "this version of OTP's `peer` has no option `detached`"}.

attached_cntrl_channel_handler_crash(Context) ->
    attached(Context).

peer_states(Context) ->
    {Exec, Open} = subject:gate(Context),
    {ok, Peer} = subject:start_raw(Context, #{exec => Exec, wait_boot => {self(), tag}, peer_down => continue}),
    booting = peer:get_state(Peer),
    Open(),
    {tag, {started, 'nonode@nohost', Peer}} = subject:await_message(started),
    running = peer:get_state(Peer),
    ok = peer:cast(Peer, erlang, halt, []),
    subject:equal(subject:end_reason(Context, {exit_status, 0}), subject:down_reason(Peer)),
    stop(Context, Peer).

multi_node(Context) ->
    Names = [multi_1, multi_2, multi_3, multi_4],
    Peers = [begin
                 Options = named(Name),
                 {ok, Peer} = subject:start_raw(Context, Options#{wait_boot => {self(), tag}}),
                 Peer
             end || Name <- Names],
    Started = [begin
                   {tag, {started, Node, Peer}} = subject:await_message(started),
                   Node = peer:call(Peer, erlang, node, []),
                   Peer
               end || _ <- Peers],
    subject:equal(lists:sort(Peers), lists:sort(Started)),
    [ok = subject:stop(Peer) || Peer <- Peers],
    true = subject:is_gone(Context),
    ok.

duplicate_name(_) ->
    {skipped, "the name of a libpeer node is registered nowhere"}.

init_debug(#{connection := standard_io}) ->
    {skipped, "a libpeer node has no boot script"};
init_debug(_) ->
    {skipped, "OTP runs it over standard I/O"}.

old_release(_) ->
    {skipped, "there is no older release: Debian has one Erlang"}.

ssh(#{connection := standard_io, directory := Directory, peer := Program} = Context) ->
    ssh_server:with(Directory, fun(Login) ->
                                       Options = named(ssh),
                                       Remote = Options#{host => "localhost", exec => Login(Program)},
                                       {ok, Peer, 'ssh@localhost' = Node} = subject:start_raw(Context, Remote),
                                       Node = peer:call(Peer, erlang, node, []),
                                       stop(Context, Peer)
                               end);
ssh(_) ->
    {skipped, "OTP runs it over standard I/O"}.

docker(#{peer := Program} = Context) ->
    Arguments = ["--dev-bind", "/", "/", "--unshare-pid", "--proc", "/proc", "--die-with-parent", Program],
    Options = named(docker),
    {ok, Peer, Node} = subject:start_raw(Context, Options#{exec => {os:find_executable("bwrap"), Arguments}}),
    Node = peer:call(Peer, erlang, node, []),
    ok = stop(Context, Peer),
    {ok, "a container of bubblewrap, with process ids of its own"}.

%% -- distribution -----------------------------------------------------------------------------------------------------

dist(Context) ->
    Peer = subject:start(Context),
    Monitor = monitor(process, Peer),
    kill(Context),
    {'DOWN', Monitor, process, Peer, normal} = subject:await_message(down),
    {noproc, _} = try peer:get_state(Peer) catch exit:Reason -> Reason end,
    {ok, "the peer is killed instead of disconnected; `erpc`, and `call` without a connection, are left out"}.

peer_down_crash(Context) ->
    Peer = subject:start(Context, #{peer_down => crash}),
    Monitor = monitor(process, Peer),
    kill(Context),
    {'DOWN', Monitor, process, Peer, Reason} = subject:await_message(down),
    subject:equal(subject:end_reason(Context, {exit_status, 137}), Reason),
    {ok, "the peer is killed instead of disconnected; the reason is that of the connection, not `{nodedown,Node}`"}.

peer_down_crash_tcp(#{connection := standard_io}) ->
    {skipped, "OTP runs it over TCP"};
peer_down_crash_tcp(Context) ->
    Options = named(peer_down_crash_tcp),
    {ok, Peer, Node} = subject:start_raw(Context, Options#{peer_down => crash}),
    Node = peer:call(Peer, erlang, node, []),
    [] = nodes(connected),
    Monitor = monitor(process, Peer),
    ok = peer:cast(Peer, erlang, halt, []),
    {'DOWN', Monitor, process, Peer, tcp_closed} = subject:await_message(down),
    ok.

peer_down_continue(Context) ->
    Peer = subject:start(Context, #{peer_down => continue}),
    ok = peer:cast(Peer, erlang, halt, []),
    subject:equal(subject:end_reason(Context, {exit_status, 0}), subject:down_reason(Peer)),
    stop(Context, Peer).

dist_io_redirect(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    ok = peer:call(Peer, io, format, [user, "STRONGFLOUR.", []]),
    ok = peer:call(Peer, io, format, ["second."]),
    ok = console:await_output(Console, "STRONGFLOUR.second."),
    ok = stop(Context, Peer),
    {ok, "printed by calls, not by `erpc`; a libpeer node has no `-eval`"}.

dist_up_down(_) ->
    {skipped, "a libpeer node has no distribution"}.

dist_localhost(Context) ->
    {ok, Host} = inet:gethostname(),
    [begin
         Options = named(Name),
         {ok, Peer, Node} = subject:start_raw(Context, Options#{host => At}),
         subject:equal(lists:concat([Name, "@", At]), atom_to_list(Node)),
         Node = peer:call(Peer, erlang, node, []),
         ok = stop(Context, Peer)
     end || {Name, At} <- [{dist_localhost_1, "localhost"}, {dist_localhost_2, hd(string:split(Host, "."))}]],
    {ok, "the names only: a libpeer node has no distribution"}.

dyn_peer(_) ->
    {skipped, "a libpeer node has no distribution"}.

%% -- calls, casts, messages and output --------------------------------------------------------------------------------

basic(Context) ->
    Peer = subject:start(Context),
    check_basics(Peer),
    ok = stop(Context, Peer),
    {ok, "an actor of the node forwards the message; a libpeer node has no `code:add_path`"}.

check_basics(Peer) ->
    'nonode@nohost' = peer:call(Peer, erlang, node, []),
    {throw, ball, _} = subject:raised(Peer, erlang, throw, [ball]),
    Echo = peer:call(Peer, erlang, whereis, [echo]),
    ok = peer:send(Peer, Echo, {self(), message}),
    {echo, message} = subject:await_message(message).

detached(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    check_basics(Peer),
    ok = peer:call(Peer, io, format, ["one."]),
    ok = peer:call(Peer, io, format, ["two."]),
    ok = console:await_output(Console, "one.two."),
    ok = stop(Context, Peer),
    {ok, "an actor of the node forwards the message; a libpeer node has no `code:add_path`"}.

cast(Context) ->
    Peer = subject:start(Context),
    ok = peer:cast(Peer, erlang, send, [echo, {self(), value}]),
    {echo, value} = subject:await_message(value),
    ok = stop(Context, Peer),
    {ok, "the cast sends a message: a libpeer node has no `application:set_env`"}.

io_redirect(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    ok = peer:call(Peer, io, format, [user, "test.", []]),
    ok = peer:call(Peer, io, format, ["second."]),
    ok = console:await_output(Console, "test.second."),
    [] = nodes(connected),
    stop(Context, Peer).

%% -- the end ----------------------------------------------------------------------------------------------------------

stop_peer(Context) ->
    {ok, Peer, _} = subject:start_raw(Context, named(stop_peer)),
    ok = peer:cast(Peer, timer, sleep, [60000]),
    ok = stop(Context, Peer),
    {ok, "a cast sleeps: a libpeer node has no `-eval`"}.

%% A libpeer node has no distribution: `sys:get_state/1` goes over the control connection.
cntrl_channel_handler_crash(Context) ->
    Options = named(cntrl_channel_handler_crash),
    {ok, Peer, _} = subject:start_raw(Context, Options#{peer_down => crash}),
    Monitor = monitor(process, Peer),
    Tag = make_ref(),
    ok = peer:send(Peer, peer_supervision, {system, {self(), Tag}, get_state}),
    {Tag, {peer_sup_state, _, Handler, _}} = subject:await_message(state),
    ok = peer:cast(Peer, erlang, exit, [Handler, kill]),
    {'DOWN', Monitor, process, Peer, Reason} = subject:await_message(down),
    ok = subject:equal(subject:end_reason(Context, {exit_status, 1}), Reason),
    true = subject:is_gone(Context),
    {ok, "the handler is found by the state of `peer_supervision`"}.

cntrl_channel_handler_crash_old_release(_) ->
    {skipped, "there is no older release: Debian has one Erlang"}.

shutdown_halt(Context) ->
    ok = check_shutdown(Context, halt, 500, {0, 1000}),
    {ok, "OTP waits for the end of the distribution only, which is not there"}.

shutdown_halt_timeout(Context) ->
    ok = check_shutdown(Context, {halt, 1000}, 5000, {0, 1500}),
    {ok, "OTP waits for the end of the distribution only, which is not there"}.

%% The form with a node sends the request over the control connection: OTP's test server uses it.
shutdown_stop(Context) ->
    ok = check_shutdown(Context, {infinity, node()}, 500, {500, 2000}),
    {ok, "in the form `{Timeout,CoverNode}`: otherwise OTP asks over distribution"}.

shutdown_stop_timeout(Context) ->
    ok = check_shutdown(Context, {1000, node()}, 5000, {1000, 2500}),
    {ok, "in the form `{Timeout,CoverNode}`: otherwise OTP asks over distribution"}.

shutdown_close(Context) ->
    check_shutdown(Context, close, 5000, {0, 200}).

%% Stops a peer that is suspended for some time. It ends when it goes on.
check_shutdown(#{marker := Marker} = Context, Shutdown, Blocked, {Least, Most}) ->
    Options = named(shutdown),
    {ok, Peer, _} = subject:start_raw(Context, Options#{shutdown => Shutdown}),
    [Process] = os_processes:marked(Marker),
    os_processes:kill(Process, "STOP"),
    Resume = fun() -> os_processes:kill(Process, "CONT") end,
    {ok, Timer} = timer:apply_after(Blocked, erlang, apply, [Resume, []]),
    Began = erlang:monotonic_time(millisecond),
    ok = subject:stop(Peer),
    Took = erlang:monotonic_time(millisecond) - Began,
    {ok, cancel} = timer:cancel(Timer),
    Resume(),
    {true, Took} = {Took + 50 >= Least andalso Took =< Most + ?LOAD, Took}, % the timer began before the clock
    true = subject:is_gone(Context),
    ok.

%% -- peers ------------------------------------------------------------------------------------------------------------

named(Name) ->
    #{name => Name, args => subject:no_epmd()}.

stop(Context, Peer) ->
    ok = subject:stop(Peer),
    true = subject:is_gone(Context),
    ok.

kill(#{marker := Marker}) ->
    [Process] = os_processes:marked(Marker),
    os_processes:kill(Process, "KILL").
