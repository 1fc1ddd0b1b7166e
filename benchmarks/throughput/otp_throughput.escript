%% Measures many processes that call by peer:call/5 of OTP:
%%   otp_throughput.escript CALLS PROCESSES standard_io|tcp PROGRAM
-include("../support/otp.hrl").

main([Calls, Processes, Connection, Program]) ->
    Peer = start_peer(Connection, Program),
    Callers = list_to_integer(Processes),
    Each = list_to_integer(Calls) div Callers,
    call_all(Peer, Callers, 1000 div Callers),
    figure("calls_per_s", Callers * Each * 1.0e6 / time(fun() -> call_all(Peer, Callers, Each) end)),
    peer:stop(Peer).

call_all(Peer, Callers, Each) ->
    Started = [spawn_monitor(fun() -> [call(Peer) || _ <- lists:seq(1, Each)] end) || _ <- lists:seq(1, Callers)],
    [receive {'DOWN', Ref, _, _, normal} -> ok end || {_, Ref} <- Started].

call(Peer) ->
    nonode@nohost = peer:call(Peer, erlang, node, [], infinity).
