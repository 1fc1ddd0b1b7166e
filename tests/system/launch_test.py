# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""peerctl and its peers where the system or the parent is unusual: inherited signals, process 1, sandboxes.

    launch_test.py PEERCTL [unittest's arguments]
"""

import os
import signal
import subprocess
import sys
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


if __name__ == "__main__":
    PEERCTL = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
