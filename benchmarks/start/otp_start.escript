%% Measures peer:start/1 of OTP: otp_start.escript STARTS standard_io|tcp. Prints milliseconds, one line for each start.
main([Starts, Connection]) ->
    Kind = case Connection of "standard_io" -> standard_io; "tcp" -> {{127,0,0,1}, 0} end,
    [start(Kind) || _ <- lists:seq(1, list_to_integer(Starts))].

start(Kind) ->
    Begin = erlang:monotonic_time(microsecond),
    {ok, Peer, _} = peer:start(#{connection => Kind}),
    io:format("~.3f~n", [(erlang:monotonic_time(microsecond) - Begin) / 1000]),
    peer:stop(Peer).
