%% Measures peer:call/4 of OTP: otp_call.escript CALLS standard_io|tcp PROGRAM.
-include("../support/otp.hrl").

main([Calls, Connection, Program]) ->
    Peer = start_peer(Connection, Program),
    Call = fun() -> nonode@nohost = peer:call(Peer, erlang, node, []) end,
    times(1000, Call),
    Times = times(list_to_integer(Calls), Call),
    figure("median_us", median(Times)),
    figure("p99_us", quantile(0.99, Times)),
    peer:stop(Peer).
