#!/usr/bin/env python3
# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""Checks the rooms of libpeer: what each may include, and a few rules that keep its headers light.

    layering.py [--root DIR] [--rooms FILE]

Prints one line "file:line: what is wrong" for each violation and then exits with status 1.
"""

import argparse
import re
import sys
from pathlib import Path

SOURCES = ("libpeer", "apps", "tests", "benchmarks")
COMPAT = "libpeer/peer/base/caf_compat.hpp"
BOOST_PROCESS = "libpeer/peer/process/boost_process.hpp"
INCLUDE = re.compile(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
CAF_VERSION = re.compile(r"\bCAF_(?:VERSION|MAJOR_VERSION|MINOR_VERSION|PATCH_VERSION)\b")
HEAVY = re.compile(r"caf/all\.hpp$|boost/")


class BadList(Exception):
    """The list of rooms makes no sense."""


class Rooms:
    """The list of rooms, read from a file."""

    def __init__(self, path):
        self.allowed = {}  # room: set of rooms and single headers ("room/file.hpp")
        self.exceptions = set()  # pairs of a header of ours and what it may include
        for number, line in enumerate(path.read_text().splitlines(), 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            left, colon, right = line.partition(":")
            if not colon:
                raise BadList(f"{path}:{number}: expected 'room: rooms' or 'may include FILE: WHAT'")
            if left.startswith("may include "):
                self.exceptions.update((left.split()[2], what) for what in right.split())
            else:
                self.add(left.strip(), right.split(), f"{path}:{number}")

    def add(self, room, allowed, place):
        for name in allowed:
            if name.split("/")[0] not in self.allowed:
                raise BadList(f"{place}: '{room}' may not include '{name}': no such room above it")
        if room in self.allowed:
            raise BadList(f"{place}: the room '{room}' is listed twice")
        self.allowed[room] = set(allowed)

    def why_not(self, room, included):
        """Says why a file of `room` may not include `included`, a path below peer/; None if it may."""
        target = room_of(included)
        if target not in self.allowed:
            return f"there is no room '{target}'"
        if target == room or target in self.allowed[room] or included in self.allowed[room]:
            return None
        return f"'{room}' may not include '{target}'"


def room_of(path_below_peer):
    room, slash, _ = path_below_peer.partition("/")
    return room if slash else "facade"


def code_lines(text):
    """Numbers and text of the lines, without comments."""
    blank = lambda found: re.sub(r"[^\n]", "", found.group())
    for number, line in enumerate(re.sub(r"/\*.*?\*/", blank, text, flags=re.S).splitlines(), 1):
        yield number, line.split("//")[0] if not INCLUDE.match(line) else line


class Checker:
    def __init__(self, root, rooms):
        self.root = root
        self.rooms = rooms
        self.errors = []

    def run(self):
        for top in SOURCES:
            for path in sorted((self.root / top).rglob("*.[ch]pp")):
                self.check_file(path.relative_to(self.root).as_posix(), path.read_text())
        self.check_listed()
        return self.errors

    def fail(self, name, number, what):
        self.errors.append(f"{name}:{number}: {what}")

    def check_file(self, name, text):
        inside = name.removeprefix("libpeer/peer/") if name.startswith("libpeer/peer/") else None
        if inside and room_of(inside) not in self.rooms.allowed:
            self.fail(name, 1, f"there is no room '{room_of(inside)}'")
            return
        for number, line in code_lines(text):
            if CAF_VERSION.search(line) and name != COMPAT:
                self.fail(name, number, f"only {COMPAT} may ask for CAF's version")
            if found := INCLUDE.match(line):
                self.check_include(name, inside, number, found[1] or found[2], quoted=bool(found[1]))

    def check_include(self, name, inside, number, included, quoted):
        if included.startswith("boost/process") and name != BOOST_PROCESS:
            self.fail(name, number, f"only {BOOST_PROCESS} may include {included}")
        if included.startswith("peer/"):
            below = included.removeprefix("peer/")
            why = self.rooms.why_not(room_of(inside) if inside else "facade", below)
            if why:
                self.fail(name, number, f"{why} (peer/{below})")
            elif below == "base/precompiled.hpp":
                self.fail(name, number, "peer/base/precompiled.hpp is for the compiler only")
            elif not (self.root / "libpeer/peer" / below).is_file():
                self.fail(name, number, f"there is no header peer/{below}")
        elif inside and quoted and not included.startswith("caf/"):
            self.fail(name, number, f"name the whole path of \"{included}\": peer/…, caf/… or <…>")
        if inside and name.endswith(".hpp") and HEAVY.match(included) and (inside, included) not in self.rooms.exceptions:
            self.fail(name, number, f"a header of ours may not include {included}")

    def check_listed(self):
        """Every source in libpeer/ must be built, and what CMake lists must exist under the name that it lists."""
        cmake = "libpeer/CMakeLists.txt"
        listed = set()
        for line in (self.root / cmake).read_text().splitlines():
            listed.update(re.findall(r"[\w./-]+\.cpp\b", line.split("#")[0]))
        for path in sorted((self.root / "libpeer").rglob("*.cpp")):
            name = path.relative_to(self.root / "libpeer").as_posix()
            if name not in listed:
                self.fail(f"libpeer/{name}", 1, f"is not listed in {cmake}")


def main():
    here = Path(__file__).resolve().parent
    options = argparse.ArgumentParser(description="Checks what the rooms of libpeer include.")
    options.add_argument("--root", type=Path, default=here.parent.parent)
    options.add_argument("--rooms", type=Path, default=here / "rooms.txt")
    args = options.parse_args()
    try:
        errors = Checker(args.root, Rooms(args.rooms)).run()
    except (BadList, OSError) as error:
        errors = [str(error)]
    print(*errors, sep="\n", end="\n" if errors else "")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
