# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""What `peerctl supervise` promises, and the commands that reach a tree: events, files, signals, socket, table.

    supervise_test.py PEERCTL [unittest's arguments]
"""

import fcntl
import os
import pty
import re
import select
import signal
import socket
import stat
import struct
import subprocess
import sys
import termios
import threading
import time
import unittest

import peerctl_test
from peerctl_test import PATIENCE, SAY_STARTED, PeerctlTest, descendants, open_process, wait_for_end

STUBBORN = SAY_STARTED + "; trap '' TERM; while :; do read line < /dev/zero; done"


def children(*entries, top=""):
    """A file with these children."""
    return top + "\nchildren = [\n" + "".join(f"  {{ {entry} }},\n" for entry in entries) + "]\n"


def shell_child(name, code, more=""):
    """A child that is a program in the language of sh."""
    quoted = code.replace("\\", "\\\\").replace('"', '\\"')
    return f'id = "{name}", exec = "sh", exec-args = ["-c", "{quoted}"], connection = "standard_io" {more}'


class TreeTest(PeerctlTest):
    def setUp(self):
        super().setUp()
        self.environment["XDG_RUNTIME_DIR"] = self.directory.name
        self.socket = os.path.join(self.directory.name, f"peerctl-{os.geteuid()}.sock")
        self.seen = []

    def write(self, text, name="tree.conf"):
        path = os.path.join(self.directory.name, name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(path + ".new", path)

    def supervise(self, text=None, *options, **more):
        """Starts peerctl, whose complaints come between its events."""
        if text is not None:
            self.write(text)
        tree = subprocess.Popen([peerctl_test.PEERCTL, "supervise", "tree.conf", *options], env=self.environment,
                                cwd=self.directory.name, stdin=subprocess.DEVNULL,
                                **{"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8", **more})
        self.addCleanup(self.end, tree)
        return tree

    @staticmethod
    def end(tree):
        if tree.poll() is None:
            tree.kill()
            tree.wait()
        if tree.stdout:
            tree.stdout.close()

    def expect(self, tree, pattern):
        """Reads lines until one matches."""
        watchdog = threading.Timer(PATIENCE, tree.kill)
        watchdog.start()
        try:
            for line in tree.stdout:
                self.seen.append(line.rstrip("\n"))
                if match := re.search(pattern, line):
                    return match
        finally:
            watchdog.cancel()
        self.fail(f"no line has {pattern}:\n" + "\n".join(self.seen))

    def pid_of(self, tree, child, generation=1):
        """Waits until that generation is ready."""
        return int(self.expect(tree, f"^{child}: ready, generation {generation}, process ([0-9]+)$")[1])

    def rows(self):
        """What `peerctl status` prints: {path: [words]}."""
        status, out, err = self.peerctl("status")
        self.assertEqual(status, 0, err)
        return {line.split()[0]: line.split() for line in out.splitlines()[1:]}

    def check_end(self, tree, status):
        """It ends with that status, and its socket is gone. Returns the last lines."""
        watchdog = threading.Timer(PATIENCE, tree.kill)
        watchdog.start()
        rest = tree.stdout.read().splitlines()
        watchdog.cancel()
        self.assertEqual(tree.wait(PATIENCE), status, "\n".join(self.seen + rest))
        self.assertFalse(os.path.lexists(self.socket))
        return rest

    def stop(self, tree):
        tree.terminate()
        return self.check_end(tree, 0)


def wait_until(fact):
    """Returns when that is so."""
    deadline = time.monotonic() + PATIENCE
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class FileTest(TreeTest):
    WRONG = [
        ("", r":1: children: is missing"),
        ("\n\nchildren = [", r":3: the text ends inside"),
        ("children = 7", r":1: children: must be a list, not an integer"),
        ("children = [7]", r":1: children: each child must be a map, not an integer"),
        ("colour = 1\n" + children('id = "a"'), r":1: colour: is not a known key"),
        (children('id = "a", colour = 1'), r":3: colour: is not a known key"),
        (children('id = "a", backoff { initial = 1s\n inital = 2s }'), r":4: backoff.inital: is not a known key"),
        (children('id = "a"', 'id = "a"'), r":4: id: 'a' is the child of line 3"),
        (children('id = "s", children = [{ id = "a" },\n { id = "a" }]'), r":4: id: 's/a' is the child of line 3"),
        (children('id = "a/b"'), r":3: id: must not contain '/'"),
        (children('restart = "permanent"'), r":3: id: is missing"),
        (children('id = 1'), r":3: id: must be a text, not an integer"),
        (children('id = "a"\n restart = "always"'), r":4: restart: 'always' is none of permanent, transient, temporary"),
        (children('id = "a"\n restart = "permanent"\n restart = "temporary"'), r":5: .*restart: is given twice"),
        (children('id = "a"', top="strategy = 'one_for_nobody'"), r":1: strategy: 'one_for_nobody' is none of"),
        (children('id = "a"', top="strategy = 'simple_one_for_one'"), r":1: strategy: simple_one_for_one"),
        (children('id = "a"', top="\nintensity = -1"), r":2: intensity: -1 is out of range"),
        (children('id = "a"', top="period = 5"), r":1: period: must be a time with a unit"),
        (children('id = "a"', top="period = 0s"), r":1: period: must be longer than 0"),
        (children('id = "a"', top="a.b = 1"), r":1: a: is followed by a dot"),
        (children('id = "a"\n significant = true'), r":4: significant: the supervisor's auto_shutdown is 'never'"),
        (children('id = "a"\n name = "n"'), r":4: name: .*needs the option 'connection'"),
        (children('id = "a"\n exec-args = ["x"]'), r":4: exec-args: needs a program"),
        (children('id = "a"\n shutdown = 1ms'), r":4: shutdown: .*between 1000"),
        (children('id = "a"\n child-shutdown = "never"'), r":4: child-shutdown: 'never' is not a time"),
        (children('id = "a"\n wait-boot = "no"'), r":4: wait-boot: a supervisor waits itself"),
        (children('id = "a"\n connection = "pigeon"'), r":4: connection: 'pigeon' is none of"),
        (children('id = "a"\n env = ["A"]'), r":4: env: 'A' is not of the form NAME=VALUE"),
        (children('id = "a"\n args = "x"'), r":4: args: must be a list, not a text"),
        (children('id = "a"\n longnames = "yes"'), r":4: longnames: must be a boolean"),
        (children('id = "a"\n output = "printer"'), r":4: output: 'printer' is none of"),
        (children('id = "a"\n ready = "soon"'), r":4: ready: 'soon' is not \"said\""),
        (children('id = "a"\n ready { function = "f" }'), r":4: ready: a probe needs a module"),
        (children('id = "a"\n ready {\n module = "m", function = "f", arguments = ["[1"] }'),
         r":5: ready.arguments: .*\S"),
        (children('id = "a"\n final-statuses = [256]'), r":4: final-statuses: an exit status is from 0 to 255"),
        (children('id = "a"\n backoff { factor = 0.5 }'), r":4: backoff: .*factor must be at least 1"),
        (children('id = "s", children = []\n exec = "erl"'), r":4: exec: is not a known key here"),
        ("children = " + "[" * 100, r":1: children: is nested deeper than"),
        ("children = [\0]", r":1: there is a NUL"),
        ("children = [{ id = db }]", r":1: unexpected 'd' in column 20 "),
        ("children = [\n  { id = db }]", r":2: unexpected 'd' in column 10 "),
        ("\nchildren = [{ id = db }]", r":2: unexpected 'd' in column 20 "),
        ("children = [{ \x1b }]", r":1: unexpected '\\x1B' in column 15 "),
        ("children = é", r":1: unexpected '\\xC3' in column 12 "),
    ]

    def test_errors_name_line_and_key(self):
        for text, wrong in self.WRONG:
            with self.subTest(text):
                tree = self.supervise(text)
                output = tree.stdout.read()
                self.assertEqual(tree.wait(PATIENCE), 2, output)
                self.assertRegex(output, "peerctl: tree.conf" + wrong)
                self.assertFalse(os.path.exists(self.socket))

    def test_all_problems_are_told_at_once(self):
        tree = self.supervise(children('id = "a", colour = 1', 'id = "b", restart = "no"'))
        self.assertRegex(tree.stdout.read(), r":3: colour: .*\ntree.conf:4: restart: ")

    def test_files_that_cannot_be_read(self):
        os.mkfifo(os.path.join(self.directory.name, "tree.conf"))
        self.assertIn("tree.conf: is not a regular file", self.supervise().stdout.read())
        os.remove(os.path.join(self.directory.name, "tree.conf"))
        self.assertIn("tree.conf: No such file", self.supervise().stdout.read())
        self.assertIn("larger than 1 MiB", self.supervise("#" * (1 << 20) + "\n").stdout.read())

    def test_every_key_is_taken(self):
        tree = self.supervise(children(
            'id = "a", exec = "erl", exec-args = ["+S", "1"], args = ["-flag", "value"], env = ["A=b"], '
            'connection = "standard_io", detached = true, working-directory = "/tmp", wait-boot = 20s, '
            'shutdown = "halt:3s", survivors = "kill", queue-limit = 1000000, restart = "transient", '
            'significant = true, child-shutdown = "infinity", max-waiting = 3, final-statuses = [1, 2], '
            'backoff { initial = 1s, factor = 1, maximum = 2s, jitter = 0, reset-after = 1min }, output = "none", '
            'ready { module = "erlang", function = "abs", arguments = ["-1"], expected = "1", interval = 10ms, '
            'within = "infinity" }',
            top='strategy = "one_for_all"\nintensity = 2\nperiod = 1min\nauto-shutdown = "any_significant"'))
        self.pid_of(tree, "a")
        self.check(["call", "--child", "a", "init", "get_argument", "flag"], 0, '{ok,[["value"]]}\n')
        self.check(["call", "--child", "a", "os", "getenv", '"A"'], 0, '"b"\n')
        self.check(["call", "--child", "a", "file", "get_cwd"], 0, '{ok,"/tmp"}\n')
        self.stop(tree)


class LifeTest(TreeTest):
    def test_children_start_in_order_and_stop_in_reverse_order(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                tree = self.supervise(children('id = "a"', 'id = "s", children = [{ id = "b" }]', 'id = "c"'))
                self.pid_of(tree, "c")
                ready = [line.split(":")[0] for line in self.seen if ": ready" in line]
                self.assertEqual(ready[-4:], ["a", "s/b", "s", "c"])
                tree.send_signal(number)
                stopped = [line.split(":")[0] for line in self.check_end(tree, 0) if ": stopped" in line]
                self.assertEqual(stopped, ["c", "s/b", "s", "a"])

    def test_a_killed_child_is_restarted(self):
        tree = self.supervise(children('id = "a"', 'id = "b"'))
        pid = self.pid_of(tree, "a")
        other = self.pid_of(tree, "b")
        os.kill(pid, signal.SIGKILL)
        self.expect(tree, f"^a: exited, generation 1, process {pid}: .*killed by signal 9")
        self.assertNotEqual(self.pid_of(tree, "a", 2), pid)
        rows = self.rows()
        self.assertEqual((rows["a"][4], rows["a"][-6:]), ("2", ["1", "killed", "by", "signal", "9", "(SIGKILL)"]))
        self.assertEqual(rows["b"][2], str(other))
        self.stop(tree)

    def test_an_event_is_one_line(self):
        tree = self.supervise(children('id = "a"'))
        self.pid_of(tree, "a")
        self.check(["call", "--child", "a", "peer_node", "crash", "6"], 5, "", "SIGABRT")
        self.expect(tree, r"^a: exited, .*killed by signal 6 \(SIGABRT\).*; its last words: \S")
        self.expect(tree, "^a: restarting, generation 1$")
        self.stop(tree)

    def test_output_has_the_path_of_the_child(self):
        tree = self.supervise(children('id = "s", children = [{ id = "a" }]', 'id = "b", output = "file:b.log"'))
        self.pid_of(tree, "b")
        self.check(["call", "--child", "s/a", "io", "put_chars", '"hello\\n"'], 0, "ok\n")
        self.expect(tree, r"^\[s/a\] hello$")
        self.check(["call", "--child", "b", "io", "put_chars", '"to the file\\n"'], 0, "ok\n")
        self.stop(tree)
        with open(os.path.join(self.directory.name, "b.log"), encoding="utf-8") as log:
            self.assertEqual(log.read(), "to the file\n")

    def test_a_tree_that_gives_up_is_status_3(self):
        tree = self.supervise(children('id = "a"', 'id = "b"', top="intensity = 1\nperiod = 1min"))
        self.pid_of(tree, "b")
        for generation in (1, 2):
            os.kill(int(self.rows()["a"][2]), signal.SIGKILL)
            if generation == 1:
                self.pid_of(tree, "a", 2)
        self.assertRegex(self.check_end(tree, 3)[-1], "peerctl: gave up after too many restarts: a: gave_up")

    def test_a_tree_that_does_not_start_is_status_3(self):
        for child in (shell_child("b", "echo last words >&2; exit 7"), 'id = "b", exec = "/no/such/program"',
                      shell_child("b", "exec cat > /dev/null", ", wait-boot = 200ms"),
                      'id = "b", ready { within = 200ms }'):
            with self.subTest(child):
                tree = self.supervise(children('id = "a"', child, 'id = "c"'))
                rest = self.check_end(tree, 3)
                self.assertFalse([line for line in rest if line.startswith("c:")])
                self.assertIn("child 'b' could not be started", "\n".join(rest[-3:]))

    def test_the_end_of_a_significant_child_is_status_0(self):
        tree = self.supervise(children('id = "a"', 'id = "b", restart = "transient", significant = true',
                                       top='auto-shutdown = "any_significant"'))
        self.pid_of(tree, "b")
        self.assertEqual(self.peerctl("call", "--child", "b", "erlang", "halt", "0")[0], 5)
        self.check_end(tree, 0)

    def test_a_second_signal_kills_at_once(self):
        tree = self.supervise(children('id = "a"', shell_child("b", STUBBORN, ', shutdown = "infinity"')))
        self.pid_of(tree, "b")
        family = [open_process(pid) for pid in descendants(self.marker) if pid != tree.pid]
        tree.terminate()
        self.expect(tree, "^b: stopping")
        tree.send_signal(signal.SIGINT)
        self.check_end(tree, 128 + signal.SIGINT)
        for process in family:
            self.assertTrue(wait_for_end(process, time.monotonic() + PATIENCE))

    def test_sigquit_kills_at_once(self):
        tree = self.supervise(children(shell_child("a", STUBBORN, ', shutdown = "infinity"')))
        process = open_process(self.pid_of(tree, "a"))
        tree.send_signal(signal.SIGQUIT)
        self.check_end(tree, 128 + signal.SIGQUIT)
        self.assertTrue(wait_for_end(process, time.monotonic() + PATIENCE))

    def test_a_signal_ends_a_tree_that_starts(self):
        tree = self.supervise(children('id = "a"', 'id = "b", ready { within = "infinity" }'))
        self.expect(tree, "^b: started")
        tree.terminate()
        self.assertIn("a: stopped", "\n".join(self.check_end(tree, 0)))

    def test_children_go_with_a_tree_that_is_killed(self):
        tree = self.supervise(children('id = "a"', 'id = "b", exec = "erl"'))
        family = [open_process(self.pid_of(tree, name)) for name in ("a", "b")]
        tree.kill()
        for process in family:
            self.assertTrue(wait_for_end(process, time.monotonic() + PATIENCE))

    def test_a_reader_who_does_not_read_holds_up_nothing(self):
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
        tree = self.supervise(children(*[f'id = "a{i}"' for i in range(40)]), stdout=write, stderr=write)
        os.close(write)
        deadline = time.monotonic() + PATIENCE
        while not os.path.lexists(self.socket) or self.rows().get("a39", ["-"] * 4)[3] != "running":
            self.assertLess(time.monotonic(), deadline)
        self.write(children(*['id = "a", colour = 1'] * 200))
        tree.send_signal(signal.SIGHUP) # of two signals that wait, it comes first
        tree.terminate()
        self.assertEqual(tree.wait(PATIENCE), 0)

    def test_a_tree_goes_on_when_nobody_reads_its_events(self):
        tree = self.supervise(children('id = "a"'))
        pid = self.pid_of(tree, "a")
        tree.stdout.close()
        os.kill(pid, signal.SIGKILL)
        process = open_process(pid)
        self.assertTrue(wait_for_end(process, time.monotonic() + PATIENCE))
        self.check(["stop"], 0)
        self.assertEqual(tree.wait(PATIENCE), 0)

    def test_a_fifo_that_nobody_reads_delays_nothing(self):
        os.mkfifo(os.path.join(self.directory.name, "fifo"))
        tree = self.supervise(children('id = "a", output = "file:fifo"', 'id = "b", output = "file:fifo"', 'id = "c"'))
        self.pid_of(tree, "c")
        self.check(["call", "--child", "a", "erlang", "node"], 0, "nonode@nohost\n")
        self.assertEqual(list(self.rows()), ["a", "b", "c"])
        self.stop(tree)


class ReloadTest(TreeTest):
    APPLIED = "^peerctl: tree.conf has been applied"

    def reload(self, tree, text, expected=APPLIED):
        self.write(text)
        tree.send_signal(signal.SIGHUP)
        return self.expect(tree, expected)

    def pids(self):
        return {path: row[2] for path, row in self.rows().items()}

    def test_only_what_has_changed_is_restarted(self):
        tree = self.supervise(children('id = "a"', 'id = "b"', 'id = "s", children = [{ id = "c" }, { id = "d" }]'))
        self.expect(tree, "^s: ready")
        before = self.pids()
        self.reload(tree, children('restart = "permanent"\n # moved, and with a comment\n id = "a"', 'id = "new"',
                                   'id = "s", intensity = 7, children = [{ id = "c" }, { id = "d", args = ["x"] }]',
                                   top="period = 1min"))
        after = self.pids()
        self.assertEqual(list(after), ["a", "new", "s", "s/c", "s/d"])
        self.assertEqual(after["s/c"], before["s/c"])
        self.assertNotEqual(after["s/d"], before["s/d"])
        generations = {path: row[4] for path, row in self.rows().items()}
        self.assertEqual(generations, {"a": "2", "new": "1", "s": "1", "s/c": "1", "s/d": "2"})
        self.stop(tree)

    def test_order_and_comments_change_nothing(self):
        tree = self.supervise(children('id = "a", restart = "transient", args = ["x"]', 'id = "b"'))
        self.pid_of(tree, "b")
        before = self.pids()
        self.reload(tree, "# new\n" + children('args = [ "x" ]\n restart = "transient" # same\n id = "a"', 'id = "b"'))
        self.assertEqual(self.pids(), before)
        self.stop(tree)

    def test_a_supervisor_that_is_restarted_has_its_new_children(self):
        def text(*names):
            return children('id = "s", intensity = 0, children = [' + ",".join(f'{{ id = "{x}" }}' for x in names) + "]")
        tree = self.supervise(text("a"))
        pid = self.pid_of(tree, "s/a")
        self.reload(tree, text("a", "b"))
        self.assertEqual(self.pids()["s/a"], str(pid))
        os.kill(pid, signal.SIGKILL)
        self.expect(tree, "^s: ready, generation 2")
        self.assertEqual(list(self.pids()), ["s", "s/a", "s/b"])
        self.stop(tree)

    def test_a_file_that_is_wrong_changes_nothing(self):
        tree = self.supervise(children('id = "a"', 'id = "b"'))
        self.pid_of(tree, "b")
        before = self.pids()
        for text, wrong in FileTest.WRONG:
            with self.subTest(text):
                self.reload(tree, text, "^peerctl: tree.conf" + wrong)
        os.remove(os.path.join(self.directory.name, "tree.conf"))
        tree.send_signal(signal.SIGHUP)
        self.expect(tree, "No such file")
        self.assertEqual(self.pids(), before)
        self.stop(tree)

    def test_a_child_that_cannot_be_started_is_told(self):
        tree = self.supervise(children('id = "a"'))
        self.pid_of(tree, "a")
        before = self.pids()
        self.reload(tree, children('id = "a"', 'id = "b", exec = "/no/such/program"'),
                    "^peerctl: .*'b' could not be started")
        self.assertEqual(self.pids(), {**before, "b": "-"})
        self.stop(tree)

    def test_a_file_that_changes_all_the_time_harms_nothing(self):
        text = children('id = "a"')
        tree = self.supervise(text)
        pid = self.pid_of(tree, "a")
        over = threading.Event()

        def rewrite():
            path = os.path.join(self.directory.name, "tree.conf")
            while not over.is_set():
                with open(path, "w", encoding="utf-8") as file:
                    for character in text:
                        file.write(character)
                        file.flush()
        writer = threading.Thread(target=rewrite)
        writer.start()
        try:
            for _ in range(50):
                tree.send_signal(signal.SIGHUP)
                self.expect(tree, "^peerctl: ")
        finally:
            over.set()
            writer.join()
        self.assertEqual(self.pids(), {"a": str(pid)})
        self.stop(tree)

    def test_sighup_opens_output_files_again(self):
        tree = self.supervise(children('id = "a", output = "file:log"'))
        self.pid_of(tree, "a")
        log = os.path.join(self.directory.name, "log")
        os.rename(log, log + ".1")
        tree.send_signal(signal.SIGHUP)
        self.expect(tree, "^peerctl: tree.conf has been applied")
        wait_until(lambda: os.path.exists(log))
        self.stop(tree)


class SocketTest(TreeTest):
    def start(self, *options, text=children('id = "a"', 'id = "s", children = [{ id = "b" }]')):
        tree = self.supervise(text, *options)
        self.expect(tree, "^s: ready")
        return tree

    def test_only_the_owner_may_connect(self):
        tree = self.start()
        state = os.lstat(self.socket)
        self.assertTrue(stat.S_ISSOCK(state.st_mode))
        self.assertEqual((stat.S_IMODE(state.st_mode), state.st_uid), (0o600, os.geteuid()))
        self.stop(tree)

    @unittest.skipIf(os.geteuid() != 0, "only root can be somebody else")
    def test_another_user_is_turned_away_even_if_the_file_lets_him(self):
        tree = self.start()
        os.chmod(self.directory.name, 0o755)
        os.chmod(self.socket, 0o666)
        code = ("import os, socket, sys\nos.setuid(65534)\ns = socket.socket(socket.AF_UNIX)\n"
                "s.connect(sys.argv[1])\nprint(s.recv(1))")
        other = subprocess.run([sys.executable, "-c", code, self.socket], timeout=PATIENCE, stdout=subprocess.PIPE,
                               check=True)
        self.assertEqual(other.stdout, b"b''\n")
        self.stop(tree)

    def test_status_is_a_table(self):
        tree = self.start()
        status, out, err = self.peerctl("status")
        self.assertEqual((status, err), (0, ""))
        lines = out.splitlines()
        self.assertEqual(re.split("  +", lines[0]), ["ID", "KIND", "PID", "STATE", "GEN", "UP SINCE", "CPU", "MEMORY",
                                                     "RESTARTS", "LAST END"])
        self.assertRegex(lines[1], r"^a +peer +\d+  running +1  [\d:]+ +[\d.]+%  +[\d.]+ MiB +0  -$")
        self.assertRegex(lines[2], r"^s +supervisor +-  running +1  [\d:]+ +- +- +0  -$")
        self.assertRegex(lines[3], r"^s/b +peer ")
        self.stop(tree)

    def test_a_child_is_stopped_and_restarted(self):
        tree = self.start()
        self.check(["stop", "s/b"], 0)
        self.assertEqual(self.rows()["s/b"][2:5], ["-", "undefined", "1"])
        self.check(["restart", "s/b"], 0)
        self.assertEqual(self.rows()["s/b"][3:5], ["running", "2"])
        self.check(["restart", "s/b"], 0)
        self.assertEqual(self.rows()["s/b"][3:5], ["running", "3"])
        self.check(["restart", "s/nobody"], 3, "", "child 's/nobody' is not known")
        self.check(["stop", "nobody/b"], 3, "", "child 'nobody/b' is not known")
        self.stop(tree)

    def test_a_temporary_child_is_not_restarted(self):
        tree = self.start(text=children('id = "a", restart = "temporary"', 'id = "s", children = []'))
        before = self.rows()["a"][2]
        self.check(["restart", "a"], 3, "", "child 'a' is temporary")
        self.assertEqual(self.rows()["a"][2], before)
        self.check(["stop", "a"], 0)
        self.assertEqual(list(self.rows()), ["s"])
        self.stop(tree)

    def test_an_empty_path_is_no_path(self):
        tree = self.start()
        self.check(["stop", ""], 2, "", "path: is empty")
        self.check(["restart", ""], 2, "", "path: is empty")
        self.check(["call", "--child", "", "erlang", "node"], 2, "", "--child: is empty")
        self.assertEqual(len(self.rows()), 3)
        self.stop(tree)

    def test_a_tree_is_stopped(self):
        tree = self.start()
        self.check(["stop"], 0)
        self.check_end(tree, 0)
        self.check(["status"], 3, "", "cannot be reached")

    def test_calls_have_the_statuses_of_calls(self):
        tree = self.start()
        call = ["call", "--child", "s/b"]
        self.check([*call, "lists", "reverse", "[1,{a}]"], 0, "[{a},1]\n")
        self.check([*call, "erlang", "throw", "oops"], 1, "", "{throw,oops}\n")
        self.check([*call, "--timeout", "50ms", "timer", "sleep", "infinity"], 4, "", "timer:sleep")
        self.check([*call, "erlang", "halt", "7"], 5, "", "exited with status 7")
        self.check(["call", "--child", "nobody", "m", "f"], 3, "", "is not known")
        self.check([*call, "--wait", "20s", "erlang", "node"], 0, "nonode@nohost\n") # it is being restarted
        self.check([*call, "--exec", "erl", "m", "f"], 2, "", "--child")
        self.check(["call", "--socket", "s", "m", "f"], 2, "", "--child")
        self.check(["call", "--wait", "1s", "m", "f"], 2, "", "--child")
        self.stop(tree)

    def test_the_socket_is_where_the_file_or_an_option_says(self):
        self.socket = os.path.join(self.directory.name, "first")
        tree = self.start(text=children('id = "s", children = [{ id = "b" }]', top='socket = "first"'))
        self.check(["call", "--socket", "first", "--child", "s/b", "erlang", "node"], 0, "nonode@nohost\n")
        self.check(["stop", "--socket", "first"], 0)
        self.check_end(tree, 0)
        self.socket = os.path.join(self.directory.name, "second")
        tree = self.start("--socket", "second", text=None)
        self.check(["stop", "--socket", "second"], 0)
        self.check_end(tree, 0)

    def test_there_is_one_tree_per_socket(self):
        tree = self.start()
        second = self.supervise()
        self.assertIn("already running", second.stdout.read())
        self.assertEqual(second.wait(PATIENCE), 3)
        self.assertEqual(len(self.rows()), 3)
        self.stop(tree)

    def test_trees_may_start_at_the_same_time(self):
        self.write(children('id = "a"'))
        directory = os.open(self.directory.name, os.O_RDONLY)
        fcntl.flock(directory, fcntl.LOCK_EX)
        trees = [self.supervise(None, "--socket", f"s{i}") for i in range(8)]
        time.sleep(0.3) # in which they find it locked
        os.close(directory)
        for tree in trees:
            self.pid_of(tree, "a")
        for tree in trees:
            self.stop(tree)

    def test_a_socket_that_was_left_behind_is_replaced(self):
        tree = self.start()
        tree.kill()
        tree.wait()
        self.assertTrue(os.path.lexists(self.socket))
        self.stop(self.start())

    def test_another_file_is_not_replaced(self):
        with open(self.socket, "w", encoding="utf-8") as file:
            file.write("precious")
        tree = self.supervise(children('id = "a"'))
        self.assertIn("another file", tree.stdout.read())
        self.assertEqual(tree.wait(PATIENCE), 3)
        with open(self.socket, encoding="utf-8") as file:
            self.assertEqual(file.read(), "precious")

    def connect(self):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(client.close)
        client.connect(self.socket)
        return client

    def test_clients_that_hang_or_talk_nonsense_hold_up_nobody(self):
        tree = self.start()
        for nonsense in (b"", b"\0\0", b"\0\0\1\0\x83", b"GET / HTTP/1.1\r\n\r\n", b"\xff\xff\xff\xff", b"\0\0\0\0",
                         b"\0\0\0\3\x83ab", b"\0\0\0\2\x83j", b"\0\0\0\1x"):
            self.connect().sendall(nonsense)
        for _ in range(5):
            self.connect()
        self.assertEqual(len(self.rows()), 3)
        self.stop(tree)

    def test_clients_that_are_too_many_are_turned_away(self):
        tree = self.start()
        clients = [self.connect() for _ in range(128)]
        self.check(["status"], 3, "", "too many requests")
        for each in clients:
            each.close()
        self.stop(tree)

    def test_requests_that_never_end_hold_up_neither_status_nor_stop(self):
        tree = self.start()
        for_ever = [peerctl_test.PEERCTL, "call", "--child", "a", "--timeout", "infinity", "timer", "sleep", "infinity"]

        def call_for_ever():
            return subprocess.Popen(for_ever, env=self.environment, stderr=subprocess.DEVNULL)
        clients = [call_for_ever() for _ in range(32)]
        deadline = time.monotonic() + PATIENCE
        while self.peerctl("call", "--child", "a", "erlang", "node")[0] == 0:
            self.assertLess(time.monotonic(), deadline)
            clients = [call_for_ever() if each.poll() is not None else each for each in clients] # our call had its place
        for each in clients:
            each.kill()
            each.wait()
        self.check(["restart", "a"], 3, "", "too many requests")
        self.assertEqual(len(self.rows()), 3)
        self.check(["stop"], 0)
        self.check_end(tree, 0)

    def test_erlang_can_ask(self):
        tree = self.start()
        code = (f'{{ok, S}} = gen_tcp:connect({{local, "{self.socket}"}}, 0, [binary, {{packet, 4}}, {{active, false}}]), '
                'ok = gen_tcp:send(S, term_to_binary({request, <<"call">>, <<"a">>, <<"lists">>, <<"reverse">>, '
                '[[1, 2]], {ns, 5000000000}, {ns, 0}})), {ok, B} = gen_tcp:recv(S, 0), io:format("~p", [binary_to_term(B)]), '
                'halt().')
        erl = subprocess.run(["erl", "-noshell", "-eval", code], timeout=PATIENCE, stdout=subprocess.PIPE, check=True,
                             env=self.environment)
        self.assertEqual(erl.stdout, b'{answer,0,<<"[2,1]">>,[]}')
        self.stop(tree)

    def test_an_answer_may_be_long(self):
        tree = self.supervise(children('id = "a", exec = "erl"'))
        self.pid_of(tree, "a")
        size = 20_000_000
        status, out, err = self.peerctl("call", "--child", "a", "binary", "copy", '<<"x">>', str(size))
        self.assertEqual(status, 0, err)
        self.assertEqual(out.count("x"), size)
        self.stop(tree)


class TerminalTest(TreeTest):
    WIDTH = 100

    def start_on_terminal(self, text, **more):
        self.terminal, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 20, self.WIDTH, 0, 0))
        tree = self.supervise(text, stdout=inner, stderr=inner, encoding=None, **more)
        os.close(inner)
        self.addCleanup(lambda: os.close(self.terminal))
        self.text = ""
        return tree

    def read(self):
        """More of what the terminal gets; nothing when peerctl has ended."""
        self.assertTrue(select.select([self.terminal], [], [], PATIENCE)[0], self.text)
        try:
            return os.read(self.terminal, 65536).decode()
        except OSError:
            return ""

    def page(self, pattern):
        """Waits for a whole page that matches, and returns its lines."""
        while True:
            for page in self.text.split("\x1b[H")[1:-1]:
                if re.search(pattern, page):
                    return re.split("\r+\n", page.replace("\x1b[J", "").replace("\x1b[K", ""))
            self.text = self.text[self.text.rfind("\x1b[H"):]
            more = self.read()
            self.assertTrue(more, self.text)
            self.text += more


class TableTest(TerminalTest):
    def test_the_table_lives(self):
        tree = self.start_on_terminal(children('id = "a"', 'id = "s", children = [{ id = "b" }]'))
        page = self.page("s/b +peer +[0-9]+ +running")
        self.assertRegex(page[0], "^ID +KIND +PID +STATE +GEN +UP SINCE +CPU +MEMORY +RESTARTS +LAST END$")
        self.assertEqual([line.split()[0] for line in page[1:4]], ["a", "s", "s/b"])
        self.assertTrue([line for line in page[4:] if line.startswith("s/b: ready, generation 1")])
        os.kill(int(page[1].split()[2]), signal.SIGKILL)
        page = self.page("a +peer +[0-9]+ +running +2 .* 1  killed by signal 9")
        self.assertLessEqual(max(len(line) for line in page), self.WIDTH)
        self.assertLessEqual(len(page), 20)
        tree.terminate()
        while more := self.read():
            self.text += more
        self.assertEqual(tree.wait(PATIENCE), 0)
        self.assertTrue(self.text.endswith("\x1b[?25h\x1b[?1049l"), self.text[-100:])

    def test_output_of_children_cannot_control_the_terminal(self):
        tree = self.start_on_terminal(children('id = "a"'))
        self.page("a +peer +[0-9]+ +running")
        self.check(["call", "--child", "a", "io", "put_chars", '[27,"[2Jevil ",155,"x é",10]'], 0, "ok\n")
        page = self.page("evil")
        self.assertIn("[a] ?[2Jevil ?x é", page)
        tree.terminate()
        while self.read():
            pass
        self.assertEqual(tree.wait(PATIENCE), 0)

    def test_a_tree_without_its_terminal_stops(self):
        tree = self.start_on_terminal(children('id = "a"'))
        self.page("a +peer +[0-9]+ +running")
        os.close(self.terminal)
        self.terminal = os.open("/dev/null", os.O_RDONLY)
        tree.send_signal(signal.SIGHUP)
        self.assertEqual(tree.wait(PATIENCE), 0)

    def test_a_terminal_that_hangs_up_twice_kills_nothing(self):
        code = SAY_STARTED + "; head -c 1 > /dev/null; touch stopping; until [ -e go ]; do sleep 0.2; done"
        tree = self.start_on_terminal(children(shell_child("a", code, ', shutdown = "infinity"')))
        self.page("a +peer +[0-9]+ +running")
        stopping = os.path.join(self.directory.name, "stopping")
        self.assertFalse(os.path.exists(stopping))
        os.close(self.terminal)
        self.terminal = os.open("/dev/null", os.O_RDONLY)
        tree.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + PATIENCE
        while not os.path.exists(stopping):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        tree.send_signal(signal.SIGHUP)
        with open(os.path.join(self.directory.name, "go"), "w", encoding="utf-8"):
            pass
        self.assertEqual(tree.wait(PATIENCE), 0)

    def test_each_problem_of_a_file_has_a_line(self):
        tree = self.start_on_terminal(children('id = "a"'))
        self.page("a +peer +[0-9]+ +running")
        self.write(children('id = "a", colour = 1', 'id = "b", restart = "no"'))
        tree.send_signal(signal.SIGHUP)
        page = self.page("restart: 'no'")
        self.assertTrue([line for line in page if line.startswith("peerctl: tree.conf:3: colour: ")], page)
        self.assertTrue([line for line in page if line.startswith("tree.conf:4: restart: ")], page)
        tree.terminate()
        while self.read():
            pass
        self.assertEqual(tree.wait(PATIENCE), 0)


class ExampleTest(TreeTest):
    def test_the_example_runs(self):
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../apps/example/tree.conf")
        with open(source, encoding="utf-8") as file:
            text = file.read().replace("build/release/bin", os.path.dirname(peerctl_test.PEERCTL))
        tree = self.supervise(text)
        self.pid_of(tree, "helper")
        self.assertEqual(list(self.rows()), ["store", "text", "text/anna", "text/ben", "helper"])
        self.check(["call", "--child", "text/anna", "journal", "count"], 0, "0\n")
        self.check(["call", "--child", "store", "persistent_term", "get", "greeting"], 0, "hello\n")
        os.kill(int(self.rows()["text/anna"][2]), signal.SIGKILL)
        self.expect(tree, "^text/ben: ready, generation 2")
        self.check(["call", "--child", "helper", "erlang", "halt", "3"], 5, "", "exited with status 3")
        self.expect(tree, "^helper: exited")
        self.assertEqual(self.rows()["helper"][3], "undefined")
        self.stop(tree)


if __name__ == "__main__":
    peerctl_test.PEERCTL = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
