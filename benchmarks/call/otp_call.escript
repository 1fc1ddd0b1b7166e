%% Measures peer:call/4 of OTP: otp_call.escript CALLS. Prints the median and the 99th percentile in microseconds, and the
%% calls per second of one caller with 64 calls outstanding.
main([Calls]) ->
    N = list_to_integer(Calls),
    {ok, Peer, _} = peer:start(#{connection => standard_io}),
    [peer:call(Peer, erlang, abs, [1]) || _ <- lists:seq(1, 1000)],
    Times = lists:sort([timed(fun() -> peer:call(Peer, erlang, abs, [-1]) end) || _ <- lists:seq(1, N)]),
    Pipelined = pipelined(Peer, N),
    io:format("~.1f ~.1f ~w~n", [lists:nth(N div 2, Times) / 1000, lists:nth(N * 99 div 100, Times) / 1000, Pipelined]),
    peer:stop(Peer).

%% 64 processes that call in turn are OTP's way to have 64 calls outstanding.
pipelined(Peer, N) ->
    Begin = erlang:monotonic_time(nanosecond),
    Callers = [spawn_monitor(fun() -> [peer:call(Peer, erlang, abs, [-1]) || _ <- lists:seq(1, N div 64)] end)
               || _ <- lists:seq(1, 64)],
    [receive {'DOWN', Ref, _, _, normal} -> ok end || {_, Ref} <- Callers],
    round(N div 64 * 64 * 1.0e9 / (erlang:monotonic_time(nanosecond) - Begin)).

timed(Fun) ->
    Begin = erlang:monotonic_time(nanosecond),
    1 = Fun(),
    erlang:monotonic_time(nanosecond) - Begin.
