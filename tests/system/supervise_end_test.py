# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""What `peerctl supervise` does when its surroundings change: output, socket, terminal, other commands.

    supervise_end_test.py PEERCTL [unittest's arguments]
"""

import fcntl
import os
import select
import signal
import subprocess
import sys
import threading
import time
import unittest

import peerctl_test
from peerctl_test import PATIENCE, SAY_STARTED
from supervise_test import TerminalTest, TreeTest, children, shell_child


class SignalTest(TreeTest):
    def test_two_copies_of_a_signal_are_one(self):
        slow = SAY_STARTED + "; head -c 1 > /dev/null; sleep 0.5; echo finished"
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                tree = self.supervise(children(shell_child("a", slow, ', shutdown = "infinity"')))
                self.pid_of(tree, "a")
                tree.send_signal(number)
                tree.send_signal(number)
                self.assertIn("[a] finished", self.check_end(tree, 0))

    def test_timeout_ends_a_tree_in_order(self):
        self.write(children('id = "a"', 'id = "b"'))
        ended = subprocess.run(["timeout", "2", peerctl_test.PEERCTL, "supervise", "tree.conf"], env=self.environment,
                               cwd=self.directory.name, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               timeout=PATIENCE, check=False, start_new_session=True)
        self.assertEqual(ended.returncode, 124)
        self.assertIn(b"peerctl: stopping\n", ended.stdout)
        self.assertNotIn(b"killed", ended.stdout)


class OutputTest(TreeTest):
    def test_lines_are_whole_for_a_slow_reader(self):
        printer = SAY_STARTED + "; i=0; while [ $i -lt 300 ]; do echo " + "x" * 150 + "; i=$((i+1)); done; read line"
        read, write = os.pipe()
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
        tree = self.supervise(children(shell_child("a", printer), shell_child("b", printer),
                                       'id = "c"', top="intensity = 1000"), stdout=write, stderr=write)
        os.close(write)
        text = b""
        over = threading.Event()

        def disturb():
            while not over.is_set():
                self.peerctl("restart", "c")
        disturbing = threading.Thread(target=disturb)
        while b"c: ready" not in text:
            text += os.read(read, 100)
        disturbing.start()
        while text.count(b"x" * 150 + b"\n") < 600:
            text += os.read(read, 100)
        over.set()
        reading = threading.Thread(target=disturbing.join)
        reading.start()
        while reading.is_alive():
            if select.select([read], [], [], 0.1)[0]:
                text += os.read(read, 4096)
        tree.terminate()
        while piece := os.read(read, 4096):
            text += piece
        os.close(read)
        self.assertEqual(tree.wait(PATIENCE), 0)
        for line in text.decode().splitlines():
            self.assertRegex(line, r"^(\[[ab]\] x{150}|[abc]: [a-z_]+, generation \d+.*|peerctl: stopping)$")

    def test_events_that_cannot_be_written_count(self):
        with open("/dev/full", "wb") as full:
            tree = self.supervise(children('id = "a"'), stdout=full, stderr=subprocess.PIPE, encoding=None)
        self.addCleanup(tree.stderr.close)
        self.assertEqual(tree.stderr.readline(), b"peerctl: cannot write to standard output: No space left on device\n")
        tree.terminate()
        self.assertEqual(tree.wait(PATIENCE), 6)
        self.assertEqual(tree.stderr.read(), b"")

    def test_the_error_of_a_boot_is_printed_once(self):
        tree = self.supervise(children('id = "a"', 'id = "s", children = [{ id = "b", exec = "/no/such/program" }]'))
        rest = self.check_end(tree, 3)
        self.assertEqual(rest[-1], "peerctl: child 's' could not be started: child 'b' could not be started")
        self.assertEqual(len([line for line in rest if "No such file" in line]), 2) # the events of 's/b' and 's'

    def test_the_error_of_a_boot_is_complete_where_the_events_are_not(self):
        tree = self.supervise(children('id = "b", exec = "/no/such/program"'), stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE)
        self.addCleanup(tree.stderr.close)
        self.assertIn("No such file", tree.stderr.read())
        self.assertEqual(tree.wait(PATIENCE), 3)


class FileTest(TreeTest):
    def test_line_ends_and_a_byte_order_mark_of_other_systems(self):
        text = "\ufeff" + children('id = "a" # a comment\n', 'id = "b", args = ["x"]').replace("\n", "\r\n")
        tree = self.supervise(text)
        self.pid_of(tree, "b")
        self.stop(tree)

    def test_a_tree_may_be_empty(self):
        tree = self.supervise("children = []")
        while not os.path.lexists(self.socket) or self.peerctl("status")[0] != 0:
            self.assertIsNone(tree.poll())
        self.assertEqual(self.rows(), {})
        self.write(children('id = "a"'))
        tree.send_signal(signal.SIGHUP)
        self.pid_of(tree, "a")
        self.stop(tree)

    def test_times_are_read_as_on_the_command_line(self):
        for time_text, complaint in (("-1s", "is negative"), ("2562047h", "is too long"), ("9223372036854775806ns", "too long")):
            with self.subTest(time_text):
                tree = self.supervise(children('id = "a"\n wait-boot = ' + time_text))
                self.assertRegex(tree.stdout.read(), f"tree.conf:4: [a-z.]*wait-boot: '{time_text}' .*{complaint}")
                self.assertEqual(tree.wait(PATIENCE), 2)
        tree = self.supervise(children('id = "a", wait-boot = 0.5min, shutdown = 1.5s # 5s\n', 'id = "b", args = ["1s"]',
                                       top="period = 2.5s\nintensity = 1"))
        self.pid_of(tree, "b")
        self.check(["call", "--child", "b", "erlang", "node"], 0, "nonode@nohost\n")
        self.stop(tree)

    def test_columns_are_those_of_the_file(self):
        for text, column in (("children = [{ id = db }]", 20), ("period = 1s, x = db", 18), ("\nperiod = 1.5s, x = db", 20)):
            with self.subTest(text):
                self.assertIn(f"unexpected 'd' in column {column} ", self.supervise(text).stdout.read())


class SocketTest(TreeTest):
    def start(self):
        tree = self.supervise(children('id = "a"', 'id = "b"'))
        self.pid_of(tree, "b")
        return tree

    def test_a_tree_that_is_stopped_is_not_waited_for(self):
        tree = self.start()
        tree.send_signal(signal.SIGSTOP)
        for request in (["status"], ["stop"], ["call", "--child", "a", "--timeout", "infinity", "erlang", "node"]):
            with self.subTest(request):
                self.check(request, 3, "", f"peerctl, process {tree.pid}, is stopped")
        tree.send_signal(signal.SIGCONT)
        self.stop(tree)

    def test_restarts_of_one_child_do_not_mix(self):
        tree = self.start()
        for _ in range(10):
            both = [subprocess.Popen([peerctl_test.PEERCTL, "restart", "a"], env=self.environment,
                                     stderr=subprocess.PIPE) for _ in range(4)]
            for each in both:
                err = each.communicate(timeout=PATIENCE)[1]
                self.assertEqual((each.returncode, err), (0, b""))
        self.assertEqual(self.rows()["a"][3:5], ["running", "41"])
        self.stop(tree)

    def test_a_socket_that_was_removed_is_made_again(self):
        tree = self.start()
        os.remove(self.socket)
        self.expect(tree, "^peerctl: the socket .* has been removed")
        second = self.supervise()
        self.assertIn("already running", second.stdout.read())
        self.assertEqual(second.wait(PATIENCE), 3)
        self.assertFalse(os.path.lexists(self.socket))
        tree.send_signal(signal.SIGHUP)
        self.expect(tree, "^peerctl: the socket .* has been made again")
        self.assertEqual(list(self.rows()), ["a", "b"])
        self.stop(tree)

    def test_errors_of_calls_name_the_child(self):
        tree = self.start()
        self.check(["call", "--child", "a", "erlang", "halt", "7"], 5, "", "child 'a' ended while running: exited with")
        self.stop(tree)


class ScreenTest(TerminalTest):
    def finish(self, tree):
        tree.terminate()
        while more := self.read():
            self.text += more
        self.assertEqual(tree.wait(PATIENCE), 0)

    def read_until(self, text):
        while text not in self.text:
            more = self.read()
            self.assertTrue(more)
            self.text += more

    def test_rows_that_do_not_fit_are_counted(self):
        tree = self.start_on_terminal(children(*[f'id = "a{i}"' for i in range(30)]))
        page = self.page("a17 +peer +[0-9]+ +running")
        self.assertEqual(len(page), 20)
        self.assertEqual(page[-1], "... 12 more; see peerctl status")
        self.finish(tree)

    def test_wide_characters_take_two_columns(self):
        tree = self.start_on_terminal(children('id = "日本"', 'id = "e\u0301x"', 'id = "abcd"'))
        page = self.page("abcd +peer +[0-9]+ +running")
        self.assertEqual([line.split()[0] for line in page[1:4]], ["日本", "e\u0301x", "abcd"])
        self.assertEqual([line[:line.index("peer")] for line in page[1:4]], ["日本  ", "e\u0301x    ", "abcd  "])
        self.finish(tree)

    def test_ctrl_z_gives_the_terminal_back(self):
        # Only a process group with a parent in the same session can be stopped so.
        tree = self.start_on_terminal(children('id = "a"'), preexec_fn=os.setpgrp)
        self.page("a +peer +[0-9]+ +running")
        tree.send_signal(signal.SIGTSTP)
        self.read_until("\x1b[?1049l")
        self.assertTrue(os.WIFSTOPPED(os.waitpid(tree.pid, os.WUNTRACED)[1]))
        self.text = ""
        tree.send_signal(signal.SIGCONT)
        self.read_until("\x1b[?1049h")
        self.page("a +peer +[0-9]+ +running")
        self.finish(tree)


if __name__ == "__main__":
    peerctl_test.PEERCTL = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
