# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

"""Makes docs/conformance.md of what the conformance tests have found, or tells how it differs.

    table.py [--write] RESULTS DOCUMENT BUILD

RESULTS is the directory with a file per column, whose lines are case, result and remark with tabs between. DOCUMENT is
compared, or with --write written. BUILD, the build directory, tells which tests ctest knows.
Exit status: 0 all is well, 1 the document differs or a test that it names does not exist, 2 results are missing.
"""

import argparse
import difflib
import pathlib
import re
import sys

sys.dont_write_bytecode = True  # nothing of ours belongs into the source tree
from differences import DIFFERENCES, LEFT_OUT  # noqa: E402

TESTS = pathlib.Path(__file__).resolve().parent.parent

# OTP's cases, in the order of its list, with the connections that OTP runs them over.
CASES = {
    "errors": "distribution", "dist": "distribution", "peer_down_crash": "distribution", "peer_down_crash_tcp": "TCP",
    "peer_down_continue": "distribution", "peer_down_boot": "standard I/O", "dist_io_redirect": "distribution",
    "dist_up_down": "TCP", "dist_localhost": "distribution", "post_process_args": "distribution", "attached": "all",
    "attached_cntrl_channel_handler_crash": "all", "cntrl_channel_handler_crash": "all",
    "cntrl_channel_handler_crash_old_release": "all", "shutdown_halt": "all", "shutdown_halt_timeout": "all",
    "shutdown_stop": "all", "shutdown_stop_timeout": "all", "shutdown_close": "all", "basic": "TCP, standard I/O",
    "peer_states": "TCP, standard I/O", "cast": "TCP, standard I/O", "detached": "TCP, standard I/O",
    "dyn_peer": "TCP, standard I/O", "stop_peer": "TCP, standard I/O", "io_redirect": "TCP, standard I/O",
    "multi_node": "TCP, standard I/O", "duplicate_name": "TCP, standard I/O", "init_debug": "standard I/O",
    "old_release": "distribution", "ssh": "standard I/O", "docker": "standard I/O",
}

# The tests that fill a column, and its heading.
COLUMNS = {
    "erl.distribution": "A distribution", "erl.standard_io": "A standard_io", "erl.tcp": "A tcp",
    "peer_node.distribution": "B distribution", "peer_node.inherited": "B inherited",
    "peer_node.standard_io": "B standard_io", "peer_node.tcp": "B tcp",
    "otp.standard_io": "C standard_io", "otp.port": "C `0`", "otp.address": "C `{127,0,0,1}`",
}

CELLS = {"pass": "pass", "refused": "refused", "skip": "–", "fail": "**fails**"}

PREFACE = """# Conformance

`scripts/conformance` runs the tests and writes this file; the test `conformance.table` fails when it is not what they found.

## OTP's cases

Each case of OTP's `peer_SUITE`, under OTP's name, with the connections that OTP runs it over, and

* A: libpeer starts `erl`
* B: libpeer starts a libpeer node, `peer_node`
* C: OTP's `peer` starts a libpeer node, `peer_node`

over each connection. "refused": the connection `distribution` is not available yet, and asking for it is an error that says so.
"–": does not apply. Numbers stand for the notes below.
"""

AFTER_NOTES = """
## Deliberate differences

What libpeer does otherwise than OTP, and the tests that show it: name in ctest, and case.
"""

LEFT_OUT_PREFACE = """
## Not asserted by OTP

What a program could do wrong that passes OTP's suite, and our tests for it.
"""


class Notes:
    """Numbers sentences in the order of their appearance."""

    def __init__(self):
        self.numbers = {}

    def number(self, result, remark):
        text = {"pass": "Passes; ", "skip": "Does not apply: "}.get(result, "") + remark + "."
        return self.numbers.setdefault(text, len(self.numbers) + 1)


def read_results(directory):
    """Returns {column: {case: (result, remark)}}; ends the program if results are missing."""
    results, missing = {}, []
    for column in COLUMNS:
        path = directory / f"{column}.txt"
        lines = path.read_text().splitlines() if path.exists() else []
        results[column] = {case: (result, remark) for case, result, remark in (line.split("\t") for line in lines)}
        missing += [f"{column}: {case}" for case in CASES if case not in results[column]]
        missing += [f"{column}: {case} is no case of OTP's" for case in results[column] if case not in CASES]
    if missing:
        print("no complete results:", *missing, sep="\n  ", file=sys.stderr)
        sys.exit(2)
    return results


