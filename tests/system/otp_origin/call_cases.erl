%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%
%% peer:call and peer:cast: values, exceptions, and that no call waits for another.
-module(call_cases).

-export([values/1, results_that_look_like_errors/1, throw_is_caught/1, error_is_caught/1, exit_is_caught/1,
         undefined_functions/1, bad_arguments/1, stack_traces/1, applied_functions/1, slow_calls_overlap/1,
         replies_out_of_order/1, many_calls_in_flight/1, call_times_out/1, casts_run/1, failed_cast_is_harmless/1,
         environment_reaches_the_peer/1, os_process_is_known/1]).

-define(UNDEFINED, [{no_such_module, f, [1]}, {lists, no_such_function, [1]}, {lists, reverse, [1, 2, 3]},
                    {peer_node, echo, []}, {'', '', []}]).

values(Context) ->
    Peer = subject:start(Context),
    [3, 2, 1] = peer:call(Peer, lists, reverse, [[1, 2, 3]]),
    ok = peer:call(Peer, timer, sleep, [0]),
    'nonode@nohost' = peer:call(Peer, erlang, node, []),
    Self = peer:call(Peer, erlang, self, []),
    true = is_pid(Self),
    true = Self =/= peer:call(Peer, erlang, self, []), % each call has a process of its own
    undefined = peer:call(Peer, erlang, whereis, [nobody]),
    subject:stop(Peer).

results_that_look_like_errors(Context) ->
    Peer = subject:start(Context),
    Values = [{error, reason}, {ok, value}, {exit, {reason, []}}, badarg, undefined, {badrpc, nodedown},
              {'EXIT', normal}],
    Values = [peer:call(Peer, peer_node, echo, [Value]) || Value <- Values],
    subject:stop(Peer).

throw_is_caught(Context) -> check_raised(Context, throw, throw).
error_is_caught(Context) -> check_raised(Context, error, error).
exit_is_caught(Context) -> check_raised(Context, exit, exit).

check_raised(Context, Function, Class) ->
    Peer = subject:start(Context),
    [{Class, Reason, _} = subject:raised(Peer, erlang, Function, [Reason])
     || Reason <- [ball, {reason, [1, "text", <<"é"/utf8>>]}, normal, kill, 42, [], {1, 2, 3}]],
    'nonode@nohost' = peer:call(Peer, erlang, node, []),
    subject:stop(Peer).

undefined_functions(Context) ->
    Peer = subject:start(Context),
    [{error, undef, [{M, F, A, _} | _]} = subject:raised(Peer, M, F, A) || {M, F, A} <- ?UNDEFINED],
    subject:stop(Peer).

bad_arguments(Context) ->
    Peer = subject:start(Context),
    [{error, badarg, [_ | _]} = subject:raised(Peer, erlang, F, A)
     || {F, A} <- [{whereis, [1]}, {apply, [1, 2, 3]}, {send, [1, message]}]],
    {error, Reason, [_ | _]} = subject:raised(Peer, lists, reverse, [x]),
    true = lists:member(Reason, [badarg, function_clause]), % a BIF's complaint, or that of a function in Erlang
    subject:stop(Peer).

%% peer:call/5 would return `badarg` as the call's value if erlang:raise/3 did not take the trace.
stack_traces(Context) ->
    Peer = subject:start(Context),
    [begin
         {Class, {Reason, Stack}} = subject:answer(subject:ask(Peer, M, F, A)),
         {Class, Reason} = try erlang:raise(Class, Reason, Stack) catch C:R -> {C, R} end
     end || {M, F, A} <- [{erlang, throw, [x]}, {erlang, error, [x]}, {erlang, exit, [x]}, {erlang, whereis, [1]},
                          {lists, reverse, [x]} | ?UNDEFINED]],
    subject:stop(Peer).

applied_functions(Context) ->
    Peer = subject:start(Context),
    [2, 1] = peer:call(Peer, erlang, apply, [lists, reverse, [[1, 2]]]),
    {error, undef, _} = subject:raised(Peer, erlang, apply, [no_such_module, f, []]),
    {throw, ball, _} = subject:raised(Peer, erlang, apply, [erlang, throw, [ball]]),
    subject:stop(Peer).

slow_calls_overlap(Context) ->
    Peer = subject:start(Context),
    Began = erlang:monotonic_time(millisecond),
    Requests = [subject:ask(Peer, timer, sleep, [1000]) || _ <- lists:seq(1, 20)],
    [{ok, ok} = subject:answer(Request) || Request <- Requests],
    Took = erlang:monotonic_time(millisecond) - Began,
    true = Took >= 1000,
    {true, Took} = {Took < 10000, Took}, % one after the other they take 20 s
    subject:stop(Peer).

replies_out_of_order(Context) ->
    Peer = subject:start(Context),
    Slow = subject:ask(Peer, timer, sleep, [2000]),
    Fast = [subject:ask(Peer, peer_node, echo, [I]) || I <- lists:seq(1, 10)],
    [{ok, I} = subject:answer(Request) || {I, Request} <- lists:enumerate(Fast)],
    timeout = gen_server:wait_response(Slow, 0),
    {ok, ok} = subject:answer(Slow),
    subject:stop(Peer).

many_calls_in_flight(Context) ->
    Peer = subject:start(Context),
    Requests = [{I, subject:ask(Peer, peer_node, echo, [{I, <<I:800>>}])} || I <- lists:seq(1, 2000)],
    [{ok, {I, <<I:800>>}} = subject:answer(Request) || {I, Request} <- Requests],
    subject:stop(Peer).

call_times_out(Context) ->
    Peer = subject:start(Context),
    {exit, {timeout, _}} = try peer:call(Peer, timer, sleep, [300], 1) catch C:R -> {C, R} end,
    {ok, ok} = subject:answer(subject:ask(Peer, timer, sleep, [600])), % the late answer comes before this one
    running = peer:get_state(Peer),
    subject:stop(Peer).

casts_run(#{console := Console} = Context) ->
    Peer = subject:start(Context),
    ok = peer:cast(Peer, io, put_chars, ["cast\n"]),
    ok = console:await_output(Console, "cast\n"),
    ok = peer:cast(Peer, timer, sleep, [60000]), % delays nothing
    'nonode@nohost' = peer:call(Peer, erlang, node, []),
    subject:stop(Peer).

failed_cast_is_harmless(Context) ->
    Peer = subject:start(Context),
    [ok = peer:cast(Peer, M, F, A)
     || {M, F, A} <- [{erlang, throw, [x]}, {erlang, error, [x]}, {erlang, exit, [x]} | ?UNDEFINED]],
    'nonode@nohost' = peer:call(Peer, erlang, node, []),
    running = peer:get_state(Peer),
    subject:stop(Peer).

environment_reaches_the_peer(#{marker := Marker} = Context) ->
    Peer = subject:start(Context, #{env => [{"LIBPEER_TEXT", "a=b c"}, {"LIBPEER_UNICODE", [233, 26085]}]}),
    Marker = peer:call(Peer, os, getenv, [os_processes:variable()]),
    "a=b c" = peer:call(Peer, os, getenv, ["LIBPEER_TEXT"]),
    [233, 26085] = peer:call(Peer, os, getenv, ["LIBPEER_UNICODE"]),
    false = peer:call(Peer, os, getenv, ["LIBPEER_NO_SUCH_VARIABLE"]),
    subject:stop(Peer).

os_process_is_known(#{marker := Marker} = Context) ->
    Peer = subject:start(Context),
    Pid = peer:call(Peer, os, getpid, []),
    true = lists:member(list_to_integer(Pid), os_processes:marked(Marker)),
    subject:stop(Peer).
