%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%
%% Operating-system processes, found by a variable in their environment: a node that detaches has no parent to ask.
-module(os_processes).

-export([variable/0, marked/1, command_line/1, kill/2]).

variable() ->
    "LIBPEER_OTP_ORIGIN_TEST".

%% The living processes that were started with that value of the variable. Without epmd, the port mapper that named
%% Erlang nodes start for their whole host: it may outlive a test.
marked(Marker) ->
    Wanted = iolist_to_binary([variable(), "=", Marker]),
    {ok, Names} = file:list_dir("/proc"),
    [Pid || Name <- Names, {Pid, ""} <- [string:to_integer(Name)], is_integer(Pid),
            lists:member(Wanted, words(Pid, "environ")), not is_epmd(Pid)].

command_line(Pid) ->
    iolist_to_binary(lists:join(" ", words(Pid, "cmdline"))).

%% Signal is a name without SIG.
kill(Pid, Signal) ->
    os:cmd(lists:concat(["kill -", Signal, " ", Pid])).

is_epmd(Pid) ->
    case words(Pid, "cmdline") of
        [Program | _] -> filename:basename(Program) =:= <<"epmd">>;
        [] -> false
    end.

%% The parts of a file of /proc/Pid; none if the process is gone, or a zombie, or not ours.
words(Pid, File) ->
    case file:read_file(lists:concat(["/proc/", Pid, "/", File])) of
        {ok, Content} -> [Word || Word <- binary:split(Content, <<0>>, [global]), Word =/= <<>>];
        {error, _} -> []
    end.
