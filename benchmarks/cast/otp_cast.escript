%% Measures peer:cast/4 of OTP: otp_cast.escript CASTS standard_io|tcp PROGRAM.
-include("../support/otp.hrl").

main([Casts, Connection, Program]) ->
    Peer = start_peer(Connection, Program),
    N = list_to_integer(Casts),
    cast_all(Peer, 1000),
    figure("casts_per_s", N * 1.0e6 / time(fun() -> cast_all(Peer, N) end)),
    peer:stop(Peer).

%% The peer has taken in all when it answers the call.
cast_all(Peer, N) ->
    [peer:cast(Peer, erlang, node, []) || _ <- lists:seq(1, N)],
    nonode@nohost = peer:call(Peer, erlang, node, [], infinity).
