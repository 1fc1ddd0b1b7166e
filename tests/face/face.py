#!/usr/bin/env python3
# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""Holds the installed headers to the list in headers.txt and to what users may expect of them.

    face.py [--headers FILE] installed INCLUDE               exactly the listed headers lie in INCLUDE/peer
    face.py [--headers FILE] alone INCLUDE -- COMMAND...     COMMAND, a compiler and flags, accepts each of them alone
    face.py [--headers FILE] programs DIR                    sources in DIR include no header of libpeer but listed ones
                                                             outside of peer/detail

INCLUDE is the directory that an installation of libpeer puts its headers in. Prints one line for each violation and then
exits with status 1.
"""

import argparse
import concurrent.futures
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
INCLUDE = re.compile(r'^\s*#\s*include\s*["<](peer/[^">]+)[">]')
JOBS = 2


def listed(path):
    """The names in headers.txt, each a path below the include directory."""
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return {line for line in lines if line}


def installed(include):
    return {path.relative_to(include).as_posix() for path in (include / "peer").rglob("*") if path.is_file()}


def check_installed(args):
    found = installed(args.directory)
    return [f"{name}: installed, but not listed in headers.txt" for name in sorted(found - args.headers)] + \
           [f"{name}: listed in headers.txt, but not installed" for name in sorted(args.headers - found)]


def compile_alone(name, command, directory):
    """Compiles a file that includes only this header; returns what the compiler complains about."""
    source = directory / (name.replace("/", "_") + ".cpp")
    source.write_text(f'#include "{name}"\n')
    done = subprocess.run([*command, "-fsyntax-only", source], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    return f"{name}: does not compile alone:\n{done.stdout}" if done.returncode else ""


def check_alone(args):
    with tempfile.TemporaryDirectory() as directory, concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        command = [*args.command, "-I", args.directory]
        return list(filter(None, pool.map(lambda name: compile_alone(name, command, Path(directory)), sorted(args.headers))))


def check_programs(args):
    errors, face = [], {name for name in args.headers if not name.startswith("peer/detail/")}
    for path in sorted(args.directory.rglob("*.[ch]pp")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = INCLUDE.match(line)
            if found and found[1] not in face:
                errors.append(f"{path.relative_to(args.directory.parent)}:{number}: {found[1]} is not public")
    return errors


def parse_arguments():
    options = argparse.ArgumentParser(description="Checks the installed headers of libpeer.")
    options.add_argument("--headers", type=lambda path: listed(Path(path)), default=listed(HERE / "headers.txt"))
    checks = options.add_subparsers(required=True)
    for name, check in (("installed", check_installed), ("alone", check_alone), ("programs", check_programs)):
        one = checks.add_parser(name)
        one.set_defaults(check=check)
        one.add_argument("directory", type=Path)
        if check is check_alone:
            one.add_argument("command", nargs="+")
    return options.parse_args()


def main():
    args = parse_arguments()
    errors = args.check(args)
    print(*errors, sep="\n", end="\n" if errors else "")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
