%% Measures peer:start/1 of OTP: otp_start.escript STARTS AT_ONCE standard_io|tcp PROGRAM.
-include("../support/otp.hrl").

main([Starts, AtOnce, Connection, Program]) ->
    Start = fun() -> self() ! {peer, start_peer(Connection, Program)} end,
    figure("ms", median([begin
                             Passed = time(Start),
                             receive {peer, Peer} -> peer:stop(Peer) end,
                             Passed / 1000
                         end || _ <- lists:seq(1, list_to_integer(Starts))])),
    figure("all_at_once_ms", time(fun() -> all_at_once(Connection, Program, list_to_integer(AtOnce)) end) / 1000).

%% Each peer is started by a process of its own, and stays until the script ends.
all_at_once(Connection, Program, N) ->
    Origin = self(),
    [spawn_link(fun() -> start_peer(Connection, Program), Origin ! runs end) || _ <- lists:seq(1, N)],
    [receive runs -> ok end || _ <- lists:seq(1, N)].
