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
term/value:   base
term/codec:   base term/value
term/text:    base term/value
wire:  base term/codec/tags.hpp
sys:   base term
facade: base term wire sys
public base: error.hpp detail/caf_compat.hpp
public term/value: term.hpp
public facade: peer.hpp
may include base/precompiled.hpp: caf/all.hpp
"""

SRC = "libpeer/src/"
PUBLIC = "libpeer/include/peer/"

GOOD = {
    "libpeer/CMakeLists.txt": "add_library(peer\n  src/term/value/term.cpp # the value\n  src/api.cpp\n)\n",
    PUBLIC + "peer.hpp": '#include "peer/term.hpp"\n',
    PUBLIC + "error.hpp": '#include "caf/error.hpp"\n#include <string>\n',
    PUBLIC + "term.hpp": '#include "peer/error.hpp"\nnamespace peer::internal::wire {\n\nclass frame;\n\n} // namespace\n'
                         'namespace peer {\nclass term { int x; };\n}\n',
    PUBLIC + "detail/caf_compat.hpp": "#if CAF_MAJOR_VERSION < 1\n#endif\n",
    SRC + "base/caf_compat.hpp": "#if CAF_MAJOR_VERSION < 1\n#endif\n",
    SRC + "base/precompiled.hpp": '#include "caf/all.hpp"\n',
    SRC + "term/codec/tags.hpp": "namespace peer::internal::codec {\nint x;\n}\nnamespace peer::detail {\nint y;\n}\n",
    SRC + "term/codec/codec.hpp": '#include "peer/term.hpp"\n#include "term/codec/tags.hpp"\n#include <sys/types.h>\n',
    SRC + "term/value/term.cpp": '#include "peer/term.hpp"\n#include "caf/all.hpp"\n#include <boost/asio.hpp>\n'
                                 "namespace peer {\nint x;\n}\n",
    SRC + "wire/frame.hpp": '#include "term/codec/tags.hpp"\nnamespace peer::internal::wire::inner {\nint x;\n}\n',
    SRC + "sys/commands.hpp": '#include "term/codec/codec.hpp"\n#include <boost/asio.hpp>\n',
    SRC + "api.cpp": '#include "sys/commands.hpp"\n#include "peer/peer.hpp"\n',
    "apps/tool/main.cpp": '#include "peer/peer.hpp"\n#include "tool.hpp"\n#include "tool/tool.hpp"\n',
    "tests/unit/frame_test.cpp": '#include "wire/frame.hpp"\n#include <boost/process/v2/process.hpp>\n',
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

    # -- arrows ---

    def test_finds_an_include_against_the_arrow(self):
        self.assert_finds(SRC + "base/box.hpp:2: 'base' may not include 'term/codec' (term/codec/tags.hpp)",
                          {SRC + "base/box.hpp": '\n#include "term/codec/tags.hpp"\n'})

    def test_finds_it_in_every_spelling(self):
        self.assert_finds(SRC + "base/box.hpp:1: 'base' may not include 'term/codec' (term/codec/tags.hpp)",
                          {SRC + "base/box.hpp": "  #  include  <term/codec/tags.hpp> // why not\n"})

    def test_finds_an_arrow_between_the_rooms_of_a_subject(self):
        self.assert_finds(SRC + "term/text/print.hpp:1: 'term/text' may not include 'term/codec' (term/codec/codec.hpp)",
                          {SRC + "term/text/print.hpp": '#include "term/codec/codec.hpp"\n'})

    def test_finds_a_closed_header_of_a_half_open_room(self):
        self.assert_finds(SRC + "wire/frame.hpp:1: 'wire' may not include 'term/codec' (term/codec/codec.hpp)",
                          {SRC + "wire/frame.hpp": '#include "term/codec/codec.hpp"\n'})

    def test_finds_a_public_header_of_a_higher_room(self):
        self.assert_finds(SRC + "base/box.cpp:1: 'base' may not include 'term/value' (peer/term.hpp)\n"
                          + SRC + "base/box.cpp:1: is not listed in libpeer/CMakeLists.txt",
                          {SRC + "base/box.cpp": '#include "peer/term.hpp"\n'})
        self.assert_finds(SRC + "term/codec/tags.hpp:1: 'term/codec' may not include 'facade' (peer/peer.hpp)",
                          {SRC + "term/codec/tags.hpp": '#include "peer/peer.hpp"\n'})

    def test_finds_a_public_header_that_includes_one_of_a_higher_room(self):
        self.assert_finds(PUBLIC + "error.hpp:1: 'base' may not include 'term/value' (peer/term.hpp)",
                          {PUBLIC + "error.hpp": '#include "peer/term.hpp"\n'})

    def test_finds_a_file_in_an_unknown_room(self):
        self.assert_finds(SRC + "attic/box.hpp:1: there is no room 'attic'", {SRC + "attic/box.hpp": ""})
        self.assert_finds(SRC + "term/box.hpp:1: there is no room 'term'", {SRC + "term/box.hpp": ""})

    def test_finds_a_header_that_does_not_exist(self):
        self.assert_finds(SRC + "wire/frame.hpp:1: there is no header wire/none.hpp",
                          {SRC + "wire/frame.hpp": '#include "wire/none.hpp"\n'})
        self.assert_finds(PUBLIC + "peer.hpp:1: there is no header peer/none.hpp",
                          {PUBLIC + "peer.hpp": '#include "peer/none.hpp"\n'})

    def test_finds_a_relative_include(self):
        self.assert_finds(SRC + 'base/box.hpp:1: name the whole path of "../wire/x.h": room/…, peer/…, caf/… or <…>',
                          {SRC + "base/box.hpp": '#include "../wire/x.h"\n'})

    # -- the face ---

    def test_finds_a_public_header_that_is_not_listed(self):
        self.assert_finds(PUBLIC + "more.hpp:1: a public header that rooms.txt does not list", {PUBLIC + "more.hpp": ""})

    def test_finds_a_public_header_that_includes_a_room(self):
        self.assert_finds(PUBLIC + "peer.hpp:1: a public header may not include sys/commands.hpp",
                          {PUBLIC + "peer.hpp": '#include "sys/commands.hpp"\n'})

    def test_finds_heavy_headers_in_public_headers(self):
        for heavy in ('"caf/all.hpp"', "<boost/asio/io_context.hpp>"):
            name = heavy.strip('"<>')
            self.assert_finds(f"{PUBLIC}term.hpp:1: a public header may not include {name}",
                              {PUBLIC + "term.hpp": f"#include {heavy}\n"})

    def test_finds_a_program_that_looks_inside(self):
        self.assert_finds("apps/tool/main.cpp:1: a program may not include sys/commands.hpp\n"
                          "apps/tool/main.cpp:2: a program may not include peer/detail/caf_compat.hpp",
                          {"apps/tool/main.cpp": '#include "sys/commands.hpp"\n#include "peer/detail/caf_compat.hpp"\n'})

    # -- heavy headers ---

    def test_finds_all_of_caf_in_a_header(self):
        self.assert_finds(SRC + "wire/frame.hpp:1: a header may not include caf/all.hpp",
                          {SRC + "wire/frame.hpp": '#include "caf/all.hpp"\n'})

    def test_finds_boost_process_outside_of_its_header(self):
        for name in (SRC + "sys/commands.hpp", "apps/tool/main.cpp"):
            self.assert_finds(f"{name}:1: only libpeer/src/process/boost_process.hpp may include boost/process.hpp",
                              {name: "#include <boost/process.hpp>\n"})

    def test_finds_an_include_of_the_precompiled_header(self):
        self.assert_finds(SRC + "api.cpp:1: base/precompiled.hpp is for the compiler only",
                          {SRC + "api.cpp": '#include "base/precompiled.hpp"\n'})

    def test_finds_a_file_that_asks_for_the_version_of_caf(self):
        for macro in ("CAF_VERSION", "CAF_MAJOR_VERSION"):
            self.assert_finds("apps/tool/main.cpp:2: only libpeer/src/base/caf_compat.hpp and "
                              "libpeer/include/peer/detail/caf_compat.hpp may ask for CAF's version",
                              {"apps/tool/main.cpp": f"// {macro} in a comment is fine\n#if {macro} < 1\n#endif\n"})

    # -- namespaces ---

    def test_finds_a_namespace_of_another_room(self):
        for name in (SRC + "wire/frame.hpp", PUBLIC + "term.hpp"):
            self.assert_finds(f"{name}:1: may not open the namespace peer::internal::codec",
                              {name: "namespace peer::internal::codec {\n\nclass x;\nint y;\n\n}\n"})

    def test_finds_the_namespace_of_users_in_a_header_of_a_room(self):
        self.assert_finds(SRC + "wire/frame.hpp:2: may not open the namespace peer",
                          {SRC + "wire/frame.hpp": "\nnamespace peer {\nint x;\n}\n"})

    def test_accepts_declarations_of_classes_anywhere(self):
        self.assertEqual(self.check({SRC + "wire/frame.hpp": "namespace peer {\n\nclass term;\nstruct x; // why\n}\n"}), (0, ""))

    # -- reading the files ---

    def test_ignores_comments(self):
        self.assertEqual(self.check({SRC + "base/box.hpp": '// #include "peer/term.hpp"\n'
                                                           '/*\n#include "peer/peer.hpp"\n*/\n'}), (0, ""))

    def test_counts_lines_after_a_block_comment(self):
        self.assert_finds(SRC + "base/box.hpp:4: 'base' may not include 'term/value' (peer/term.hpp)",
                          {SRC + "base/box.hpp": '/*\n\n*/\n#include "peer/term.hpp"\n'})

    def test_finds_a_source_that_is_not_built(self):
        self.assert_finds(SRC + "wire/lost.cpp:1: is not listed in libpeer/CMakeLists.txt", {SRC + "wire/lost.cpp": ""})

    def test_does_not_take_a_comment_for_a_listed_source(self):
        self.assert_finds(SRC + "term/value/term.cpp:1: is not listed in libpeer/CMakeLists.txt",
                          {"libpeer/CMakeLists.txt": "# src/term/value/term.cpp\nsrc/api.cpp\n"})

    # -- reading the list ---

    def test_refuses_a_list_whose_arrows_go_both_ways(self):
        self.assert_finds("rooms.txt:1: 'base' may not include 'term': no such room above it", {}, "base: term\nterm: base\n")

    def test_refuses_a_list_with_a_room_twice(self):
        self.assert_finds("rooms.txt:2: the room 'base' is listed twice", {}, "base:\nbase:\n")

    def test_refuses_a_list_with_a_public_header_twice(self):
        self.assert_finds("rooms.txt:2: the header peer/x.hpp is listed twice", {}, "base:\npublic base: x.hpp x.hpp\n")


if __name__ == "__main__":
    unittest.main()
