%% Measures peer:stop/1 of OTP, which returns before the process has ended:
%%   otp_stop.escript STOPS standard_io|tcp PROGRAM
-include("../support/otp.hrl").

main([Stops, Connection, Program]) ->
    {Gone, Returned} = lists:unzip([stop(Connection, Program) || _ <- lists:seq(1, list_to_integer(Stops))]),
    figure("stop_ms", median(Gone)),
    figure("returned_ms", median(Returned)).

stop(Connection, Program) ->
    Peer = start_peer(Connection, Program),
    Process = "/proc/" ++ peer:call(Peer, os, getpid, []),
    Begin = erlang:monotonic_time(microsecond),
    peer:stop(Peer),
    Returned = erlang:monotonic_time(microsecond),
    wait_for_end(Process),
    {(erlang:monotonic_time(microsecond) - Begin) / 1000, (Returned - Begin) / 1000}.

wait_for_end(Process) ->
    case file:read_file_info(Process) of
        {error, enoent} -> ok;
        {ok, _} -> timer:sleep(1), wait_for_end(Process)
    end.
