#!/usr/bin/env escript
%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%! -noinput +S 1:1
%%
%% Runs scripts through OTP's own supervisor and tells what happened.
%%
%%     otp_supervisor.escript SCRIPTS TRACES
%%
%% SCRIPTS has an Erlang term per line (see script.hpp); the lines of a trace are explained in trace.hpp.
%% With one scheduler what a child's end sets off comes after it, for everybody who watches.
-module(otp_supervisor).
-mode(compile).
-export([main/1, init/1, start/2]).

main([Scripts, Traces]) ->
    ok = logger:set_primary_config(level, none),
    {ok, All} = file:consult(Scripts),
    {ok, File} = file:open(Traces, [write, delayed_write]),
    lists:foreach(fun(Script) -> ok = file:write(File, in_own_process(Script)) end, All),
    ok = file:close(File).

in_own_process(Script) ->
    {_, Monitor} = spawn_monitor(fun() -> exit({trace, run(Script)}) end),
    receive {'DOWN', Monitor, process, _, {trace, Trace}} -> Trace end.

run({Number, Strategy, Intensity, AutoShutdown, Children, Steps}) ->
    process_flag(trap_exit, true),
    Recorder = spawn_link(fun() -> record([], #{}, #{}) end),
    Flags = #{strategy => Strategy, intensity => Intensity, period => 1000000, auto_shutdown => AutoShutdown},
    Context = #{recorder => Recorder, simple => Strategy =:= simple_one_for_one, supervisor => undefined,
                start => {Flags, [spec(Recorder, Child) || Child <- Children]}, dynamic => 0},
    Trace = [io_lib:format("script ~p~n", [Number]) | steps(Steps, 1, Context)],
    unlink(Recorder),
    exit(Recorder, kill),
    lists:flatten(Trace).

spec(Recorder, {Id, Restart, Significant, Shutdown, Type}) ->
    Given = maps:filter(fun(_, Value) -> Value =/= default end, #{shutdown => Shutdown, type => Type}),
    Given#{id => Id, start => {?MODULE, start, [Recorder | [Id || Id =/= w]]}, restart => Restart,
           significant => Significant}.

%% -- steps --

steps([], _, #{supervisor := Supervisor}) when is_pid(Supervisor) ->
    unlink(Supervisor),
    exit(Supervisor, kill),
    [];
steps([], _, _) ->
    [];
steps([Step | Rest], Number, Context) ->
    {Answers, Next} = step(Step, Context),
    State = settle(Next),
    Lines = [io_lib:format("step ~p~n", [Number]), events(Next),
             [io_lib:format("answer ~s~n", [Answer]) || Answer <- Answers, Answer =/= none], State],
    case State of
        ["over" | _] -> Lines;
        _ -> [Lines | steps(Rest, Number + 1, Next)]
    end.

step({boot}, #{start := Start} = Context) ->
    case supervisor:start_link(?MODULE, Start) of
        {ok, Supervisor} ->
            {["ok"], Context#{supervisor := Supervisor}};
        {error, Reason} ->
            receive {'EXIT', _, Reason} -> {["failed"], Context#{supervisor := {ended, Reason}}} end
    end;
step({batch, Steps}, #{supervisor := Supervisor} = Context) ->
    ok = sys:suspend(Supervisor),
    {Waiting, Next} = lists:mapfoldl(fun begin_in_batch/2, Context, Steps),
    catch sys:resume(Supervisor),
    {[Finish() || Finish <- Waiting], Next};
step(Step, Context) ->
    {Finish, Next} = begin_step(Step, Context),
    {[Finish()], Next}.

begin_in_batch({exit, _, _} = Step, #{supervisor := Supervisor} = Context) ->
    {Pid, Next} = end_child(Step, Context),
    until(fun() ->
              {messages, Messages} = process_info(Supervisor, messages),
              Pid =:= none orelse lists:any(fun(M) -> is_tuple(M) andalso element(1, M) =:= 'EXIT'
                                                      andalso element(2, M) =:= Pid end, Messages)
          end),
    {fun() -> none end, Next};
begin_in_batch(Step, Context) ->
    begin_step(Step, Context).

%% Begins a step, and gives what waits for its answer.
begin_step({exit, _, _} = Step, Context) ->
    {_, Next} = end_child(Step, Context),
    {fun() -> none end, Next};
begin_step({Plan, _, _} = Step, #{recorder := Recorder} = Context) when Plan =:= fail; Plan =:= ignore ->
    ok = ask(Recorder, Step),
    {fun() -> none end, Context};
begin_step({shutdown}, #{supervisor := Supervisor} = Context) ->
    exit(Supervisor, shutdown),
    {fun() -> none end, Context};
begin_step({start_dynamic}, #{dynamic := Number} = Context) ->
    Name = list_to_atom("w-" ++ integer_to_list(Number + 1)),
    {request({start_child, [Name]}, Context), Context#{dynamic := Number + 1}};
begin_step({start_child, Child}, #{recorder := Recorder} = Context) ->
    {request({start_child, spec(Recorder, Child)}, Context), Context};
begin_step({terminate, Name}, #{simple := true, recorder := Recorder} = Context) ->
    %% OTP knows these children by their pids; there is none for one that has never run.
    case ask(Recorder, {last_pid, Name}) of
        none -> {fun() -> "not_found" end, Context};
        Pid -> {request({terminate_child, Pid}, Context), Context}
    end;
begin_step({terminate, Id}, Context) ->
    {request({terminate_child, Id}, Context), Context};
begin_step({restart, Id}, Context) ->
    {request({restart_child, Id}, Context), Context};
begin_step({delete, Id}, Context) ->
    {request({delete_child, Id}, Context), Context};
begin_step({childspec, Id}, Context) ->
    {request({get_childspec, Id}, Context), Context}.

end_child({exit, Name, Reason}, #{recorder := Recorder} = Context) ->
    {ask(Recorder, {end_child, Name, Reason}), Context}.

request(What, #{supervisor := Supervisor}) ->
    Id = gen_server:send_request(Supervisor, What),
    fun() ->
        case gen_server:wait_response(Id, infinity) of
            {reply, Answer} -> answer(Answer);
            {error, _} -> "gone"
        end
    end.

answer(ok) -> "ok";
answer({ok, #{restart := Restart, significant := Significant, shutdown := Shutdown, type := Type}}) ->
    io_lib:format("~p ~p ~p ~p", [Restart, Significant, Shutdown, Type]);
answer({ok, _}) -> "ok";
answer({error, {already_started, _}}) -> "already_started";
answer({error, {bad_combination, _}}) -> "invalid_option";
answer({error, forced}) -> "failed_to_start_child"; % of restart_child, and of dynamic children
answer({error, {forced, _}}) -> "failed_to_start_child";
answer({error, What}) when is_atom(What) -> atom_to_list(What).

%% -- what has become of it --

%% Waits until the supervisor has nothing more to do, and tells what its children are.
settle(#{supervisor := undefined}) ->
    [];
settle(#{supervisor := {ended, Reason}}) ->
    over(Reason);
settle(#{supervisor := Supervisor} = Context) ->
    try supervisor:which_children(Supervisor) of
        Children ->
            Busy = fun({_, restarting, _, _}) -> true;
                      ({_, Pid, _, _}) -> is_pid(Pid) andalso not is_process_alive(Pid)
                   end,
            case lists:any(Busy, Children) of
                true -> settle(Context);
                false -> describe(Children, supervisor:count_children(Supervisor), Context)
            end
    catch
        exit:_ -> receive {'EXIT', Supervisor, Reason} -> over(Reason) end
    end.

describe(Children, Counts, #{simple := Simple, recorder := Recorder}) ->
    Line = fun({undefined, Pid, Type, _}) -> io_lib:format(" ~s:running:~p", [ask(Recorder, {name, Pid}), Type]);
              ({Id, undefined, Type, _}) -> io_lib:format(" ~s:undefined:~p", [Id, Type]);
              ({Id, _, Type, _}) -> io_lib:format(" ~s:running:~p", [Id, Type])
           end,
    Lines = [lists:flatten(Line(Child)) || Child <- Children],
    Ordered = if Simple -> lists:sort(Lines); true -> lists:reverse(Lines) end,
    [["children", Ordered, "\n"],
     io_lib:format("counts ~p ~p ~p ~p~n", [proplists:get_value(Key, Counts) || Key <- [specs, active, supervisors,
                                                                                         workers]])].

over({shutdown, {failed_to_start_child, _, _}}) -> over(failed_to_start_child);
over(Reason) when is_atom(Reason) -> ["over", io_lib:format(" ~p~n", [Reason])].

%% Children of a simple_one_for_one supervisor stop at once, in no order.
events(#{recorder := Recorder, simple := Simple}) ->
    Events = ask(Recorder, events),
    if Simple -> sort_stops(Events); true -> Events end.

sort_stops(Events) ->
    {Stops, Rest} = lists:splitwith(fun is_stop/1, Events),
    case Rest of
        [] -> lists:sort(Stops);
        [First | Others] -> lists:sort(Stops) ++ [First | sort_stops(Others)]
    end.

is_stop(Event) -> lists:prefix("stop ", Event).

%% -- the supervisor's callbacks --

init({Flags, Specs}) ->
    {ok, {Flags, Specs}}.

start(Recorder, Name) ->
    case ask(Recorder, {outcome, Name}) of
        ok ->
            Pid = spawn_link(fun child/0),
            ok = ask(Recorder, {started, Name, Pid}),
            {ok, Pid};
        failed ->
            {error, forced};
        ignored ->
            ignore
    end.

child() ->
    receive {exit, Reason} -> exit(Reason) end.

%% -- the recorder --

ask(Recorder, What) ->
    Reference = make_ref(),
    Recorder ! {ask, self(), Reference, What},
    receive {Reference, Answer} -> Answer end.

%% Events: the newest first. Alive: the names of processes that it monitors. Notes: last pids, and plans for starts.
record(Events, Alive, Notes) ->
    receive
        {'DOWN', _, process, Pid, Reason} ->
            #{Pid := Name} = Alive,
            record([line("stop ~s ~p~n", [Name, Reason]) | Events], maps:remove(Pid, Alive), Notes);
        {ask, From, Reference, What} ->
            {Answer, Events1, Alive1, Notes1} = asked(What, Events, Alive, Notes),
            From ! {Reference, Answer},
            record(Events1, Alive1, Notes1)
    end.

asked(events, Events, Alive, Notes) ->
    {lists:reverse(Events), [], Alive, Notes};
asked({name, Pid}, Events, Alive, Notes) ->
    {maps:get(Pid, Alive), Events, Alive, Notes};
asked({last_pid, Name}, Events, Alive, Notes) ->
    {maps:get({pid, Name}, Notes, none), Events, Alive, Notes};
asked({Plan, Name, Count}, Events, Alive, Notes) when Plan =:= fail; Plan =:= ignore ->
    {ok, Events, Alive, Notes#{{Plan, Name} => Count}};
asked({outcome, Name}, Events, Alive, Notes) ->
    case {maps:get({fail, Name}, Notes, 0), maps:get({ignore, Name}, Notes, 0)} of
        {Count, _} when Count > 0 ->
            {failed, [line("start ~s failed~n", [Name]) | Events], Alive, Notes#{{fail, Name} => Count - 1}};
        {_, Count} when Count > 0 ->
            {ignored, [line("start ~s ignored~n", [Name]) | Events], Alive, Notes#{{ignore, Name} => Count - 1}};
        _ ->
            {ok, [line("start ~s ok~n", [Name]) | Events], Alive, Notes}
    end;
asked({started, Name, Pid}, Events, Alive, Notes) ->
    monitor(process, Pid),
    {ok, Events, Alive#{Pid => Name}, Notes#{{pid, Name} => Pid}};
asked({end_child, Name, Reason}, Events, Alive, Notes) ->
    Pid = maps:get({pid, Name}, Notes, none),
    case is_map_key(Pid, Alive) of
        true ->
            end_process(Pid, Reason),
            receive {'DOWN', _, process, Pid, _} -> ok end,
            {Pid, [line("end ~s ~p~n", [Name, Reason]) | Events], maps:remove(Pid, Alive), Notes};
        false ->
            {none, [line("end ~s none~n", [Name]) | Events], Alive, Notes}
    end.

end_process(Pid, kill) -> exit(Pid, kill);
end_process(Pid, shutdown_because) -> Pid ! {exit, {shutdown, because}};
end_process(Pid, Reason) -> Pid ! {exit, Reason}.

line(Format, Arguments) ->
    lists:flatten(io_lib:format(Format, Arguments)).

until(Condition) ->
    Condition() orelse begin erlang:yield(), until(Condition) end.
