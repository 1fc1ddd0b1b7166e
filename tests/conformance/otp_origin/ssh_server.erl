%% Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
%%
%% An sshd on a loopback port, with keys of its own, that lets the user who runs the test in.
-module(ssh_server).

-export([with/2]).

-define(PATIENCE, 30000).

%% Calls Test(Login) while a server runs. Login(Program) is what peer's option `exec` needs to run that program there.
with(Directory, Test) ->
    Place = filename:join(Directory, "ssh"),
    [ok = filelib:ensure_dir(filename:join(Path, "file")) || Path <- [Place | confinement()]],
    [make_key(filename:join(Place, Key)) || Key <- ["host", "user"]],
    {Server, Port} = listen(Place),
    {os_pid, Process} = erlang:port_info(Server, os_pid),
    try
        Test(fun(Program) -> {os:find_executable("ssh"), login(Place, Port) ++ [Program]} end)
    after
        os_processes:kill(Process, "KILL"),
        receive {Server, {exit_status, _}} -> ok end
    end.

%% Where sshd confines itself if it is root's; the service of the system makes it when it starts.
confinement() ->
    case os:cmd("id -u") of
        "0\n" -> ["/run/sshd"];
        _ -> []
    end.

make_key(Path) ->
    "" = os:cmd(["ssh-keygen -q -t ed25519 -N '' -f ", Path]).

listen(Place) ->
    {ok, Socket} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(Socket),
    ok = gen_tcp:close(Socket),
    Config = filename:join(Place, "config"),
    ok = file:write_file(Config, [[Line, $\n] || Line <- configuration(Place, Port)]),
    Server = open_port({spawn_executable, "/usr/sbin/sshd"},
                       [{args, ["-D", "-e", "-f", Config]}, exit_status, stderr_to_stdout, {line, 1000}]),
    case await_listening(Server) of
        true -> {Server, Port};
        false -> listen(Place) % somebody was faster
    end.

configuration(Place, Port) ->
    ["ListenAddress 127.0.0.1",
     ["Port ", integer_to_list(Port)],
     ["HostKey ", filename:join(Place, "host")],
     ["AuthorizedKeysFile ", filename:join(Place, "user.pub")],
     ["PidFile ", filename:join(Place, "pid")],
     ["AcceptEnv ", os_processes:variable()],
     "StrictModes no", % the directory for temporary files is everybody's
     "UsePAM no",
     "PasswordAuthentication no",
     "KbdInteractiveAuthentication no"].

await_listening(Server) ->
    receive
        {Server, {data, {eol, "Server listening" ++ _}}} -> true;
        {Server, {data, _}} -> await_listening(Server);
        {Server, {exit_status, _}} -> false
    after ?PATIENCE ->
        error(sshd)
    end.

login(Place, Port) ->
    ["-F", "none", "-i", filename:join(Place, "user"), "-p", integer_to_list(Port),
     "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=accept-new",
     "-o", "UserKnownHostsFile=" ++ filename:join(Place, "known_hosts"),
     "-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-o", "SendEnv=" ++ os_processes:variable(), "127.0.0.1"].
