# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""How peerctl's commands end: signals at any moment, output that cannot be written, closed standard streams.

    peerctl_end_test.py PEERCTL [unittest's arguments]
"""

import os
import resource
import signal
import subprocess
import sys
import time
import unittest

import peerctl_test
from peerctl_test import ERL, PATIENCE, SAY_STARTED, PeerctlTest, script

HELPER = "sleep 1000 & touch started; "
# What a peer prints after it has booted arrives after peerctl has noticed the boot.
BOOT = SAY_STARTED + "; echo booted; "
STUBBORN = BOOT + "trap '' TERM; while :; do read line < /dev/zero; done"
CALLS = {"call": ["erlang", "node"], "cast": ["erlang", "node"], "run": [], "shell": []}
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class EndTest(PeerctlTest):
    def await_file(self, name):
        deadline = time.monotonic() + PATIENCE
        while not os.path.exists(os.path.join(self.directory.name, name)):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        os.remove(os.path.join(self.directory.name, name))

    @staticmethod
    def node():
        """peer_node behind a shell that leaves a helper."""
        node = os.path.join(os.path.dirname(peerctl_test.PEERCTL), "peer_node")
        return [*script(HELPER + f'exec {node} "$@"'), "--exec-arg", "sh", "--connection", "inherited"]


class SignalTest(EndTest):
    """That nothing is left is checked after each test."""

    def test_a_signal_ends_a_command_that_boots(self):
        for command, call in CALLS.items():
            for number in SIGNALS:
                with self.subTest(command=command, number=number):
                    silent = script(HELPER + "exec cat > /dev/null", "--wait-boot", "infinity")
                    process = self.open(command, *silent, *call)
                    self.await_file("started")
                    process.send_signal(number)
                    self.assertEqual(process.wait(PATIENCE), 128 + number)
                    self.assertEqual(process.stderr.read(), "")

    def test_a_signal_ends_a_call_that_is_not_answered(self):
        for number in SIGNALS:
            with self.subTest(number=number):
                process = self.open("call", *self.node(), "--timeout", "infinity", "io", "get_line", '""')
                self.await_file("started")
                process.send_signal(number)
                self.assertEqual(process.wait(PATIENCE), 128 + number)

    def test_a_signal_ends_a_shell_that_waits_for_a_line(self):
        shell = self.open("shell", *self.node())
        shell.stdin.write("lists:reverse([1]).\n")
        shell.stdin.flush()
        self.assertEqual(shell.stdout.readline(), "[1]\n")
        shell.terminate()
        self.assertEqual(shell.wait(PATIENCE), 128 + signal.SIGTERM)

    def test_a_second_signal_kills(self):
        for command, call in (("run", []), ("call", ["m", "f"])):
            for second in (signal.SIGINT, signal.SIGQUIT):
                with self.subTest(command=command, second=second):
                    process = self.open(command, *script(STUBBORN, "--shutdown", "infinity"), *call)
                    self.assertEqual(process.stdout.readline(), "booted\n")
                    process.send_signal(signal.SIGTERM)
                    process.send_signal(second)
                    # Of two signals that wait, the one with the lower number comes first.
                    statuses = (137,) if command == "run" else (128 + signal.SIGTERM, 128 + second)
                    self.assertIn(process.wait(PATIENCE), statuses)

    def test_sigquit_kills_a_peer_that_is_stopped(self):
        run = self.open("run", *script(BOOT + "kill -STOP $$", "--shutdown", "infinity"))
        self.assertEqual(run.stdout.readline(), "booted\n")
        run.send_signal(signal.SIGQUIT)
        self.assertEqual(run.wait(PATIENCE), 137)

    def test_two_copies_of_a_signal_are_one(self):
        slow = BOOT + "head -c 1 > /dev/null; sleep 0.5; touch finished"
        run = self.open("run", *script(slow, "--shutdown", "infinity"))
        self.assertEqual(run.stdout.readline(), "booted\n")
        run.terminate()
        run.terminate()
        self.assertEqual(run.wait(PATIENCE), 0)
        self.await_file("finished")

    def test_a_signal_that_is_ignored_at_the_start_stays_so(self):
        shell = self.open("shell", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        shell.send_signal(signal.SIGHUP)
        shell.stdin.write("lists:reverse([1]).\n")
        shell.stdin.flush()
        self.assertEqual(shell.stdout.readline(), "[1]\n")
        shell.stdin.close()
        self.assertEqual(shell.wait(PATIENCE), 0)


class OutputTest(EndTest):
    def to_full(self, *args, text=None):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([peerctl_test.PEERCTL, *args], env=self.environment, cwd=self.directory.name,
                                  input=text, stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
        return done.returncode, done.stderr.decode()

    def test_a_result_that_cannot_be_written_is_status_6(self):
        for args, text in ((["call", "erlang", "node"], None), (["shell"], b"erlang:node().\n"), (["--help"], None),
                           (["call", "--help"], None), (["--version"], None)):
            with self.subTest(args):
                status, err = self.to_full(*args, text=text)
                self.assertEqual(status, 6)
                self.assertEqual(err.count("No space left on device"), 1, err)

    def test_output_of_a_peer_that_cannot_be_written_counts(self):
        status, err = self.to_full("run", *script(SAY_STARTED + "; echo text; exit 0"))
        self.assertEqual(status, 125)
        self.assertEqual(err.count("No space left on device"), 1, err)
        self.assertEqual(self.to_full("call", "io", "put_chars", '"text\\n"')[0], 6)

    def test_a_slow_reader_gets_all(self):
        read, write = os.pipe()
        os.set_blocking(write, False)
        call = subprocess.Popen([peerctl_test.PEERCTL, "call", *ERL, "lists", "seq", "1", "300000"],
                                env=self.environment, stdout=write)
        os.close(write)
        text = b""
        while piece := os.read(read, 4096):
            text += piece
        os.close(read)
        self.assertEqual(call.wait(PATIENCE), 0)
        self.assertEqual(text.decode(), "[" + ",".join(str(i) for i in range(1, 300001)) + "]\n")

    def test_a_signal_ends_a_command_that_nobody_reads(self):
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        call = subprocess.Popen([peerctl_test.PEERCTL, "call", *ERL, "lists", "seq", "1", "300000"],
                                env=self.environment, stdout=write)
        os.close(write)
        self.assertEqual(os.read(read, 1), b"[")
        call.terminate()
        self.assertEqual(call.wait(PATIENCE), 128 + signal.SIGTERM)

    def test_the_end_of_the_reader_ends_a_command(self):
        endless = SAY_STARTED + "; while :; do echo line; done"
        for args in (["run", *script(endless)], ["call", *script(endless, "--timeout", "infinity"), "m", "f"]):
            with self.subTest(args):
                process = self.open(*args)
                self.assertEqual(process.stdout.readline(), "line\n")
                process.stdout.close()
                self.assertEqual(process.wait(PATIENCE), 128 + signal.SIGPIPE)
                self.assertEqual(process.stderr.read(), "")

    def test_closed_standard_streams_are_not_used_for_something_else(self):
        quoted = '"$0" "$@"'
        for closed in ("<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"):
            with self.subTest(closed):
                for args, status in ((["call", "io", "put_chars", '"text\\n"'], 0),
                                     (["run", "--exec", "erl", "--arg", "-eval", "--arg",
                                       'eof = io:get_line(""), halt(5).'], 5)):
                    done = subprocess.run(["sh", "-c", f"exec {quoted} {closed}", peerctl_test.PEERCTL, *args],
                                          env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                          timeout=PATIENCE, check=False)
                    self.assertEqual(done.returncode, status)
                    printed = b"" if ">&-" in closed.split() or status else b"text\nok\n"
                    self.assertEqual(done.stdout, printed)


class LineTest(EndTest):
    def test_the_end_of_the_peer_is_noticed_at_once(self):
        shell = self.open("shell")
        shell.stdin.write("os:getpid().\n")
        shell.stdin.flush()
        os.kill(int(shell.stdout.readline().strip().strip('"')), signal.SIGKILL)
        self.assertEqual(shell.wait(PATIENCE), 5)
        self.assertIn("killed by signal 9 (SIGKILL)", shell.stderr.read())

    def test_a_descriptor_that_does_not_block_is_read_to_its_end(self):
        read, write = os.pipe()
        os.set_blocking(read, False)
        shell = subprocess.Popen([peerctl_test.PEERCTL, "shell"], env=self.environment, stdin=read,
                                 stdout=subprocess.PIPE)
        self.addCleanup(shell.stdout.close)
        os.close(read)
        for number in range(3):
            os.write(write, b"lists:reverse([%d]).\n" % number)
            self.assertEqual(shell.stdout.readline(), b"[%d]\n" % number)
        os.close(write)
        self.assertEqual(shell.wait(PATIENCE), 0)


class OptionTest(EndTest):
    def test_times(self):
        for time_text, complaint in (("-1s", "is negative"), ("2562047h", "is too long"), ("876001h", "is too long"),
                                     ("9223372036854775806ns", "is too long"), ("99999999999999999999s", "too long"),
                                     ("5", "not a time"), ("1.s", "not a time"), ("1 s", "not a time"),
                                     ("1d", "not a time"), ("", "not a time"), ("s", "not a time")):
            for option in ("--timeout", "--wait-boot", "--shutdown"):
                with self.subTest(time_text, option=option):
                    self.check(["call", f"{option}={time_text}", "erlang", "node"], 2, "", complaint)
        for time_text in ("876000h", "1.5min", "infinity", "60000000.5us"):
            with self.subTest(time_text):
                self.check(["call", "--timeout", time_text, "erlang", "node"], 0, "nonode@nohost\n")

    def test_descriptors(self):
        soft, hard = 100, resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        limits = "ulimit -Sn; ulimit -Hn; grep 'open files' /proc/$PPID/limits"
        run = self.open("run", *script(SAY_STARTED + "; " + limits),
                        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)))
        out = run.communicate(timeout=PATIENCE)[0].split()
        self.assertEqual(out[:2], [str(soft), str(hard)])
        self.assertEqual(out[-3:-1], [str(hard)] * 2)

    def test_words(self):
        self.check(["call", "--", "lists", "reverse", "[1,2]"], 0, "[2,1]\n")
        status, out, err = self.peerctl("--version")
        self.assertEqual((status, err), (0, ""))
        self.assertRegex(out, r"^peerctl \d+\.\d+\.\d+\n$")
        for args in (["run"], ["status"], ["supervise", "file"]):
            self.check([*args, "one", "two", "three"], 2, "", "one two three")
        self.check(["one", "two", "three"], 2, "", "one two three")

    def test_empty_texts_are_refused(self):
        for option in ("--name", "--host", "--exec", "--working-directory", "--cgroup", "--connection", "--socket"):
            with self.subTest(option):
                self.check(["call", option, "", "erlang", "node"], 2, "", option + ": ")
        self.check(["status", "--socket", ""], 2, "", "--socket: is empty")

    def test_errors_have_names_of_the_command_line(self):
        self.check(["call", "--exec", "erl", "--connection", "inherited", "erlang", "node"], 2, "",
                   "--connection: inherited is for programs with a peer::node; erl takes standard_io")

    def test_last_words_are_printed_once(self):
        for args in (["run"], ["call", "m", "f"]):
            status, out, err = self.peerctl(args[0], *script("echo last words >&2; exit 7"), *args[1:])
            self.assertIn("status 7", err)
            self.assertEqual(err.count("last words"), 1, err)


if __name__ == "__main__":
    peerctl_test.PEERCTL = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