def table(heading, rows):
    lines = [heading, ["---"] * len(heading), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def cell(result, remark, notes):
    # What a failed check says differs from run to run.
    return CELLS[result] + (f" {notes.number(result, remark)}" if remark and result != "fail" else "")


def tests_text(tests):
    return "<br>".join(f"`{test}`: {case.replace('_', chr(92) + '_')}" for test, case in tests)


def render(results):
    notes = Notes()
    rows = [[f"`{case}`", over] + [cell(*results[column][case], notes) for column in COLUMNS]
            for case, over in CASES.items()]
    text = PREFACE + "\n" + table(["case", "OTP", *COLUMNS.values()], rows)
    text += "\n" + "".join(f"{number}. {note}\n" for note, number in notes.numbers.items())
    text += AFTER_NOTES + "\n"
    text += table(["OTP", "libpeer", "tests"], [[otp, ours, tests_text(tests)] for otp, ours, tests in DIFFERENCES])
    text += LEFT_OUT_PREFACE + "\n" + table(["what", "tests"], [[what, tests_text(tests)] for what, tests in LEFT_OUT])
    return text


def known_tests(build):
    found = set()
    for path in pathlib.Path(build).rglob("CTestTestfile.cmake"):
        found.update(re.findall(r"^add_test\((?:\[=*\[)?([\w.-]+)", path.read_text(), re.MULTILINE))
    return found


def cases_of(test):
    """The cases that the sources have for a test of that name in ctest."""
    program, _, suite = test.partition(".")
    if program in ("peerctl", "bare_node"):
        return python_cases(TESTS / "system" / f"{program}_test.py", suite)
    if program == "otp_origin":
        return set(exported(TESTS / "system" / "otp_origin"))
    if test.startswith("conformance.otp."):
        return set(exported(TESTS / "conformance" / "otp_origin"))
    if program == "conformance":
        suite = "conformance_differences" if suite == "differences" else "conformance"
    found = set()
    for path in TESTS.rglob("*_test.cpp"):
        text = path.read_text()
        if re.search(rf"^#define CAF_SUITE peer\.{re.escape(suite)}$", text, re.MULTILINE):
            found.update(re.findall(r"^CAF_TEST\((.*)\)", text, re.MULTILINE))
            found.update(re.findall(r'^SCENARIO\("(.*)"\)', text, re.MULTILINE))
    return found


def python_cases(path, suite):
    found, current = set(), ""
    for line in path.read_text().splitlines():
        if match := re.match(r"class (\w+)Test\(", line):
            current = match[1].lower()
        elif (match := re.match(r"    def (test_\w+)\(", line)) and current == suite:
            found.add(match[1])
    return found


def exported(directory):
    for path in directory.glob("*_cases.erl"):
        for names in re.findall(r"^-export\(\[(.*?)\]\)\.", path.read_text(), re.MULTILINE | re.DOTALL):
            yield from re.findall(r"(\w+)/1", names)


def unknown_tests(build):
    """The tests that the lists name and that are not there."""
    known = known_tests(build)
    named = {pair for *_, tests in DIFFERENCES + LEFT_OUT for pair in tests}
    return sorted(f"{test}: {case}" for test, case in named if test not in known or case not in cases_of(test))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    for name in ("results", "document", "build"):
        parser.add_argument(name)
    options = parser.parse_args()
    document = pathlib.Path(options.document)
    text = render(read_results(pathlib.Path(options.results)))
    if unknown := unknown_tests(options.build):
        print("tests that are named and do not exist:", *unknown, sep="\n  ", file=sys.stderr)
        return 1
    if options.write:
        document.write_text(text)
        return 0
    kept = document.read_text() if document.exists() else ""
    sys.stdout.writelines(difflib.unified_diff(kept.splitlines(True), text.splitlines(True), str(document), "this run"))
    if kept != text:
        print("\nscripts/conformance rewrites the document", file=sys.stderr)
    return int(kept != text)


if __name__ == "__main__":
    sys.exit(main())
