#!/usr/bin/env python3
# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""Checks the rooms of libpeer: what each may include, which namespaces it opens, and what its headers cost.

    layering.py [--root DIR] [--rooms FILE]

Rooms are the folders of libpeer/src; the public headers in libpeer/include/peer belong to rooms, too (rooms.txt). Checked
are:

* includes against the arrows between the rooms, and of headers that do not exist;
* public headers that include anything of libpeer but public headers, Boost, or caf/all.hpp;
* programs in apps/ that include anything of libpeer but the public headers outside of peer/detail;
* namespaces: a file of a room opens peer::internal::ROOM or peer::detail, a source also peer. Everywhere else, and in the
  public headers, the namespace of a room is opened only to declare classes;
* sources that libpeer/CMakeLists.txt does not list, and files that ask for CAF's version.

Prints one line "file:line: what is wrong" for each violation and then exits with status 1.
"""

import argparse
import re
import sys
from pathlib import Path

TOPS = ("libpeer", "apps", "tests", "benchmarks")
SRC = "libpeer/src/"
PUBLIC = "libpeer/include/peer/"
COMPAT = (SRC + "base/caf_compat.hpp", PUBLIC + "detail/caf_compat.hpp")
BOOST_PROCESS = SRC + "process/boost_process.hpp"
INCLUDE = re.compile(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
CAF_VERSION = re.compile(r"\bCAF_(?:VERSION|MAJOR_VERSION|MINOR_VERSION|PATCH_VERSION)\b")
NAMESPACE = re.compile(r"namespace (peer(?:::\w+)*) \{")
DECLARATION = re.compile(r"\s*(?:(?:class|struct) \w+;)?\s*")


class BadList(Exception):
    """The list of rooms makes no sense."""


class Rooms:
    """The list of rooms, read from a file."""

    def __init__(self, path):
        self.allowed = {}  # room: set of rooms and single headers ("room/file.hpp")
        self.public = {}  # public header, as a path below peer/: room
        self.exceptions = set()  # pairs of a header of a room and what it may include
        for number, line in enumerate(path.read_text().splitlines(), 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            left, colon, right = line.partition(":")
            place = f"{path}:{number}"
            if not colon:
                raise BadList(f"{place}: expected 'room: rooms', 'public room: headers' or 'may include FILE: WHAT'")
            if left.startswith("may include "):
                self.exceptions.update((left.split()[2], what) for what in right.split())
            elif left.startswith("public "):
                self.add_public(left.split()[1], right.split(), place)
            else:
                self.add(left.strip(), right.split(), place)

    def add(self, room, allowed, place):
        if room in self.allowed:
            raise BadList(f"{place}: the room '{room}' is listed twice")
        found = set()
        for name in allowed:
            rooms = [other for other in self.allowed if other == name or other.startswith(name + "/")]
            if not rooms and self.of(name) not in self.allowed:
                raise BadList(f"{place}: '{room}' may not include '{name}': no such room above it")
            found.update(rooms or [name])
        self.allowed[room] = found

    def add_public(self, room, headers, place):
        if room not in self.allowed:
            raise BadList(f"{place}: there is no room '{room}'")
        for header in headers:
            if header in self.public:
                raise BadList(f"{place}: the header peer/{header} is listed twice")
            self.public[header] = room

    def of(self, path):
        """The room of a path below libpeer/src."""
        folder = path.rpartition("/")[0]
        if not folder:
            return "facade"
        return next((room for room in self.allowed if folder == room or folder.startswith(room + "/")), folder.split("/")[0])

    def why_not(self, room, target, header):
        """Says why a file of `room` may not include `header`, which belongs to the room `target`; None if it may."""
        if target not in self.allowed:
            return f"there is no room '{target}'"
        if target == room or target in self.allowed[room] or header in self.allowed[room]:
            return None
        return f"'{room}' may not include '{target}'"


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
        for top in TOPS:
            for path in sorted((self.root / top).rglob("*.[ch]pp")):
                self.check_file(path.relative_to(self.root).as_posix(), path.read_text())
        self.check_listed()
        return self.errors

    def fail(self, name, number, what):
        self.errors.append(f"{name}:{number}: {what}")

    def check_file(self, name, text):
        room = None
        if name.startswith(SRC):
            room = self.rooms.of(name.removeprefix(SRC))
            if room not in self.rooms.allowed:
                self.fail(name, 1, f"there is no room '{room}'")
                return
        elif name.startswith(PUBLIC):
            room = self.rooms.public.get(name.removeprefix(PUBLIC))
            if not room:
                self.fail(name, 1, "a public header that rooms.txt does not list")
                return
        lines = list(code_lines(text))
        for number, line in lines:
            if CAF_VERSION.search(line) and name not in COMPAT:
                self.fail(name, number, f"only {' and '.join(COMPAT)} may ask for CAF's version")
            if found := INCLUDE.match(line):
                self.check_include(name, room, number, found[1] or found[2], quoted=bool(found[1]))
        if room:
            self.check_namespaces(name, room, lines)

    # -- includes ---

    def check_include(self, name, room, number, included, quoted):
        if included.startswith("boost/process") and name.startswith(("libpeer/", "apps/")) and name != BOOST_PROCESS:
            self.fail(name, number, f"only {BOOST_PROCESS} may include {included}")
        if included.startswith("peer/"):
            self.check_public_include(name, room, number, included.removeprefix("peer/"))
        elif self.is_of_a_room(included):
            self.check_room_include(name, room, number, included)
        elif room and quoted and not included.startswith("caf/"):
            self.fail(name, number, f"name the whole path of \"{included}\": room/…, peer/…, caf/… or <…>")
        self.check_weight(name, number, included)

    def is_of_a_room(self, included):
        """<sys/stat.h> is the system's."""
        return "/" in included and included.endswith(".hpp") and self.rooms.of(included) in self.rooms.allowed

    def check_public_include(self, name, room, number, header):
        if not (self.root / PUBLIC / header).is_file():
            self.fail(name, number, f"there is no header peer/{header}")
        elif room and (why := self.rooms.why_not(room, self.rooms.public.get(header, "?"), "peer/" + header)):
            self.fail(name, number, f"{why} (peer/{header})")
        elif name.startswith("apps/") and header.startswith("detail/"):
            self.fail(name, number, f"a program may not include peer/{header}")

    def check_room_include(self, name, room, number, header):
        if not (self.root / SRC / header).is_file():
            self.fail(name, number, f"there is no header {header}")
        elif name.startswith(PUBLIC):
            self.fail(name, number, f"a public header may not include {header}")
        elif name.startswith("apps/"):
            self.fail(name, number, f"a program may not include {header}")
        elif header == "base/precompiled.hpp":
            self.fail(name, number, f"{header} is for the compiler only")
        elif room and (why := self.rooms.why_not(room, self.rooms.of(header), header)):
            self.fail(name, number, f"{why} ({header})")

    def check_weight(self, name, number, included):
        if name.startswith(PUBLIC) and (included == "caf/all.hpp" or included.startswith("boost/")):
            self.fail(name, number, f"a public header may not include {included}")
        elif name.startswith(SRC) and name.endswith(".hpp") and included == "caf/all.hpp" and \
                (name.removeprefix(SRC), included) not in self.rooms.exceptions:
            self.fail(name, number, f"a header may not include {included}")

    # -- namespaces ---

    def check_namespaces(self, name, room, lines):
        own = "peer::internal::" + room.rpartition("/")[2]
        for index, (number, line) in enumerate(lines):
            found = NAMESPACE.match(line)
            if found and not self.may_open(name, own, found[1]) and not only_declares(lines[index + 1:]):
                self.fail(name, number, f"may not open the namespace {found[1]}")

    @staticmethod
    def may_open(name, own, namespace):
        if name.startswith(PUBLIC):
            return not namespace.startswith("peer::internal")
        if namespace == "peer::detail" or namespace == own or namespace.startswith(own + "::"):
            return True
        return namespace == "peer" and name.endswith(".cpp")

    # -- the build ---

    def check_listed(self):
        """Every source in libpeer/src must be built."""
        cmake = "libpeer/CMakeLists.txt"
        listed = set()
        for line in (self.root / cmake).read_text().splitlines():
            listed.update(re.findall(r"[\w./-]+\.cpp\b", line.split("#")[0]))
        for path in sorted((self.root / "libpeer").rglob("*.cpp")):
            name = path.relative_to(self.root / "libpeer").as_posix()
            if name not in listed:
                self.fail(f"libpeer/{name}", 1, f"is not listed in {cmake}")


def only_declares(lines):
    """Whether nothing but declarations of classes stands before the brace that closes the block."""
    for _, line in lines:
        if line.startswith("}"):
            return True
        if not DECLARATION.fullmatch(line):
            return False
    return False


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
