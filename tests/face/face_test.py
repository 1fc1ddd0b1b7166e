#!/usr/bin/env python3
# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""Proves that face.py fails on each thing that it is there to find, and on nothing else.

    face_test.py COMPILER
"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent / "face.py"
COMPILER = sys.argv.pop(1)

HEADERS = "# all of them\npeer/detail/value.hpp\npeer/peer.hpp # the one that users include\n"

GOOD = {
    "include/peer/peer.hpp": '#pragma once\n#include "peer/detail/value.hpp"\ninline int twice(value x) { return 2 * x; }\n',
    "include/peer/detail/value.hpp": "#pragma once\nusing value = int;\n",
    "apps/tool/main.cpp": '#include "tool/tool.hpp"\n#include "peer/peer.hpp"\n#include <vector>\n',
}


class FaceTest(unittest.TestCase):
    def check(self, changes, name, place, *command):
        """Runs one of the checks on the good tree with `changes`; returns its status and what it printed."""
        with tempfile.TemporaryDirectory() as directory:
            root = Path(directory)
            for path, text in {**GOOD, **changes}.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            (root / "headers.txt").write_text(HEADERS)
            done = subprocess.run([sys.executable, SCRIPT, "--headers", root / "headers.txt", name, root / place, *command],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            return done.returncode, done.stdout

    def check_alone(self, changes):
        return self.check(changes, "alone", "include", "--", COMPILER, "-std=c++20", "-Wall", "-Werror")

    def test_accepts_a_good_tree(self):
        self.assertEqual(self.check({}, "installed", "include"), (0, ""))
        self.assertEqual(self.check_alone({}), (0, ""))
        self.assertEqual(self.check({}, "programs", "apps"), (0, ""))

    def test_finds_a_file_that_is_installed_but_not_listed(self):
        self.assertEqual(self.check({"include/peer/extra.ipp": ""}, "installed", "include"),
                         (1, "peer/extra.ipp: installed, but not listed in headers.txt\n"))

    def test_finds_a_header_that_is_listed_but_not_installed(self):
        self.assertEqual(self.check({}, "installed", "include/peer"),
                         (1, "peer/detail/value.hpp: listed in headers.txt, but not installed\n"
                             "peer/peer.hpp: listed in headers.txt, but not installed\n"))

    def test_finds_a_header_that_needs_another_one_before_it(self):
        status, output = self.check_alone({"include/peer/peer.hpp": "#pragma once\ninline int twice(value x);\n"})
        self.assertEqual(status, 1)
        self.assertRegex(output, "^peer/peer.hpp: does not compile alone:\n(.|\n)*value")

    def test_finds_a_header_that_includes_what_is_not_installed(self):
        status, output = self.check_alone({"include/peer/detail/value.hpp": '#include "peer/inside.hpp"\n'})
        self.assertEqual(status, 1)
        self.assertRegex(output, "^peer/detail/value.hpp: does not compile alone:\n(.|\n)*peer/inside.hpp")

    def test_finds_a_warning(self):
        status, output = self.check_alone({"include/peer/peer.hpp": "#pragma once\ninline int f() { int unused; return 1; }\n"})
        self.assertEqual(status, 1)
        self.assertIn("unused", output)

    def test_finds_a_program_that_includes_what_is_not_public(self):
        for name in ("peer/detail/value.hpp", "peer/inside.hpp"):
            self.assertEqual(self.check({"apps/tool/main.cpp": f"\n  # include <{name}>\n"}, "programs", "apps"),
                             (1, f"apps/tool/main.cpp:2: {name} is not public\n"))


if __name__ == "__main__":
    unittest.main()
