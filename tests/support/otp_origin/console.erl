%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%
%% A group leader that keeps what is printed and answers requests for input from a queue: the I/O protocol of
%% "The Erlang I/O Protocol" (stdlib user's guide), as far as a line-oriented device needs it.
-module(console).

-export([start/0, stop/1, output/1, input/2, await_output/2, await_prompt/1, clear/1]).

-define(PATIENCE, 30000).

-record(state, {output = <<>> :: binary(),          % what was printed, as UTF-8
                input = [] :: [string() | eof],     % what nobody asked for yet
                pending = [] :: [{pid(), term(), unicode:chardata()}]}). % {From, ReplyAs, Prompt} without an answer

start() ->
    spawn(fun() -> loop(#state{}) end).

stop(Console) ->
    exit(Console, kill).

%% All that was printed so far, in UTF-8.
output(Console) ->
    call(Console, output).

%% Forgets what was printed.
clear(Console) ->
    call(Console, clear).

%% Gives answers to requests for a line, in order: a line with its newline, or eof.
input(Console, Lines) ->
    call(Console, {input, Lines}).

%% Waits until exactly that was printed. Fails as soon as something else was, and if it does not come.
await_output(Console, Expected) ->
    Wanted = unicode:characters_to_binary(Expected),
    await_output(Console, Wanted, erlang:monotonic_time(millisecond) + ?PATIENCE).

await_output(Console, Wanted, Deadline) ->
    Output = output(Console),
    IsPrefix = binary:longest_common_prefix([Output, Wanted]) =:= byte_size(Output),
    Late = erlang:monotonic_time(millisecond) > Deadline,
    if Output =:= Wanted -> ok;
       not IsPrefix; Late -> error({output, difference(Output, Wanted)});
       true -> receive after 5 -> await_output(Console, Wanted, Deadline) end
    end.

%% Where two texts begin to differ, and what each says there.
difference(Output, Wanted) ->
    Same = binary:longest_common_prefix([Output, Wanted]),
    [{same_bytes, Same}, {got, part(Output, Same)}, {wanted, part(Wanted, Same)}].

part(Text, From) ->
    binary:part(Text, From, min(40, byte_size(Text) - From)).

%% Waits until somebody waits for a line. Returns the prompt.
await_prompt(Console) ->
    true = subject:eventually(fun() -> call(Console, prompt) =/= none end, ?PATIENCE),
    call(Console, prompt).

call(Console, Request) ->
    Monitor = monitor(process, Console),
    Console ! {Monitor, self(), Request},
    receive
        {Monitor, Reply} ->
            demonitor(Monitor, [flush]),
            Reply;
        {'DOWN', Monitor, process, Console, Reason} ->
            error({console, Reason})
    end.

loop(State) ->
    receive
        {io_request, From, ReplyAs, Request} ->
            loop(answer_pending(io_request(From, ReplyAs, Request, State)));
        {Tag, From, Request} ->
            {Reply, NewState} = command(Request, State),
            From ! {Tag, Reply},
            loop(answer_pending(NewState))
    end.

command(output, State) -> {State#state.output, State};
command(clear, State) -> {ok, State#state{output = <<>>}};
command({input, Lines}, State) -> {ok, State#state{input = State#state.input ++ Lines}};
command(prompt, #state{pending = []} = State) -> {none, State};
command(prompt, #state{pending = [{_, _, Prompt} | _]} = State) -> {unicode:characters_to_list(Prompt), State}.

answer_pending(#state{pending = [{From, ReplyAs, _} | Pending], input = [Line | Input]} = State) ->
    From ! {io_reply, ReplyAs, Line},
    answer_pending(State#state{pending = Pending, input = Input});
answer_pending(State) ->
    State.

io_request(From, ReplyAs, Request, #state{pending = Pending} = State) ->
    case prompt(Request) of
        {ok, Prompt} ->
            State#state{pending = Pending ++ [{From, ReplyAs, Prompt}]};
        none ->
            {Reply, NewState} = request(Request, State),
            From ! {io_reply, ReplyAs, Reply},
            NewState
    end.

prompt({get_line, _Encoding, Prompt}) -> {ok, Prompt};
prompt({get_line, Prompt}) -> {ok, Prompt};
prompt(_) -> none.

%% The answers that can be given at once.
request({put_chars, Encoding, Module, Function, Args}, State) ->
    try apply(Module, Function, Args) of
        Chars -> request({put_chars, Encoding, Chars}, State)
    catch
        _:_ -> {{error, Function}, State}
    end;
request({put_chars, Encoding, Chars}, #state{output = Output} = State) ->
    try unicode:characters_to_binary(Chars, Encoding, unicode) of
        Text when is_binary(Text) -> {ok, State#state{output = <<Output/binary, Text/binary>>}};
        _ -> {{error, {put_chars, Encoding, Chars}}, State}
    catch
        _:_ -> {{error, {put_chars, Encoding, Chars}}, State}
    end;
request({put_chars, Chars}, State) ->
    request({put_chars, latin1, Chars}, State);
request({put_chars, Module, Function, Args}, State) ->
    request({put_chars, latin1, Module, Function, Args}, State);
request({requests, Requests}, State) ->
    lists:foldl(fun(Request, {ok, S}) -> request(Request, S);
                   (_, Failed) -> Failed
                end, {ok, State}, Requests);
request({setopts, _}, State) ->
    {ok, State};
request(getopts, State) ->
    {[{binary, false}, {encoding, unicode}], State};
request(_, State) ->
    {{error, request}, State}.
