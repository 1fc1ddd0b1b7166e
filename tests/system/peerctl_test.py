# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""What peerctl promises: output, error texts and exit statuses of every command, with a real erl.

    peerctl_test.py PEERCTL [unittest's arguments]
"""

import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

PEERCTL = ""
GUARD = "PEERCTL_TEST_GUARD"
ERL = ["--exec", "erl", "--connection", "standard_io"]
IN_ORDER = ["--arg", "+S", "--arg", "1"]  # one scheduler: a process that was started first runs first
PATIENCE = 30  # seconds for a fact that has to come; only a test that fails takes so long


def descendants(marker):
    """Living processes that were started with that variable in their environment, as {pid: command line}.

    Without epmd, the port mapper that named Erlang nodes start for their whole host: it may outlive a test.
    """
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                if marker.encode() in file.read().split(b"\0"):
                    with open(f"/proc/{name}/cmdline", "rb") as command:
                        words = command.read().split(b"\0")
                    if os.path.basename(words[0]) != b"epmd":
                        found[int(name)] = b" ".join(words).decode(errors="replace")
        except OSError:
            pass
    return found


def open_process(pid):
    """A descriptor that becomes readable at the end of the process; None if it has ended."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def wait_for_end(process, deadline):
    """Waits for the end of a process that `open_process` opened. Returns whether it came in time."""
    if process is None:
        return True
    try:
        return bool(select.select([process], [], [], max(0, deadline - time.monotonic()))[0])
    finally:
        os.close(process)


def script(text, *more):
    """Start options for a program in the language of sh."""
    return ["--exec", "sh", "--exec-arg", "-c", "--exec-arg", text, *more]


def nibbles(data):
    return bytes(b for x in data for b in (0xC3 | (x >> 4) << 2, 0xC3 | (x & 15) << 2))


def frame(payload):
    """A frame of OTP's standard_io connection."""
    return nibbles(len(payload).to_bytes(4, "big") + payload + zlib.crc32(payload).to_bytes(4, "big"))


def has_ipv6():
    """Whether this host has the loopback address of IPv6."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def shell_print(data):
    return "printf '" + "".join(f"\\{x:03o}" for x in data) + "'"


STARTED = frame(b"\x83\x68\x02\x64\x00\x07started\x64\x00\x0dnonode@nohost")
SAY_STARTED = shell_print(STARTED)


class PeerctlTest(unittest.TestCase):
    def setUp(self):
        self.marker = f"{GUARD}={os.getpid()}-{self.id()}"
        name, value = self.marker.split("=", 1)
        self.environment = {**os.environ, name: value, "ERL_CRASH_DUMP_SECONDS": "0", "LC_ALL": "C.UTF-8"}
        self.directory = tempfile.TemporaryDirectory(prefix="peerctl-")
        self.addCleanup(self.directory.cleanup)

    def tearDown(self):
        deadline = time.monotonic() + 1
        for pid, command in descendants(self.marker).items():
            if not wait_for_end(open_process(pid), deadline):
                os.kill(pid, signal.SIGKILL)
                self.fail(f"process {pid} was left: {command}")

    def open(self, *args, **more):
        process = subprocess.Popen(
            [PEERCTL, *args], env=self.environment, cwd=self.directory.name, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
            errors="backslashreplace", **more)
        self.addCleanup(self.close, process)
        return process

    @staticmethod
    def close(process):
        if process.poll() is None:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if not stream.closed:
                stream.close()

    def peerctl(self, *args, text=""):
        """Runs peerctl to its end. Returns (exit status, stdout, stderr)."""
        process = self.open(*args)
        out, err = process.communicate(text, timeout=PATIENCE)
        return process.returncode, out, err

    def check(self, args, status, out="", err="", text=""):
        """Runs peerctl and checks its status, all of its output, and what its complaint must contain."""
        result = self.peerctl(*args, text=text)
        self.assertEqual((result[0], result[1]), (status, out), result[2])
        if err:
            self.assertIn(err, result[2])
        else:
            self.assertEqual(result[2], "")


class CallTest(PeerctlTest):
    def call(self, *args):
        return ["call", *ERL, *args]

    def test_the_result_is_printed_as_a_term(self):
        self.check(self.call("lists", "reverse", '[1,{two,"x"},<<3>>]'), 0, '[<<3>>,{two,"x"},1]\n')

    def test_terms_may_begin_with_a_hyphen(self):
        self.check(self.call("erlang", "abs", "-7"), 0, "7\n")
        self.check(self.call("erlang", "+", "-7.5", "-1"), 0, "-8.5\n")

    def test_a_call_without_arguments(self):
        self.check(self.call("erlang", "node"), 0, "nonode@nohost\n")

    def test_terms_of_all_kinds_come_back(self):
        term = "[1,-2.5,'an atom',\"text\",<<\"bytes\">>,<<1,2:3>>,{},#{a => 1},[a|b],fun lists:map/2]"
        self.check(self.call("erlang", "hd", f"[{term}]"), 0, term + "\n")

    def test_unicode_is_printed(self):
        self.check(self.call("erlang", "hd", '[<<"日本é"/utf8>>]'), 0, '<<"日本é"/utf8>>\n')

    def test_console_output_comes_before_the_result(self):
        self.check(self.call("io", "put_chars", '"printed\\n"'), 0, "printed\nok\n")

    def test_an_exception_is_status_1_with_class_and_reason(self):
        self.check(self.call("erlang", "throw", "{oops,1}"), 1, "", "{throw,{oops,1}}\n")
        self.check(self.call("erlang", "exit", "oops"), 1, "", "{exit,oops}\n")
        self.check(self.call("no_such_module", "f"), 1, "", "{error,undef}\n")

    def test_a_call_that_takes_too_long_is_status_4(self):
        self.check(self.call("--timeout", "200ms", "timer", "sleep", "infinity"), 4, "", "timer:sleep")

    def test_a_peer_that_goes_down_is_status_5(self):
        self.check(self.call("erlang", "halt", "3"), 5, "", "exited with status 3")

    def test_a_time_out_may_be_infinite(self):
        self.check(self.call("--timeout", "infinity", "timer", "sleep", "10"), 0, "ok\n")

    def test_a_peer_that_nobody_waits_for_is_called_as_well(self):
        self.check(["call", *ERL, "--wait-boot", "no", "erlang", "abs", "-7"], 0, "7\n")

    def test_options_reach_the_peer(self):
        self.check(["call", *ERL, "--env", "A_VARIABLE=x=y", "os", "getenv", '"A_VARIABLE"'], 0, '"x=y"\n')
        self.check(["call", *ERL, "--arg", "-flag", "--arg", "value", "init", "get_argument", "flag"], 0,
                   '{ok,[["value"]]}\n')
        no_epmd = ["--arg", "-start_epmd", "--arg", "false", "--arg", "-dist_listen", "--arg", "false"]
        status, out, _ = self.peerctl("call", *ERL, "--name", "some_name", *no_epmd, "erlang", "node")
        self.assertEqual((status, out[:10]), (0, "some_name@"))

    def test_limits_that_are_off_are_told(self):
        self.check(self.call("--limit-memory", "4G", "--limit-files", "200", "erlang", "abs", "-7"), 0, "7\n",
                   "peerctl: no limit of memory: there is no cgroup")

    def test_every_way_to_stop(self):
        # A busy machine lets Erlang's logger complain during init:stop(), about handlers that are gone already.
        quiet = ["--arg", "-kernel", "--arg", "logger_level", "--arg", "none"]
        for shutdown in ("close", "halt", "halt:2s", "20s", "infinity"):
            with self.subTest(shutdown):
                self.check(["call", *ERL, *quiet, "--shutdown", shutdown, "erlang", "abs", "-7"], 0, "7\n")


class CastTest(PeerctlTest):
    def test_a_cast_prints_nothing(self):
        self.check(["cast", *ERL, "erlang", "abs", "-7"], 0)

    def test_a_cast_runs(self):
        self.check(["cast", *ERL, *IN_ORDER, "erlang", "display", "ran"], 0, "ran\n")

    def test_a_program_that_does_not_start_is_status_3(self):
        self.check(["cast", "--exec", "/no/such/program", "m", "f"], 3, "", "No such file")


class UsageTest(PeerctlTest):
    def check_usage(self, *args, err):
        self.check(args, 2, "", err)

    def test_help(self):
        status, out, err = self.peerctl("--help")
        self.assertEqual((status, err), (0, ""))
        for word in ("call", "cast", "run", "shell", "Exit status"):
            self.assertIn(word, out)
        for command in ("call", "cast", "run", "shell"):
            status, out, err = self.peerctl(command, "--help")
            self.assertEqual((status, err), (0, ""))
            for option in ("name", "longnames", "host", "peer-down", "connection", "exec", "exec-arg", "detached",
                           "arg", "env", "wait-boot", "shutdown", "limit-address-space", "limit-cpu", "limit-files",
                           "limit-memory", "limit-processes", "cpus"):
                self.assertIn(f"--{option}", out)
            self.assertEqual("--timeout" in out, command == "call")

    def test_commands(self):
        self.check_usage(err="subcommand")
        self.check_usage("dance", err="dance")
        self.check_usage("call", *ERL, err="MODULE and FUNCTION")
        self.check_usage("call", *ERL, "erlang", err="MODULE and FUNCTION")
        self.check_usage("run", *ERL, "superfluous", err="superfluous")
        self.check_usage("call", *ERL, "--bogus", "erlang", "node", err="--bogus")

    def test_connections_that_do_not_exist_yet_are_refused(self):
        self.check_usage("call", "--exec", "erl", "--connection", "distribution", "erlang", "node",
                         err="not available yet")

    def test_option_values(self):
        for option, value in (("--connection", "pigeon"), ("--connection", "70000"), ("--connection", "-1"),
                              ("--connection", ":80"), ("--connection", "::1:80"), ("--connection", "[::1]"),
                              ("--connection", "localhost:80"), ("--connection", "127.0.0.256:80"),
                              ("--connection", "127.0.0.1:"), ("--peer-down", "explode"),
                              ("--wait-boot", "5"), ("--wait-boot", "yes"), ("--wait-boot", "-1s"),
                              ("--shutdown", "now"), ("--shutdown", "999ms"), ("--shutdown", "halt:"),
                              ("--shutdown", "halt:10ms"), ("--env", "=x"), ("--env", "novalue"), ("--name", "a b"),
                              ("--host", "h"), ("--timeout", "fast"), ("--heartbeat", "1s"),
                              ("--heartbeat", "1s:soon"), ("--heartbeat", "0s:1s"), ("--heartbeat", "1s:0s"),
                              ("--limit-address-space", "much"), ("--limit-address-space", "1X"),
                              ("--limit-memory", "20E"), ("--limit-files", "many"),
                              ("--limit-cpu", "1500ms"), ("--limit-cpu", "5"), ("--limit-processes", "1.5"),
                              ("--cpus", "0-1"), ("--cpus", "0,x")):
            with self.subTest(option=option, value=value):
                status, out, err = self.peerctl("call", "--exec", "erl", option, value, "erlang", "node")
                self.assertEqual((status, out), (2, ""), err)
                self.assertIn(f"{option}: ", err)

    def test_limits(self):
        for option, value, complaint in (("--limit-memory", "0", "--limit-memory: 0 must be between 1"),
                                         ("--limit-memory", "-1", "--limit-memory: '-1' is not a number of bytes"),
                                         ("--limit-cpu", "-1s", "--limit-cpu: '-1s' is negative"),
                                         ("--limit-files", "0", "--limit-files: 0 must be between 1"),
                                         ("--limit-processes", "4M", "--limit-processes"),
                                         ("--cpus", "100000", "--cpus: 100000 is not a CPU")):
            with self.subTest(option=option, value=value):
                self.check_usage("call", *ERL, option, value, "erlang", "node", err=complaint)

    def test_contradictions(self):
        self.check_usage("call", *ERL, "--no-detached", "erlang", "node", err="--no-detached: ")
        self.check_usage("call", *ERL, "--longnames", "erlang", "node", err="--longnames: needs the option --name")
        self.check_usage("call", "--exec-arg", "-v", "erlang", "node", err="--exec-arg: needs a program")

    def test_terms(self):
        self.check_usage("call", *ERL, "erlang", "abs", "[1,", err="[1,")
        self.check_usage("call", *ERL, "erlang", "abs", "Variable", err="Variable")


class StartTest(PeerctlTest):
    def check_not_started(self, args, *texts):
        """It is noticed at once, or after the argument --wait-boot; else it would take 15 s, that option's default."""
        began = time.monotonic()
        status, out, err = self.peerctl("call", *args, "erlang", "node")
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(status, 3, err)
        for text in texts:
            self.assertIn(text, err)

    def test_a_program_that_does_not_exist(self):
        self.check_not_started(["--exec", "/no/such/program"], "could not be started", "No such file or directory")

    def test_a_program_that_exits(self):
        self.check_not_started(script("echo the last words >&2; exit 7"), "before it had booted", "status 7",
                               "the last words")

    def test_a_program_that_does_not_answer(self):
        self.check_not_started(script("cat > /dev/null", "--wait-boot", "300ms"), "before it had booted", "300ms")

    def test_a_peer_that_hangs(self):
        sigstop = str(int(signal.SIGSTOP))
        status, out, err = self.peerctl("call", "--timeout", "infinity", "--heartbeat", "20ms:500ms", "peer_node",
                                        "crash", sigstop)
        self.assertEqual((status, out), (5, ""), err)
        self.assertIn("no answer to the heartbeat within 500ms", err)

    def test_a_program_that_dies_inside_a_frame(self):
        self.check_not_started(script(shell_print(STARTED[:60]) + "; exit 3"), "before it had booted",
                               "inside of a frame", "status 3")


class ShellTest(PeerctlTest):
    def test_a_thousand_lines_are_answered_in_order(self):
        lines = "".join(f"erlang:'+'({i}, 1000).\n" for i in range(1000))
        expected = "".join(f"{i + 1000}\n" for i in range(1000))
        self.check(["shell", *ERL], 0, expected, text=lines)

    def test_lines_may_do_without_a_full_stop_and_be_empty(self):
        self.check(["shell", *ERL], 0, "1\n2\n", text="\nerlang:abs(-1)\n   \nerlang:abs(-2).")

    def test_a_line_that_fails_does_not_end_the_shell(self):
        text = "nonsense\nerlang:throw(oops).\nerlang:abs(-1).\n"
        status, out, err = self.peerctl("shell", *ERL, text=text)
        self.assertEqual((status, out), (0, "1\n"))
        complaints = err.splitlines()
        self.assertEqual(len(complaints), 2)
        self.assertIn("expected ':'", complaints[0])
        self.assertEqual(complaints[1], "** {throw,oops}")

    def test_a_peer_that_goes_down_is_status_5(self):
        self.check(["shell", *ERL], 5, "1\n", "exited with status 3",
                   text="erlang:abs(-1).\nerlang:halt(3).\nerlang:abs(-2).\n")

    def test_output_comes_before_the_result(self):
        self.check(["shell", *ERL], 0, "printed\nok\n{display}\ntrue\n",
                   text='io:format("printed~n").\nerlang:display({display}).\n')

    def test_peers_are_gone_when_the_origin_is_killed(self):
        shell = self.open("shell", *ERL)
        shell.stdin.write("os:getpid().\n")
        shell.stdin.flush()
        peer = int(shell.stdout.readline().strip().strip('"'))
        family = {pid: open_process(pid) for pid in descendants(self.marker) if pid != shell.pid}
        self.assertIn(peer, family)
        shell.kill()
        deadline = time.monotonic() + 1
        for pid, process in family.items():
            self.assertTrue(wait_for_end(process, deadline), f"process {pid} is still there")

    def test_a_busy_peer_is_gone_when_the_origin_is_killed(self):
        busy = "[spawn(fun Loop() -> Loop() end) || _ <- lists:seq(1, 8)]."
        shell = self.open("shell", *ERL, "--arg", "-eval", "--arg", busy)
        shell.stdin.write("os:getpid().\n")
        shell.stdin.flush()
        peer = open_process(int(shell.stdout.readline().strip().strip('"')))
        shell.kill()
        self.assertTrue(wait_for_end(peer, time.monotonic() + 1))


class ConnectionTest(PeerctlTest):
    """Every command over every connection, with peer_node, which is started when no program is named, and with erl."""

    PEERS = [["--connection", kind] for kind in ("inherited", "standard_io", "0", "127.0.0.1:0")] + [
        [], ERL, ["--exec", "erl", "--connection", "0"]]
    if has_ipv6():
        PEERS.append(["--connection", "[::1]:0"])

    def test_call(self):
        for peer in self.PEERS:
            with self.subTest(peer=peer):
                self.check(["call", *peer, "lists", "reverse", '[1,{two,"x"},<<3>>]'], 0, '[<<3>>,{two,"x"},1]\n')
                self.check(["call", *peer, "--timeout", "100ms", "timer", "sleep", "infinity"], 4, "", "not answered")
                self.check(["call", *peer, "erlang", "throw", "ball"], 1, "", "{throw,ball}")
                self.check(["call", *peer, "erlang", "halt", "3"], 5, "", "exited with status 3")

    def test_cast(self):
        for peer in self.PEERS:
            with self.subTest(peer=peer):
                if "erl" in peer:
                    self.check(["cast", *peer, *IN_ORDER, "erlang", "display", "ran"], 0, "ran\n")
                else:  # init:stop() waits for it
                    self.check(["cast", *peer, "--shutdown", "20s", "peer_node", "write", '<<"ran\\n">>'], 0, "ran\n")

    def test_shell(self):
        lines = "".join(f'io:format("~b~n", [{i}]).\nlists:reverse([{i},a]).\n' for i in range(100))
        expected = "".join(f"{i}\nok\n[a,{i}]\n" for i in range(100))
        for peer in self.PEERS:
            with self.subTest(peer=peer):
                self.check(["shell", *peer], 0, expected, text=lines)

    def test_run(self):
        for peer in self.PEERS:
            with self.subTest(peer=peer):
                run = self.open("run", *peer, "--shutdown", "20s")
                self.wait_for_peer(run)
                run.terminate()
                self.assertIn(run.wait(PATIENCE), (0, 128 + signal.SIGTERM)) # the latter if it boots

    def wait_for_peer(self, origin):
        """Waits until the origin has started a process."""
        deadline = time.monotonic() + PATIENCE
        while len(descendants(self.marker)) < 2:
            self.assertIsNone(origin.poll())
            self.assertLess(time.monotonic(), deadline)

    def test_peers_are_gone_when_the_origin_is_killed(self):
        for peer in self.PEERS:
            with self.subTest(peer=peer):
                shell = self.open("shell", *peer)
                shell.stdin.write("os:getpid().\ntimer:sleep(infinity).\n")
                shell.stdin.flush()
                number = int(shell.stdout.readline().strip().strip('"'))
                family = {pid: open_process(pid) for pid in descendants(self.marker) if pid != shell.pid}
                self.assertIn(number, family)
                shell.kill()
                deadline = time.monotonic() + 1
                for pid, process in family.items():
                    self.assertTrue(wait_for_end(process, deadline), f"process {pid} is still there")


class RunTest(PeerctlTest):
    def erl_run(self, code):
        return ["run", *ERL, "--arg", "-eval", "--arg", code]

    def test_the_exit_status_is_the_peer_s(self):
        self.check(self.erl_run("halt(0)."), 0)
        self.check(self.erl_run("halt(42)."), 42)

    def test_a_signal_is_128_and_its_number(self):
        self.check(self.erl_run('os:cmd("kill -KILL " ++ os:getpid()).'), 137)

    def test_a_peer_that_does_not_start_is_125(self):
        self.check(["run", "--exec", "/no/such/program"], 125, "", "No such file")
        self.check(["run", *script("exit 7")], 125, "", "status 7")
        self.check(["run", *script("exit 7", "--wait-boot", "no")], 125, "", "status 7")

    def test_streams_are_forwarded(self):
        code = ('L = io:get_line(""), io:format("out ~ts", [L]), io:format(standard_error, "err~n", []), '
                'io:format("~p~n", [io:get_line("")]), halt(0).')
        status, out, err = self.peerctl(*self.erl_run(code), text="héllo\n")
        self.assertEqual((status, out, err), (0, "out héllo\neof\n", "err\n"))

    def test_output_at_the_end_is_complete(self):
        code = ('lists:foreach(fun(N) -> io:format("line ~b~n", [N]) end, lists:seq(1, 500)), '
                'erlang:display(last), halt(0).')
        expected = "".join(f"line {i}\n" for i in range(1, 501)) + "last\n"
        self.check(self.erl_run(code), 0, expected)

    def test_limits_reach_the_peer(self):
        text = SAY_STARTED + "; exec >&2; ulimit -v; ulimit -t; ulimit -n; grep Cpus_allowed_list /proc/self/status"
        cpu = max(os.sched_getaffinity(0))
        limits = ["--limit-address-space", "2G", "--limit-cpu", "1min", "--limit-files", "50", "--cpus", str(cpu)]
        status, _, err = self.peerctl("run", *script(text), *limits)
        self.assertEqual((status, err), (0, f"2097152\n60\n50\nCpus_allowed_list:\t{cpu}\n"))

    def test_signals_stop_the_peer_in_order(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                run = self.open(*self.erl_run('io:put_chars("ready\\n").'), "--shutdown", "20s")
                self.assertEqual(run.stdout.readline(), "ready\n")
                run.send_signal(number)
                self.assertEqual(run.wait(PATIENCE), 0)  # init:stop() ends with 0, the end of the connection with 1

    def test_a_signal_ends_a_peer_that_ignores_it(self):
        stubborn = SAY_STARTED + "; trap '' TERM; echo ready; while :; do read line < /dev/zero; done"
        run = self.open("run", *script(stubborn, "--shutdown", "close"))
        self.assertEqual(run.stdout.readline(), "ready\n")
        run.terminate()
        self.assertEqual(run.wait(PATIENCE), 137)

    def test_the_end_of_stdin_does_not_end_the_peer(self):
        run = self.open(*self.erl_run('eof = io:get_line(""), io:put_chars("at the end\\n"), halt(5).'))
        run.stdin.close()
        self.assertEqual(run.stdout.readline(), "at the end\n")
        self.assertEqual(run.wait(PATIENCE), 5)


if __name__ == "__main__":
    PEERCTL = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
