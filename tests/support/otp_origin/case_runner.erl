%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%
%% Runs cases, each in a process of its own that has a time limit, and checks that none leaves anything behind.
%%
%% A case is an exported function of one argument, the context (see context/0), that returns `ok`, {ok, Remark}, or
%% {skipped, Why} if it cannot apply; everything else fails it. It may start peers with the module `subject` only, and
%% has to stop them.
%%
%% The file of the results has a line for each case: its name, `pass`, `skip` or `fail`, and the remark, with tabs between.
-module(case_runner).

-export([run/3]).
-export_type([context/0]).

-define(TIME_LIMIT, 120000).
-define(CLEAN_UP_LIMIT, 5000).

-type context() :: #{peer := file:filename(),        % the program under test
                     kind := erl | peer_node,        % what it is
                     connection := term(),           % peer's option of that name
                     directory := file:filename(),   % for files; the compiled modules are there
                     results => file:filename(),     % the file of the results, if it is wanted
                     marker := string(),             % the value of the variable that all peers of the case get
                     console := pid(),               % the group leader of the case and of its peers
                     runner := pid()}.               % is told about each control process

%% Returns the exit status for the program.
run(Base, Modules, Wanted) ->
    ok = logger:set_primary_config(level, none), % crashed control processes are what some cases are about
    ok = file:set_cwd(maps:get(directory, Base)), % where dumps go
    All = [{Module, Case} || Module <- Modules, {Case, 1} <- Module:module_info(exports), Case =/= module_info],
    Cases = [Case || {_, Name} = Case <- All, Wanted =:= [] orelse lists:member(Name, Wanted)],
    Unknown = Wanted -- [Name || {_, Name} <- Cases],
    [io:format("~ts: no such case~n", [Name]) || Name <- Unknown],
    write_results(Base, [], [write]),
    Results = [run_and_report(Base, Module, Case) || {Module, Case} <- Cases],
    [Ok, Skipped, Failed] = [length([R || R <- Results, R =:= Kind]) || Kind <- [ok, skipped, failed]],
    io:format("~b ok, ~b failed, ~b skipped~n", [Ok, Failed, Skipped]),
    case Ok > 0 andalso Failed =:= 0 andalso Unknown =:= [] of
        true -> 0;
        false -> 1
    end.

run_and_report(Base, Module, Case) ->
    Began = erlang:monotonic_time(millisecond),
    Result = run_one(Base, Module, Case),
    Name = io_lib:format("~ts ~ts (~b ms)", [Module, Case, erlang:monotonic_time(millisecond) - Began]),
    {Kind, Word, Remark} = case Result of
                               ok -> {ok, "pass", ""};
                               {ok, Limit} -> {ok, "pass", Limit};
                               {skipped, Why} -> {skipped, "skip", Why};
                               {failed, Why} -> {failed, "fail", io_lib:format("~0tP", [Why, 60])}
                           end,
    io:format("~ts  ~ts~ts~n", [Word, Name, [[": ", Remark] || Remark =/= ""]]),
    write_results(Base, io_lib:format("~ts\t~ts\t~ts~n", [Case, Word, Remark]), [append]),
    Kind.

write_results(#{results := File}, Text, Modes) ->
    ok = file:write_file(File, unicode:characters_to_binary(Text), Modes);
write_results(_, _, _) ->
    ok.

run_one(Base, Module, Case) ->
    Ports = erlang:ports(),
    Console = console:start(),
    Context = Base#{marker => marker(Case), console => Console, runner => self()},
    {Process, Monitor} = spawn_monitor(fun() -> exit(outcome(Context, Module, Case)) end),
    Outcome = receive
                  {'DOWN', Monitor, process, Process, Result} -> Result
              after ?TIME_LIMIT ->
                  Where = erlang:process_info(Process, current_stacktrace),
                  exit(Process, kill),
                  receive {'DOWN', Monitor, process, Process, _} -> ok end,
                  {failed, {time_limit, Where}}
              end,
    Left = what_is_left(Context, Ports),
    console:stop(Console),
    case Outcome of
        {failed, _} -> Outcome;
        _ when Left =/= [] -> {failed, {left_behind, Left}};
        _ -> Outcome
    end.

outcome(#{console := Console} = Context, Module, Case) ->
    group_leader(Console, self()),
    try Module:Case(Context) of
        ok -> ok;
        {ok, Remark} -> {ok, Remark};
        {skipped, Why} -> {skipped, Why};
        Other -> {failed, {returned, Other}}
    catch
        Class:Reason:Stack -> {failed, {Class, Reason, Stack}}
    end.

marker(Case) ->
    lists:concat([os:getpid(), "-", Case, "-", erlang:unique_integer([positive])]).

%% What is there that was not there before the case; it is removed too. A process that was told to end may take a while.
what_is_left(#{marker := Marker}, Ports) ->
    Controls = [Control || Control <- started_controls(), is_process_alive(Control)],
    [exit(Control, kill) || Control <- Controls],
    subject:eventually(fun() -> os_processes:marked(Marker) =:= [] end, ?CLEAN_UP_LIMIT),
    Processes = os_processes:marked(Marker),
    Commands = [{process, Pid, os_processes:command_line(Pid)} || Pid <- Processes],
    [os_processes:kill(Pid, "KILL") || Pid <- Processes],
    subject:eventually(fun() -> erlang:ports() -- Ports =:= [] end, ?CLEAN_UP_LIMIT),
    NewPorts = [{port, Port, erlang:port_info(Port)} || Port <- erlang:ports() -- Ports],
    [catch erlang:port_close(Port) || {port, Port, _} <- NewPorts],
    [{control, Control} || Control <- Controls] ++ Commands ++ NewPorts.

started_controls() ->
    receive
        {control, Control} -> [Control | started_controls()]
    after 0 ->
        []
    end.
