%% What the Erlang scripts of the benchmarks share. Included by each.
-mode(compile).
-compile([nowarn_unused_function]).

%% A peer of OTP's own module. Connection: "tcp", "standard_io".
start_peer(Connection, Program) ->
    {ok, Peer, _} = peer:start(#{connection => connection(Connection), exec => os:find_executable(Program)}),
    Peer.

connection("standard_io") -> standard_io;
connection("tcp") -> {{127,0,0,1}, 0}.

%% How long it takes, in microseconds.
time(Fun) ->
    Begin = erlang:monotonic_time(nanosecond),
    Fun(),
    (erlang:monotonic_time(nanosecond) - Begin) / 1000.

times(Repeats, Fun) -> [time(Fun) || _ <- lists:seq(1, Repeats)].

quantile(Part, Xs) ->
    lists:nth(min(length(Xs), trunc(Part * length(Xs)) + 1), lists:sort(Xs)).

median(Xs) -> quantile(0.5, Xs).

%% What a benchmark program reads.
figure(Name, Value) -> io:format("~s ~.3f~n", [Name, float(Value)]).
