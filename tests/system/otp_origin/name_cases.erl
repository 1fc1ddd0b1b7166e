%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%
%% node() as OTP computes it from -sname and -name.
-module(name_cases).

-export([unnamed/1, short_name/1, name_as_text/1, short_name_with_host/1, long_name_with_address/1,
         long_name_with_domain/1, long_name_without_domain/1, random_name/1]).

unnamed(Context) ->
    check(Context, #{}, 'nonode@nohost').

short_name(Context) ->
    check(Context, #{name => short, args => subject:no_epmd()}, "short@" ++ short_host()).

name_as_text(Context) ->
    check(Context, #{name => "with-hyphen_1", args => subject:no_epmd()}, "with-hyphen_1@" ++ short_host()).

short_name_with_host(Context) ->
    check(Context, #{name => short, host => "localhost", args => subject:no_epmd()}, "short@localhost").

long_name_with_address(Context) ->
    check(Context, #{name => long, host => "127.0.0.1", longnames => true, args => subject:no_epmd()},
          "long@127.0.0.1").

long_name_with_domain(Context) ->
    check(Context, #{name => long, host => "localhost.localdomain", longnames => true, args => subject:no_epmd()},
          "long@localhost.localdomain").

%% Depends on what the host knows about its domain: as `erl` does, or fails.
long_name_without_domain(#{connection := standard_io} = Context) ->
    Options = #{name => long, longnames => true, args => subject:no_epmd(), peer_down => stop},
    Outcome = fun(C) ->
                      try subject:start_raw(C, Options) of
                          {ok, Peer, Node} -> ok = subject:stop(Peer), Node
                      catch
                          exit:{boot_failed, {exit_status, 1}} -> not_booted
                      end
              end,
    Expected = Outcome(Context#{peer := os:find_executable("erl")}),
    subject:equal(Expected, Outcome(Context));
long_name_without_domain(_) ->
    {skipped, "does not depend on the connection; tested with standard_io"}.

random_name(Context) ->
    Name = peer:random_name(),
    check(Context, #{name => Name, args => subject:no_epmd()}, Name ++ "@" ++ short_host()).

check(Context, Options, Expected) ->
    {ok, Peer, Node} = subject:start_raw(Context, Options),
    subject:equal(list_to_atom(lists:concat([Expected])), Node),
    Node = peer:call(Peer, erlang, node, []),
    subject:stop(Peer).

short_host() ->
    {ok, Host} = inet:gethostname(),
    hd(string:split(Host, ".")).
