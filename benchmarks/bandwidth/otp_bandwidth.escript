%% Measures peer:call/5 of OTP with large binaries:
%%   otp_bandwidth.escript REPEATS LARGEST,QUADRATIC standard_io|tcp PROGRAM
%% The limits are in MiB; the second is that over standard_io, whose time grows with the square.
-include("../support/otp.hrl").
-define(MIB, 1048576).

main([Repeats, Limits, Connection, Program]) ->
    [Largest, Quadratic] = [list_to_integer(X) * ?MIB || X <- string:split(Limits, ",")],
    Limit = case Connection of "standard_io" -> Quadratic; "tcp" -> Largest end,
    [peaks(start_peer(Connection, Program), 64 * ?MIB) || 64 * ?MIB =< Limit],
    Peer = start_peer(Connection, Program),
    [measure(Peer, Name, Size, Times * list_to_integer(Repeats))
     || {Name, Size, Times} <- [{"64KiB", ?MIB div 16, 16}, {"1MiB", ?MIB, 8}, {"8MiB", 8 * ?MIB, 4},
                                {"64MiB", 64 * ?MIB, 1}],
        Size =< Limit],
    peer:stop(Peer).

measure(Peer, Name, Size, Repeats) ->
    Payload = binary:copy(<<"x">>, Size),
    Times = times(Repeats, fun() -> Payload = peer:call(Peer, erlang, max, [Payload, 0], infinity) end),
    figure(Name ++ "_MiB_per_s", Size / ?MIB / (median(Times) / 1.0e6)).

%% Both sides' peaks in the first call of a fresh peer, as multiples of the payload.
peaks(Peer, Size) ->
    Here = os:getpid(),
    There = peer:call(Peer, os, getpid, []),
    Before = [reset_peak(Process) || Process <- [Here, There]],
    Payload = binary:copy(<<"x">>, Size),
    Payload = peer:call(Peer, erlang, max, [Payload, 0], infinity),
    [Origin, Other] = [(status(Process, "VmHWM") - Least) * 1024 / Size
                       || {Process, Least} <- lists:zip([Here, There], Before)],
    figure("origin_peak_x", Origin),
    figure("peer_peak_x", Other),
    peer:stop(Peer).

%% Sets a process's peak to what is resident now, and tells that.
reset_peak(Process) ->
    {ok, File} = file:open("/proc/" ++ Process ++ "/clear_refs", [raw, write]),
    ok = file:write(File, "5"),
    ok = file:close(File),
    status(Process, "VmRSS").

%% KiB
status(Process, Key) ->
    Text = os:cmd("grep " ++ Key ++ ": /proc/" ++ Process ++ "/status"),
    list_to_integer(hd(string:lexemes(Text -- (Key ++ ":"), "\t kB\n"))).
