%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%
%% Terms of every kind go through the peer and come back the same.
-module(term_cases).

-export([integers/1, floats/1, atoms/1, lists/1, binaries/1, tuples/1, maps/1, identifiers/1, functions/1, nested/1,
         compressed/1, large_binary/1]).

integers(Context) ->
    Limits = [7, 8, 15, 16, 27, 28, 31, 32, 59, 60, 63, 64, 127, 128, 2039, 2040, 2047, 2048, 20000], % in bits
    Powers = [Sign * (1 bsl Bits) + Delta || Bits <- Limits, Sign <- [1, -1], Delta <- [-1, 0, 1]],
    check(Context, [0, 1, -1, 42 | Powers]).

floats(Context) ->
    <<Smallest/float>> = <<1:64>>,
    <<Largest/float>> = <<16#7FEFFFFFFFFFFFFF:64>>,
    check(Context, [0.0, -0.0, 1.0, -2.5, 0.1, 1.0e100, -1.0e-100, math:pi(), 9007199254740993.0, Smallest, Largest,
                    -Largest]).

atoms(Context) ->
    check(Context, [a, true, '', 'Quoted atom', 'with \' and \\', '\0\n', 'é', '日本語', '😀',
                    list_to_atom(lists:duplicate(255, $a)), list_to_atom(lists:duplicate(255, 233)),
                    list_to_atom(lists:duplicate(255, 26085)), list_to_atom(lists:duplicate(255, 16#1F600))]).

lists(Context) ->
    check(Context, [[], "text", "\0\xff", [256], [1, a], [[]], [[], [[]]], [233, 26085], [a | b], [1, 2 | 3],
                    [[a | b] | <<"c">>], lists:duplicate(255, 0), lists:duplicate(65535, 255),
                    lists:duplicate(65536, 7), lists:seq(1, 70000)]).

binaries(Context) ->
    check(Context, [<<>>, <<0>>, list_to_binary(lists:seq(0, 255)), <<"é日本語"/utf8>>, binary:copy(<<"abc">>, 30000),
                    <<1:1>>, <<5:7>>, <<0:9>>, <<255, 1:3>>, <<(binary:copy(<<170>>, 1000))/binary, 2:2>>,
                    binary:part(binary:copy(<<"sub">>, 1000), 7, 500)]).

tuples(Context) ->
    check(Context, [{}, {a}, {1, {2, {3}}}, list_to_tuple(lists:seq(1, 255)), list_to_tuple(lists:seq(1, 256)),
                    list_to_tuple(lists:duplicate(300, element)), {<<"mixed">>, 1.5, [a | b], #{}}]).

maps(Context) ->
    Numbers = lists:seq(1, 100),
    check(Context, [#{}, #{a => 1}, #{"text" => <<"value">>, 1 => 2, 1.0 => 3, {t} => #{inner => []}, [] => {}},
                    maps:from_list([{I, I * I} || I <- Numbers]),
                    maps:from_list([{{key, I}, #{I => [I]}} || I <- Numbers]),
                    maps:from_list([{<<I>>, I} || I <- lists:seq(1, 33)])]).

%% Those of the origin, and of another node.
identifiers(Context) ->
    Foreign = [binary_to_term(Bytes) || Bytes <- foreign_identifiers()],
    check(Context, [self(), whereis(init), make_ref(), hd(erlang:ports()), lists:last(erlang:ports()),
                    {self(), [make_ref() | self()]} | Foreign]).

foreign_identifiers() ->
    Node = <<119, 10, "other@host">>,
    [<<131, 88, Node/binary, 93:32, 7:32, 1700000000:32>>,
     <<131, 90, 3:16, Node/binary, 1700000000:32, 1:32, 2:32, 3:32>>,
     <<131, 90, 5:16, Node/binary, 1700000000:32, 1:32, 2:32, 3:32, 4:32, 5:32>>,
     <<131, 89, Node/binary, 12:32, 1700000000:32>>,
     <<131, 120, Node/binary, (1 bsl 40):64, 1700000000:32>>].

functions(Context) ->
    Captured = {self(), <<"captured">>, [1, 2.5]},
    Closure = fun(X) -> {X, Captured} end,
    Peer = subject:start(Context),
    Returned = peer:call(Peer, peer_node, echo, [Closure]),
    {true, {1, Captured}} = {Returned =:= Closure, Returned(1)},
    ok = subject:stop(Peer),
    check(Context, [fun lists:map/2, fun erlang:node/0, fun no_such_module:f/255, Closure, fun check/2,
                    [fun() -> ok end]]).

nested(Context) ->
    Nest = fun(Levels, Wrap) -> lists:foldl(fun(_, Inner) -> Wrap(Inner) end, core, lists:seq(1, Levels)) end,
    check(Context, [Nest(200, fun(Inner) -> [Inner] end),
                    Nest(200, fun(Inner) -> {Inner} end),
                    Nest(200, fun(Inner) -> #{key => Inner} end),
                    Nest(200, fun(Inner) -> #{Inner => value} end),
                    Nest(200, fun(Inner) -> [a | Inner] end),
                    Nest(100000, fun(Inner) -> [Inner] end),
                    Nest(70, fun(Inner) -> [{1, #{k => Inner}} | <<"tail">>] end)]).

%% term_to_binary/2 may compress; OTP's origin does not, so that the message is written past it.
compressed(#{connection := Connection} = Context) ->
    Peer = subject:start(Context),
    Term = {lists:duplicate(10000, <<"again">>), binary:copy(<<"and again ">>, 10000)},
    Message = term_to_binary({message, echo, {self(), Term}}, [{compressed, 9}]),
    <<131, 80, _/binary>> = Message,
    Channel = channel(Peer),
    ok = case Connection of
             standard_io -> true = erlang:port_command(Channel, nibbles(Message)), ok;
             _ -> gen_tcp:send(Channel, Message)
         end,
    {echo, Term} = subject:await_message(echo),
    subject:stop(Peer).

%% The port or socket that the control process holds.
channel(Peer) ->
    [Channel] = [Field || Field <- tuple_to_list(sys:get_state(Peer)), is_port(Field)],
    Channel.

nibbles(Bytes) ->
    Frame = <<(byte_size(Bytes)):32, Bytes/binary, (erlang:crc32(Bytes)):32>>,
    << <<(16#C3 bor (Nibble bsl 2))>> || <<Nibble:4>> <= Frame >>.

large_binary(Context) ->
    Peer = subject:start(Context),
    Bytes = rand:bytes(8 * 1024 * 1024),
    {ok, Echoed} = subject:answer(subject:ask(Peer, peer_node, echo, [Bytes])),
    true = Echoed =:= Bytes,
    'nonode@nohost' = peer:call(Peer, erlang, node, []),
    subject:stop(Peer).

%% One by one, so that a failure names the term, and all in one.
check(Context, Terms) ->
    Peer = subject:start(Context),
    [same(Term, peer:call(Peer, peer_node, echo, [Term])) || Term <- Terms],
    same(Terms, peer:call(Peer, peer_node, echo, [Terms])),
    subject:stop(Peer).

%% Also in its bytes: 0.0 =:= -0.0 in OTP 25.
same(Term, Echoed) ->
    Term =:= Echoed orelse error({changed, Term, Echoed}),
    term_to_binary(Term) =:= term_to_binary(Echoed) orelse error({bytes_changed, term_to_binary(Term), Echoed}).
