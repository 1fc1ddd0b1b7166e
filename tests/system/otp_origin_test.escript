#!/usr/bin/env escript
%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%! -noinput +fnu
%%
%% OTP's own `peer` module starts and uses a peer node: ours must do what `erl` does.
%%
%%     otp_origin_test.escript PEER_NODE CONNECTION [Case...]
%%
%% PEER_NODE is the program under test, or `erl`, which shows that a case states OTP's behaviour and not ours.
%% CONNECTION is standard_io, port (OTP listens on all addresses) or address (127.0.0.1).
%% A case is an exported function of a module otp_origin/*_cases.erl; otp_origin/case_runner.erl says what it may do.
%% Prints a line for each case and a closing count. Exit status: 0 all is well, 1 a case failed or none ran, 2 usage.
-mode(compile).

main([Peer, Connection | Cases]) ->
    Context = #{peer => executable(Peer), kind => kind(Peer), connection => connection(Connection)},
    Sources = filename:join(filename:dirname(filename:absname(escript:script_name())), "otp_origin"),
    Directory = string:trim(os:cmd("mktemp -d -t otp-origin-XXXXXX")),
    Status = try
                 run(Context#{directory => Directory}, Sources, Cases)
             after
                 file:del_dir_r(Directory)
             end,
    halt(Status);
main(_) ->
    fail("usage: otp_origin_test.escript PEER_NODE standard_io|port|address [Case...]").

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
run(#{directory := Directory} = Context, Sources, Cases) ->
    true = code:add_patha(Directory),
    Modules = [compile(File, Directory) || File <- lists:sort(filelib:wildcard(filename:join(Sources, "*.erl")))],
    CaseModules = [Module || Module <- Modules, lists:suffix("_cases", atom_to_list(Module))],
    case_runner:run(Context, CaseModules, [list_to_atom(Case) || Case <- Cases]).

compile(File, Directory) ->
    {ok, Module} = compile:file(File, [report, warnings_as_errors, {outdir, Directory}]),
    Module.
