%% Measures peer:call/4 of OTP: otp_call.escript CALLS standard_io|tcp PROGRAM.
-mode(compile).

main([Calls, Connection, Program]) ->
    N = list_to_integer(Calls),
    Kind = case Connection of "standard_io" -> standard_io; "tcp" -> {{127,0,0,1}, 0} end,
    {ok, Peer, _} = peer:start(#{connection => Kind, exec => os:find_executable(Program)}),
    [call(Peer) || _ <- lists:seq(1, 1000)],
    Times = lists:sort([timed(fun() -> call(Peer) end) || _ <- lists:seq(1, N)]),
    io:format("median_us ~.2f~np99_us ~.2f~n", [lists:nth((N + 1) div 2, Times) / 1000, lists:nth((N * 99 + 99) div 100, Times) / 1000]),
    peer:stop(Peer).

call(Peer) ->
    nonode@nohost = peer:call(Peer, erlang, node, []).

timed(Fun) ->
    Begin = erlang:monotonic_time(nanosecond),
    Fun(),
    erlang:monotonic_time(nanosecond) - Begin.
