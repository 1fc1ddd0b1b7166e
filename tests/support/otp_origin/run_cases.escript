#!/usr/bin/env escript
%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%! -noinput +fnu
%%
%% OTP's own `peer` module starts and uses a peer node: ours must do what `erl` does.
%%
%%     run_cases.escript DIRECTORY PEER_NODE CONNECTION [--results FILE] [Case...]
%%
%% DIRECTORY has the cases: a case is an exported function of a module *_cases.erl; case_runner.erl says what it may do.
%% PEER_NODE is the program under test, or `erl`, which shows that a case states OTP's behaviour and not ours.
%% CONNECTION is standard_io, port (OTP listens on all addresses) or address (127.0.0.1).
%% Prints a line for each case and a closing count, and writes the results to FILE as well.
%% Exit status: 0 all is well, 1 a case failed or none ran, 2 usage.
-mode(compile).

main([Cases, Peer, Connection, "--results", File | Names]) ->
    run(Cases, Peer, Connection, #{results => filename:absname(File)}, Names);
main([Cases, Peer, Connection | Names]) ->
    run(Cases, Peer, Connection, #{}, Names);
main(_) ->
    fail("usage: run_cases.escript DIRECTORY PEER_NODE standard_io|port|address [--results FILE] [Case...]").

run(Cases, Peer, Connection, Base, Names) ->
    Directory = string:trim(os:cmd("mktemp -d -t otp-origin-XXXXXX")),
    Context = Base#{peer => executable(Peer), kind => kind(Peer), connection => connection(Connection),
                    directory => Directory},
    Status = try
                 run(Context, Cases, Names)
             after
                 file:del_dir_r(Directory)
             end,
    halt(Status).

fail(Complaint) ->
    io:format(standard_error, "~ts~n", [Complaint]),
    halt(2).

connection("standard_io") -> standard_io;
connection("port") -> 0;
connection("address") -> {{127, 0, 0, 1}, 0};
connection(Other) -> fail([Other, ": no such connection"]).

kind(Peer) ->
    case filename:basename(Peer) of
        "erl" -> erl;
        _ -> peer_node
    end.

executable(Peer) ->
    case os:find_executable(Peer) of
        false -> fail([Peer, ": no such program"]);
        Path -> filename:absname(Path)
    end.

%% Compiles the modules into the directory, where other nodes find them too, and runs the cases.
run(#{directory := Directory} = Context, Cases, Names) ->
    true = code:add_patha(Directory),
    Support = filename:dirname(filename:absname(escript:script_name())),
    Files = lists:append([lists:sort(filelib:wildcard(filename:join(From, "*.erl"))) || From <- [Support, Cases]]),
    Modules = [compile(File, Directory) || File <- Files],
    CaseModules = [Module || Module <- Modules, lists:suffix("_cases", atom_to_list(Module))],
    case_runner:run(Context, CaseModules, [list_to_atom(Name) || Name <- Names]).

compile(File, Directory) ->
    {ok, Module} = compile:file(File, [report, warnings_as_errors, {outdir, Directory}]),
    Module.
