# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""peerctl and its peers where the system or the parent is unusual: inherited signals, process 1, sandboxes.

    launch_test.py PEERCTL [unittest's arguments]
"""

import ctypes
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest

PEERCTL = ""
PATIENCE = 30  # seconds for a fact that has to come; only a test that fails takes so long


def shell_exec(script):
    """Start options for a shell that runs `script` and then becomes peer_node."""
    node = os.path.join(os.path.dirname(PEERCTL), "peer_node")
    words = ["-c", f'{script} exec "{node}" "$@"', "sh"]
    return ["--exec", "/bin/sh", "--connection", "inherited", *(x for word in words for x in ("--exec-arg", word))]


def call(*args):
    return [PEERCTL, "call", *shell_exec(""), *args]


class SignalsTest(unittest.TestCase):
    def test_an_ignored_sigchld_is_reset(self):
        def ignore():
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})

        command = [PEERCTL, "run", *shell_exec("(sleep 0.1; kill -USR1 $$) &")]
        done = subprocess.run(command, preexec_fn=ignore, timeout=PATIENCE, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (128 + signal.SIGUSR1, ""))


class InitTest(unittest.TestCase):
    def test_orphans_of_process_1_are_reaped(self):
        unshare = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
        if subprocess.run([*unshare, "true"], stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("pid namespaces are forbidden")
        script = ("p=$(setsid sh -c 'sleep 0.01 & echo $!'); "  # process 1 becomes the parent of the sleep
                  "while [ -e /proc/$p ]; do sleep 0; done; echo reaped >&2;")
        process = subprocess.Popen([*unshare, PEERCTL, "run", *shell_exec(script)], stdin=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertTrue(select.select([process.stderr], [], [], PATIENCE)[0])
        self.assertEqual(process.stderr.readline(), "reaped\n")


def wait_for_end(pid):
    """Waits for the end of a process. Returns whether it came."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    with os.fdopen(process):
        return bool(select.select([process], [], [], PATIENCE)[0])


def start_ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return int(file.read().rpartition(")")[2].split()[19])


class OriginKilledTest(unittest.TestCase):
    """What is left when peerctl is killed with SIGKILL."""

    def setUp(self):
        subreaper = 36
        ctypes.CDLL(None).prctl(subreaper, 1, 0, 0, 0)  # to find the guardian, which becomes a child of this program

    def guardian(self):
        """The guardian, which becomes a child of this program."""
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8") as file:
                    head, _, rest = file.read().rpartition(")")
            except OSError:
                continue
            if head.endswith("(libpeer-guard") and int(rest.split()[1]) == os.getpid():
                return int(name)
        return None

    def start(self, script, *args):
        process = subprocess.Popen([PEERCTL, "run", *shell_exec(script), *args], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        helper = int(process.stderr.readline())
        self.addCleanup(self.kill, helper)
        return process, helper

    @staticmethod
    def kill(pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def test_helpers_of_peers_end(self):
        origin, helper = self.start("sleep 1000 <&- >&- 2>&- & echo $! >&2;")
        guardian = self.guardian()
        self.assertIsNotNone(guardian)
        origin.kill()
        self.assertTrue(wait_for_end(helper))
        os.waitpid(guardian, 0)

    def test_helpers_that_ignore_signals_to_the_terminal_s_group_end(self):
        origin, helper = self.start("sleep 1000 <&- >&- 2>&- & echo $! >&2;")
        guardian = self.guardian()
        self.assertNotEqual(os.getsid(guardian), os.getsid(0))
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            os.kill(guardian, number)
        origin.kill()
        self.assertTrue(wait_for_end(helper))
        os.waitpid(guardian, 0)

    def test_the_guardian_holds_nothing_of_its_origin(self):
        origin, _ = self.start("sleep 1000 <&- >&- 2>&- & echo $! >&2;")
        guardian = self.guardian()
        links = [os.readlink(f"/proc/{guardian}/fd/{fd}") for fd in os.listdir(f"/proc/{guardian}/fd")]
        self.assertEqual([link.partition(":")[0] for link in links], ["socket"])
        self.assertEqual(os.readlink(f"/proc/{guardian}/cwd"), "/")
        origin.terminate()
        origin.wait(PATIENCE)
        os.waitpid(guardian, 0)  # it ends with its origin

    def test_a_guardian_that_was_killed_is_replaced(self):
        origin, helper = self.start("sleep 1000 <&- >&- 2>&- & echo $! >&2;")
        guardian = self.guardian()
        os.kill(guardian, signal.SIGKILL)
        os.waitpid(guardian, 0)
        origin.terminate()
        origin.wait(PATIENCE)
        self.assertTrue(wait_for_end(helper))


class GuardianTest(unittest.TestCase):
    """The guardian alone, with an origin that is played by the test."""

    STARTED, ENDED = 0, 1

    def setUp(self):
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        its.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        program = os.path.join(os.path.dirname(PEERCTL), os.pardir, "libpeer", "libpeer_guardian")
        self.guardian = subprocess.Popen([program], stdin=its)
        its.close()
        self.socket = ours
        self.addCleanup(self.guardian.wait)
        self.addCleanup(ours.close)
        self.addCleanup(self.guardian.kill)

    def group(self, script="sleep 1000 & echo; wait"):
        """Starts a group, whose first process leads a session, and returns it when its members run."""
        process = subprocess.Popen(["/bin/sh", "-c", script], start_new_session=True, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(self.end_group, process.pid)
        process.stdout.readline()
        return process

    @staticmethod
    def end_group(pid):
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def send(self, what, group, patience=0, not_after=None):
        if not_after is None:
            not_after = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        self.socket.send(struct.pack("=B3xiqQ", what, group, patience, not_after))

    def end_origin(self):
        self.socket.close()
        self.assertEqual(self.guardian.wait(PATIENCE), 0)

    def test_a_group_is_killed(self):
        group = self.group()
        self.send(self.STARTED, group.pid)
        self.end_origin()
        self.assertEqual(group.wait(PATIENCE), -signal.SIGKILL)
        self.assertEqual(group.stdout.read(), b"")  # no other member has it open

    def test_the_rest_of_a_group_is_killed_whose_first_process_has_ended(self):
        group = self.group("sleep 1000 & echo; exit 0")
        self.assertEqual(group.wait(PATIENCE), 0)
        self.send(self.STARTED, group.pid, patience=-1)
        self.end_origin()
        self.assertEqual(group.stdout.read(), b"")

    def test_a_process_that_has_time_is_waited_for(self):
        group = self.group("echo; exec sleep 1000")
        self.send(self.STARTED, group.pid, patience=-1)
        self.socket.close()
        with self.assertRaises(subprocess.TimeoutExpired):
            self.guardian.wait(0.3)
        self.end_group(group.pid)
        group.wait(PATIENCE)
        self.assertEqual(self.guardian.wait(PATIENCE), 0)

    def test_a_group_that_has_ended_is_forgotten(self):
        group = self.group()
        self.send(self.STARTED, group.pid)
        self.send(self.ENDED, group.pid)
        self.end_origin()
        self.assertIsNone(group.poll())

    def test_a_process_that_has_got_the_number_later_is_left_alone(self):
        group = self.group()
        before = (start_ticks(group.pid) - 1) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
        self.send(self.STARTED, group.pid, not_after=before)
        self.end_origin()
        self.assertIsNone(group.poll())

    def test_a_process_that_leads_no_session_is_left_alone(self):
        process = subprocess.Popen(["sleep", "1000"], process_group=0)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.send(self.STARTED, process.pid)
        self.end_origin()
        self.assertIsNone(process.poll())


if __name__ == "__main__":
    PEERCTL = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
