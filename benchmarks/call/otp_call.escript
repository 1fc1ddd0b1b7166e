%% Measures peer:call/4 of OTP: otp_call.escript CALLS standard_io|tcp PROGRAM. Prints the median and the 99th percentile in
%% microseconds, and the calls per second of 64 callers.
main([Calls, Connection, Program]) ->
    N = list_to_integer(Calls),
    Kind = case Connection of "standard_io" -> standard_io; "tcp" -> {{127,0,0,1}, 0} end,
    {ok, Peer, _} = peer:start(#{connection => Kind, exec => os:find_executable(Program)}),
    [call(Peer) || _ <- lists:seq(1, 1000)],
    Times = lists:sort([timed(fun() -> call(Peer) end) || _ <- lists:seq(1, N)]),
    Pipelined = pipelined(Peer, N),
    io:format("~.1f ~.1f ~w~n", [lists:nth(N div 2, Times) / 1000, lists:nth(N * 99 div 100, Times) / 1000, Pipelined]),
    peer:stop(Peer).

call(Peer) ->
    nonode@nohost = peer:call(Peer, erlang, node, []).

%% 64 processes that call in turn are OTP's way to have 64 calls outstanding.
pipelined(Peer, N) ->
    Begin = erlang:monotonic_time(nanosecond),
    Callers = [spawn_monitor(fun() -> [call(Peer) || _ <- lists:seq(1, N div 64)] end)
               || _ <- lists:seq(1, 64)],
    [receive {'DOWN', Ref, _, _, normal} -> ok end || {_, Ref} <- Callers],
    round(N div 64 * 64 * 1.0e9 / (erlang:monotonic_time(nanosecond) - Begin)).

timed(Fun) ->
    Begin = erlang:monotonic_time(nanosecond),
    Fun(),
    erlang:monotonic_time(nanosecond) - Begin.
