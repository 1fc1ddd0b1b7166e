# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

"""peerctl and peer_node with few descriptors, threads and little memory: a clear refusal, or the right result.

    scarcity_test.py PEERCTL PEER_NODE [unittest arguments]
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PEERCTL = sys.argv.pop(1)
PEER_NODE = sys.argv.pop(1)
PATIENCE = 60  # seconds; only a test that fails takes so long
NOBODY = 65534

NOT_STARTED = 3
LOADER_FAILED = 127  # the dynamic linker has no resources either


class ScarcityTest(unittest.TestCase):
    """`limit` is an option of prlimit(1), to which the value is appended."""

    def run_with(self, limit, value, command, user=()):
        return subprocess.run([*user, "prlimit", f"{limit}{value}", *command], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE, cwd="/")

    def sweep(self, limit, values, program=PEERCTL, user=()):
        """A call with each value of a limit. With the last one there must be enough."""
        for value in values:
            with self.subTest(value=value):
                done = self.run_with(limit, value, [program, "call", "erlang", "node"], user)
                self.assertIn(done.returncode, (0, NOT_STARTED, LOADER_FAILED), done.stderr)
                if done.returncode == 0:
                    self.assertEqual(done.stdout, "nonode@nohost\n")
                else:
                    self.assertNotEqual(done.stderr, "")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_descriptors(self):
        self.sweep("--nofile=", [*range(3, 28), 64])

    def test_descriptors_of_a_tree(self):
        with tempfile.TemporaryDirectory() as place:
            tree = Path(place, "tree.conf")
            tree.write_text('children = [{ id = one, restart = temporary, exec = "/bin/true", connection = inherited }]\n')
            for count in range(3, 40):
                with self.subTest(count=count):
                    command = [PEERCTL, "supervise", "--socket", f"{place}/socket", str(tree)]
                    done = self.run_with("--nofile=", count, command)
                    self.assertGreater(done.returncode, 0, done.stderr)  # the child does not boot in any case
                    self.assertLess(done.returncode, 128, done.stderr)
                    self.assertNotEqual(done.stderr, "")

    @unittest.skipUnless(os.geteuid() == 0, "needs a user of its own, whose processes can be few")
    def test_threads(self):
        others = sum(1 for each in Path("/proc").glob("[0-9]*/task/*") if owner(each) == NOBODY)
        with tempfile.TemporaryDirectory() as place:  # that user may not read the directories of the build and of CAF
            os.chmod(place, 0o755)
            program, *_ = [shutil.copy(each, place) for each in (PEERCTL, PEER_NODE, *private_libraries(PEERCTL))]
            self.sweep("--nproc=", [others + count for count in (*range(1, 26), 64)], program,
                       ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                        "env", f"LD_LIBRARY_PATH={place}"])

    def test_memory(self):
        self.sweep("--as=", [each << 20 for each in (10, 20, 40, 60, 80, 100, 150, 200, 300, 400, 600, 800, 1600)])


def private_libraries(program):
    """The shared libraries of a program that are not the system's."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    paths = re.findall(r"=> (/\S+)", listed)
    return [each for each in paths if not each.startswith(("/lib", "/usr/lib"))]


def owner(path):
    try:
        return path.stat().st_uid
    except OSError:
        return None


if __name__ == "__main__":
    unittest.main()
