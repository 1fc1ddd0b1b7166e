%% Measures io:put_chars/1 in a peer of OTP, to the origin's group leader: otp_io.escript LINES standard_io|tcp PROGRAM.
-include("../support/otp.hrl").

main([Lines, Connection, Program]) ->
    Console = group_leader(),
    Counter = spawn_link(fun() -> count(0) end),
    group_leader(Counter, self()),
    Peer = start_peer(Connection, Program),
    N = list_to_integer(Lines) div 1000 * 1000,
    print(Peer, 1000),
    Passed = time(fun() -> print(Peer, N) end),
    Counter ! {counted, self()},
    Counted = N + 1000,
    receive {counted, Counted} -> ok end,
    peer:stop(Peer),
    group_leader(Console, self()),
    figure("lines_per_s", N * 1.0e6 / Passed).

%% Calls of 1,000 lines each, so that the arguments do not count. Each line waits for its answer.
print(Peer, N) ->
    Lines = lists:duplicate(1000, <<"2026-01-01 12:00:00 worker: step 1 of 9 is done\n">>),
    [ok = peer:call(Peer, lists, foreach, [fun io:put_chars/1, Lines], infinity) || _ <- lists:seq(1, N div 1000)].

%% A group leader that counts lines.
count(N) ->
    receive
        {io_request, From, As, _} -> From ! {io_reply, As, ok}, count(N + 1);
        {counted, Who} -> Who ! {counted, N}, count(N)
    end.
