#!/usr/bin/env python3
# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""Runs the README's first programs and compares what they print with what the README shows.

    first_programs.py README DIRECTORY

DIRECTORY has the programs. The lines of the origin and those of the worker are compared apart: what a worker prints is
written by another thread of the origin, so their order is not given.
"""

import re
import subprocess
import sys
from pathlib import Path


def lines_of(program, text):
    return [line for line in text.splitlines() if line.startswith(program + ": ")]


def main():
    readme, directory = sys.argv[1:]
    shown = re.search(r"\$ \./first_origin\n(.*?)```", Path(readme).read_text(), re.DOTALL)[1]
    done = subprocess.run(["./first_origin"], cwd=directory, stdout=subprocess.PIPE, text=True, timeout=30, check=False)
    print(done.stdout)
    if done.returncode != 0:
        sys.exit(f"first_origin: exit status {done.returncode}")
    if len(done.stdout.splitlines()) != len(shown.splitlines()):
        sys.exit(f"the README shows:\n{shown}")
    for program in ("worker", "origin"):
        if lines_of(program, done.stdout) != lines_of(program, shown):
            sys.exit(f"the README shows:\n{shown}")


if __name__ == "__main__":
    main()
