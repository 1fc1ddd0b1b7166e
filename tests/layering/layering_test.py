#!/usr/bin/env python3
# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""Proves that layering.py fails on each thing that it is there to find, and on nothing else."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent / "layering.py"

ROOMS = """
base:
term:  base
wire:  base term/tags.hpp
facade: base term wire
may include base/precompiled.hpp: caf/all.hpp
"""

GOOD = {
    "libpeer/CMakeLists.txt": "add_library(peer\n  peer/term/term.cpp # the value\n)\n",
    "libpeer/peer/peer.hpp": '#include "peer/term/term.hpp"\n',
    "libpeer/peer/base/error.hpp": '#include "caf/error.hpp"\n#include <string>\n',
    "libpeer/peer/base/caf_compat.hpp": "#if CAF_MAJOR_VERSION < 1\n#endif\n",
    "libpeer/peer/base/precompiled.hpp": '#include "caf/all.hpp"\n',
    "libpeer/peer/term/tags.hpp": "",
    "libpeer/peer/term/term.hpp": '#include "peer/base/error.hpp"\n#include "peer/term/tags.hpp"\n',
    "libpeer/peer/term/term.cpp": '#include "peer/term/term.hpp"\n#include "caf/all.hpp"\n#include <boost/asio.hpp>\n',
    "libpeer/peer/wire/frame.hpp": '#include "peer/term/tags.hpp"\n',
    "apps/tool/main.cpp": '#include "peer/peer.hpp"\n#include "tool.hpp"\n',
}


class Layering(unittest.TestCase):
    def check(self, changes, rooms=ROOMS):
        """Runs the script on the good tree with `changes`; returns its status and what it printed."""
        with tempfile.TemporaryDirectory() as directory:
            root = Path(directory)
            for name, text in {**GOOD, **changes}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            (root / "rooms.txt").write_text(rooms)
            command = [sys.executable, SCRIPT, "--root", root, "--rooms", root / "rooms.txt"]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            return done.returncode, done.stdout.replace(f"{root}/", "")

    def assert_finds(self, expected, changes, rooms=ROOMS):
        self.assertEqual(self.check(changes, rooms), (1, expected + "\n"))

    def test_accepts_a_good_tree(self):
        self.assertEqual(self.check({}), (0, ""))

    def test_finds_an_include_against_the_arrow(self):
        self.assert_finds("libpeer/peer/base/error.hpp:2: 'base' may not include 'term' (peer/term/term.hpp)",
                          {"libpeer/peer/base/error.hpp": '\n#include "peer/term/term.hpp"\n'})

    def test_finds_it_in_every_spelling(self):
        self.assert_finds("libpeer/peer/base/error.hpp:1: 'base' may not include 'term' (peer/term/term.hpp)",
                          {"libpeer/peer/base/error.hpp": "  #  include  <peer/term/term.hpp> // why not\n"})

    def test_finds_a_closed_header_of_a_half_open_room(self):
        self.assert_finds("libpeer/peer/wire/frame.hpp:1: 'wire' may not include 'term' (peer/term/term.hpp)",
                          {"libpeer/peer/wire/frame.hpp": '#include "peer/term/term.hpp"\n'})

    def test_finds_the_facade_included_by_a_room(self):
        self.assert_finds("libpeer/peer/term/tags.hpp:1: 'term' may not include 'facade' (peer/peer.hpp)",
                          {"libpeer/peer/term/tags.hpp": '#include "peer/peer.hpp"\n'})

    def test_finds_an_include_of_an_unknown_room(self):
        self.assert_finds("apps/tool/main.cpp:1: there is no room 'attic' (peer/attic/box.hpp)",
                          {"apps/tool/main.cpp": '#include "peer/attic/box.hpp"\n'})

    def test_finds_a_file_in_an_unknown_room(self):
        self.assert_finds("libpeer/peer/attic/box.hpp:1: there is no room 'attic'", {"libpeer/peer/attic/box.hpp": ""})

    def test_finds_a_header_that_does_not_exist(self):
        self.assert_finds("libpeer/peer/peer.hpp:1: there is no header peer/term/none.hpp",
                          {"libpeer/peer/peer.hpp": '#include "peer/term/none.hpp"\n'})

    def test_finds_a_relative_include(self):
        self.assert_finds('libpeer/peer/base/error.hpp:1: name the whole path of "../term/term.hpp": peer/…, caf/… or <…>',
                          {"libpeer/peer/base/error.hpp": '#include "../term/term.hpp"\n'})

    def test_finds_heavy_headers_in_our_headers(self):
        for heavy in ('"caf/all.hpp"', "<boost/asio/io_context.hpp>"):
            name = heavy.strip('"<>')
            self.assert_finds(f"libpeer/peer/term/tags.hpp:1: a header of ours may not include {name}",
                              {"libpeer/peer/term/tags.hpp": f"#include {heavy}\n"})

    def test_finds_boost_process_outside_of_its_header(self):
        for name in ("libpeer/peer/term/term.cpp", "apps/tool/main.cpp"):
            self.assert_finds(f"{name}:1: only libpeer/peer/process/boost_process.hpp may include boost/process.hpp",
                              {name: "#include <boost/process.hpp>\n"})

    def test_finds_an_include_of_the_precompiled_header(self):
        self.assert_finds("libpeer/peer/peer.hpp:1: peer/base/precompiled.hpp is for the compiler only",
                          {"libpeer/peer/peer.hpp": '#include "peer/base/precompiled.hpp"\n'})

    def test_finds_who_asks_for_the_version_of_caf(self):
        for macro in ("CAF_VERSION", "CAF_MAJOR_VERSION"):
            self.assert_finds("apps/tool/main.cpp:2: only libpeer/peer/base/caf_compat.hpp may ask for CAF's version",
                              {"apps/tool/main.cpp": f"// {macro} in a comment is fine\n#if {macro} < 1\n#endif\n"})

    def test_ignores_comments(self):
        self.assertEqual(self.check({"libpeer/peer/base/error.hpp": '// #include "peer/term/term.hpp"\n'
                                                                    '/*\n#include "peer/peer.hpp"\n*/\n'}), (0, ""))

    def test_counts_lines_after_a_block_comment(self):
        self.assert_finds("libpeer/peer/base/error.hpp:4: 'base' may not include 'term' (peer/term/tags.hpp)",
                          {"libpeer/peer/base/error.hpp": '/*\n\n*/\n#include "peer/term/tags.hpp"\n'})

    def test_finds_a_source_that_is_not_built(self):
        self.assert_finds("libpeer/peer/term/lost.cpp:1: is not listed in libpeer/CMakeLists.txt",
                          {"libpeer/peer/term/lost.cpp": ""})

    def test_does_not_take_a_comment_for_a_listed_source(self):
        self.assert_finds("libpeer/peer/term/term.cpp:1: is not listed in libpeer/CMakeLists.txt",
                          {"libpeer/CMakeLists.txt": "# peer/term/term.cpp\n"})

    def test_refuses_a_list_whose_arrows_go_both_ways(self):
        self.assert_finds("rooms.txt:1: 'base' may not include 'term': no such room above it", {}, "base: term\nterm: base\n")

    def test_refuses_a_list_with_a_room_twice(self):
        self.assert_finds("rooms.txt:2: the room 'base' is listed twice", {}, "base:\nbase:\n")


if __name__ == "__main__":
    unittest.main()
