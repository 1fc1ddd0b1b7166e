%% Measures peer:call/5 of OTP with a large binary: otp_bandwidth.escript MIB standard_io|tcp PROGRAM. Prints milliseconds.
main([Size, Connection, Program]) ->
    Kind = case Connection of "standard_io" -> standard_io; "tcp" -> {{127,0,0,1}, 0} end,
    {ok, Peer, _} = peer:start(#{connection => Kind, exec => os:find_executable(Program)}),
    Payload = binary:copy(<<"libpeer ">>, list_to_integer(Size) bsl 17),
    Begin = erlang:monotonic_time(microsecond),
    Payload = peer:call(Peer, erlang, max, [Payload, 0], infinity),
    io:format("~.1f~n", [(erlang:monotonic_time(microsecond) - Begin) / 1000]),
    peer:stop(Peer).
