%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%
%% Command lines of other versions of OTP's origin, unknown flags, and IPv6.
-module(command_line_cases).

-export([newer_detached/1, attached/1, otpbp/1, unknown_flags/1, arguments_before_the_others/1, fixed_port/1, ipv6/1,
         addresses_in_order/1]).

%% Newer versions pass -peer_detached in place of -noinput.
newer_detached(#{connection := standard_io}) ->
    {skipped, "is never detached"};
newer_detached(Context) ->
    check(Context, rewriting("-noinput", "-peer_detached")).

%% Versions that know `detached => false` leave both flags out.
attached(#{connection := standard_io}) ->
    {skipped, "is never detached"};
attached(Context) ->
    check(Context, "
for word; do
  shift
  case $word in -detached|-noinput) ;; *) set -- \"$@\" \"$word\" ;; esac
done
").

otpbp(#{kind := erl}) ->
    {skipped, "erl has no module otpbp_peer"};
otpbp(Context) ->
    check(Context, rewriting("peer", "otpbp_peer")).

unknown_flags(Context) ->
    Flags = ["-setcookie", "a cookie", "-hidden", "-unknown_flag", "-unknown", "with", "values", "+S", "1",
             "-boot_var", "A", "/b", "-pa", "/no/such/directory", "-kernel", "logger_level", "error",
             "-extra", "-origin", "1.2.3.4", "1"],
    check_exec(Context, #{args => Flags}).

%% exec => {Program, Arguments} puts them first.
arguments_before_the_others(#{peer := Peer} = Context) ->
    check_exec(Context, #{exec => {Peer, ["-setcookie", "cookie", "+S", "1"]}}).

fixed_port(#{connection := standard_io}) ->
    {skipped, "has no port"};
fixed_port(#{connection := 0} = Context) ->
    check_exec(Context, #{connection => free_port()});
fixed_port(#{connection := {Address, 0}} = Context) ->
    check_exec(Context, #{connection => {Address, free_port()}}).

free_port() ->
    {ok, Socket} = gen_tcp:listen(0, []),
    {ok, Port} = inet:port(Socket),
    ok = gen_tcp:close(Socket),
    Port.

ipv6(#{connection := {_, 0}} = Context) ->
    Loopback = {0, 0, 0, 0, 0, 0, 0, 1},
    case gen_tcp:listen(0, [inet6, {ip, Loopback}]) of
        {ok, Socket} ->
            ok = gen_tcp:close(Socket),
            check_exec(Context#{connection := {Loopback, 0}}, #{});
        {error, Reason} ->
            {skipped, io_lib:format("this machine cannot listen on ::1: ~p", [Reason])}
    end;
ipv6(_) ->
    {skipped, "tested with an address"}.

%% Where the first address refuses, the next one is tried.
addresses_in_order(#{connection := {_, 0}} = Context) ->
    check(Context, rewriting("127.0.0.1", "127.0.0.2,::1,127.0.0.1"));
addresses_in_order(_) ->
    {skipped, "tested with an address"}.

%% In sh: makes each argument From a To.
rewriting(From, To) ->
    ["
for word; do
  shift
  case $word in ", From, ") word='", To, "' ;; esac
  set -- \"$@\" \"$word\"
done
"].

check(#{marker := Marker} = Context, Rewrite) ->
    check_exec(Context, #{exec => subject:script(Context, "rewriting-" ++ Marker, [Rewrite, "exec \"$PEER\" \"$@\""])}).

check_exec(#{console := Console} = Context, Options) ->
    Peer = subject:start(Context, Options),
    'nonode@nohost' = peer:call(Peer, erlang, node, []),
    ok = peer:call(Peer, io, put_chars, ["hello é\n"]),
    ok = console:await_output(Console, "hello é\n"),
    ok = subject:stop(Peer),
    true = subject:is_gone(Context),
    ok.
