#!/usr/bin/env python3
# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""What benchmarks/compare promises: its calculations, its tables and pictures, and that one failure ends nothing."""

import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.dom.minidom

sys.dont_write_bytecode = True
COMPARE = pathlib.Path(__file__).resolve().parents[2] / "benchmarks/compare"
sys.path.insert(0, str(COMPARE))
import measuring  # noqa: E402
import plots  # noqa: E402
import report  # noqa: E402
from found import Found, Missing, number  # noqa: E402
from questions import QUESTIONS, Program, Question  # noqa: E402
from targets import TARGETS, Target, times  # noqa: E402

SETTINGS = {"placement": "not pinned", "spin_us": 50.0, "repeats": 10000}


def contender(**figures):
    return {"settings": SETTINGS, "figures": figures}


def data():
    return {
        "rounds": 3, "quick": False, "machine": {"cores": 2, "cpu": "a CPU", "kernel": "6.1"},
        "questions": {"call": {
            "libpeer inherited": contender(median_us=[9, 30, 10], p99_us=[50, 60, 70]),
            "OTP tcp": contender(median_us=[40, 50, 60]),
            "BASP": contender(median_us=[100, 150, 300]),
            "gRPC": {"skipped": "not installed"},
            "Cap'n Proto": {"failed": "exit status 1: cannot connect"},
        }},
    }


def question(**changes):
    values = {"key": "call", "title": "Call", "figures": ("median_us", "p99_us"), "more_is_better": False,
              "programs": (), "repeats": 10, "quick_repeats": 2, "plot": "call"}
    return Question(**{**values, **changes})


class FoundTest(unittest.TestCase):
    def test_the_median_is_that_of_the_rounds(self):
        self.assertEqual(Found(data()).median("call", "libpeer inherited", "median_us"), 10)

    def test_what_is_not_there_says_why(self):
        for name, figure, why in (("gRPC", "median_us", "gRPC: not installed"),
                                  ("Cap'n Proto", "median_us", "Cap'n Proto failed"),
                                  ("OTP tcp", "p99_us", "OTP tcp has no p99_us"),
                                  ("pigeons", "median_us", "pigeons was not asked")):
            with self.assertRaises(Missing) as caught:
                Found(data()).median("call", name, figure)
            self.assertEqual(str(caught.exception), why)

    def test_failures_are_told_with_what_the_program_said(self):
        self.assertEqual(list(Found(data()).failures()), [("call: Cap'n Proto", "exit status 1: cannot connect")])

    def test_numbers_have_three_significant_digits(self):
        for value, text in ((0, "0"), (0.0123456, "0.0123"), (0.5, "0.500"), (9.876, "9.88"), (99.96, "100"), (428.4, "428"),
                            (428123, "428,000"), (1234567.8, "1,230,000"), (-3.14159, "-3.14")):
            self.assertEqual(number(value), text)


class ReportTest(unittest.TestCase):
    def lines(self, **changes):
        return report.question_table(Found(data()), question(**changes)).splitlines()

    def test_a_contender_has_median_spread_and_ratio(self):
        self.assertIn("| BASP | 150 | 100 – 300 | 15.0 |  |", self.lines())

    def test_other_figures_have_their_spread_beside_them(self):
        self.assertIn("| libpeer inherited | 10.0 | 9.00 – 30.0 | 1.00 | 60.0 (50.0 – 70.0) |", self.lines())

    def test_who_was_not_measured_is_named_with_the_reason(self):
        self.assertIn("| gRPC | not installed |  |  |  |", self.lines())
        self.assertIn("| Cap'n Proto | Cap'n Proto failed |  |  |  |", self.lines())

    def test_without_the_reference_there_are_no_ratios(self):
        self.assertIn("| BASP | 150 | 100 – 300 | – |", self.lines(reference="gRPC", figures=("median_us",)))

    def test_placement_spin_and_repeats_are_told(self):
        self.assertIn("not pinned, spin 50 µs, 3 rounds of 10,000; `scripts/compare --question call`", self.lines())

    def test_columns_are_named_with_their_unit(self):
        self.assertIn("| contender | median, µs | least – greatest | × libpeer inherited | p99, µs |", self.lines())
        self.assertEqual(report.heading("1MiB_MiB_per_s"), "1MiB, MiB/s")
        self.assertEqual(report.heading("calls_per_s"), "calls/s")

    def test_questions_that_were_not_asked_have_no_table(self):
        text = report.document(Found(data()), QUESTIONS, TARGETS)
        self.assertEqual(text.count("### "), 2)
        self.assertNotIn("--question start", text)


class TargetsTest(unittest.TestCase):
    def verdict(self, theirs, name="median_us", **bound):
        target = Target("call", "× another", "call", times("call", name, "libpeer inherited", theirs), **bound)
        return report.verdict(Found(data()), target)

    def test_a_ratio_is_that_of_the_medians(self):
        self.assertEqual(self.verdict("OTP tcp", at_most=0.5), ("0.200 ×", "met"))

    def test_a_bound_that_is_touched_is_kept(self):
        self.assertEqual(self.verdict("OTP tcp", at_most=0.2)[1], "met")
        self.assertEqual(self.verdict("OTP tcp", at_least=0.2)[1], "met")

    def test_a_miss_is_told(self):
        self.assertEqual(self.verdict("OTP tcp", at_most=0.19)[1], "**missed**")
        self.assertEqual(self.verdict("OTP tcp", at_least=0.21)[1], "**missed**")

    def test_of_several_the_best_counts(self):
        self.assertEqual(self.verdict(("BASP", "OTP tcp"), at_most=0.5)[0], "0.200 ×")
        changed = data()
        for name, rate in (("libpeer inherited", 80), ("BASP", 10), ("OTP tcp", 20)):
            changed["questions"]["call"][name]["figures"]["calls_per_s"] = [rate]
        figure = times("call", "calls_per_s", "libpeer inherited", ("BASP", "OTP tcp"))
        self.assertEqual(figure(Found(changed)), 4)

    def test_without_the_other_there_is_no_verdict(self):
        self.assertEqual(self.verdict("gRPC", at_most=1), ("–", "not measured: gRPC: not installed"))

    def test_bounds_are_written_as_people_write_them(self):
        self.assertEqual(Target("x", "× BASP", "call", None, at_most=1 / 20).bound(), "≤ 0.05 × BASP")
        self.assertEqual(Target("x", "× OTP", "call", None, at_least=4).bound(), "≥ 4 × OTP")

    def test_every_target_reads_figures_that_its_question_asks_for(self):
        everything = {"questions": {}}
        for each in QUESTIONS:
            names = [name for program in each.programs for name in program.contenders]
            everything["questions"][each.key] = {
                name: {"figures": {figure: [1.0] for figure in each.figures}} for name in names}
        for target in TARGETS:
            target.figure(Found(everything))


class PlotsTest(unittest.TestCase):
    def test_the_same_figures_give_the_same_well_formed_picture(self):
        picture = plots.plot(Found(data()), question())
        self.assertEqual(picture, plots.plot(Found(data()), question()))
        xml.dom.minidom.parseString(picture)

    def test_the_best_comes_first_and_who_has_no_figure_is_left_out(self):
        names = [bar[0] for bar in plots.bars_of(Found(data()), question())]
        self.assertEqual(names, ["libpeer inherited", "OTP tcp", "BASP"])
        names = [bar[0] for bar in plots.bars_of(Found(data()), question(more_is_better=True))]
        self.assertEqual(names, ["BASP", "OTP tcp", "libpeer inherited"])

    def test_ten_times_as_much_is_as_far_everywhere(self):
        changed = data()
        changed["questions"]["call"] = {name: contender(median_us=[x]) for name, x in (("a", 1), ("b", 10), ("c", 100))}
        picture = xml.dom.minidom.parseString(plots.plot(Found(changed), question()))
        a, b, c = (float(bar.getAttribute("width")) for bar in picture.getElementsByTagName("rect"))
        self.assertAlmostEqual(b - a, c - b, delta=0.2)

    def test_nothing_measured_is_no_picture(self):
        self.assertIsNone(plots.plot(Found({**data(), "questions": {}}), question()))


PROGRAM = """#!{python}
import json, sys
name = sys.argv[sys.argv.index("--only") + 1]
with open(__file__ + ".log", "a") as log:
    log.write(name + " " + " ".join(sys.argv[1:3]) + "\\n")
if name == "bad":
    sys.exit("it rains")
if name == "mute":
    sys.exit(0)
repeats = int(sys.argv[sys.argv.index("--repeats") + 1])
print(json.dumps({{"machine": {{"cores": 2, "cpu": "a CPU", "kernel": "6.1"}},
                   "settings": {{"placement": "not pinned", "spin_us": 50, "rounds": 1, "repeats": repeats}},
                   "contenders": [{{"name": name, "figures": {{"median_us": {{"rounds": [repeats]}}}}}}]}}))
"""


class MeasuringTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.bin = pathlib.Path(directory.name)
        self.program = self.bin / "one_benchmark"
        self.program.write_text(PROGRAM.format(python=sys.executable))
        self.program.chmod(0o755)
        self.said = io.StringIO()

    def measure(self, *programs, rounds=2, quick=False):
        asked = question(programs=programs, arguments=("--pin", "0"))
        with contextlib.redirect_stderr(self.said):
            return measuring.measure([asked], self.bin, rounds, quick)["questions"]["call"]

    def test_rounds_take_turns(self):
        self.measure(Program("one_benchmark", ("a", "b")))
        log = self.program.with_name("one_benchmark.log").read_text()
        self.assertEqual(log.splitlines(), ["a --pin 0", "b --pin 0"] * 2)

    def test_figures_of_all_rounds_are_kept_with_their_settings(self):
        found = self.measure(Program("one_benchmark", ("a",)), rounds=3)["a"]
        self.assertEqual(found["figures"], {"median_us": [10, 10, 10]})
        self.assertEqual(found["settings"], {"placement": "not pinned", "spin_us": 50, "repeats": 10})

    def test_quick_means_fewer_repeats(self):
        self.assertEqual(self.measure(Program("one_benchmark", ("a",)), quick=True)["a"]["figures"]["median_us"], [2, 2])

    def test_one_that_fails_is_told_and_the_others_go_on(self):
        found = self.measure(Program("one_benchmark", ("bad", "mute", "a")))
        self.assertEqual(found["bad"]["failed"], "exit status 1: it rains")
        self.assertIn("no JSON", found["mute"]["failed"])
        self.assertEqual(found["a"]["figures"]["median_us"], [10, 10])
        self.assertIn("failed: call: bad: exit status 1: it rains", self.said.getvalue())

    def test_one_that_is_not_here_is_skipped(self):
        found = self.measure(Program("two_benchmark", ("gRPC",)), Program("three_benchmark", ("libpeer tcp",)))
        self.assertEqual([each["skipped"] for each in found.values()], ["not installed", "not built"])

    def test_the_time_that_is_left_is_judged_by_the_rounds_before(self):
        steps = measuring.steps_of([question(programs=(Program("p", ("a", "b")),))], self.bin)
        progress = measuring.Progress(steps, 2, io.StringIO())
        self.assertIsNone(progress.remaining())
        progress.end(steps[0], 10)
        self.assertEqual(progress.remaining(), 30)
        progress.end(steps[1], 2)
        self.assertEqual(progress.remaining(), 12)


class TableTest(unittest.TestCase):
    def compare(self, found):
        with tempfile.TemporaryDirectory() as directory:
            source = pathlib.Path(directory) / "compare.json"
            source.write_text(json.dumps(found))
            command = [sys.executable, COMPARE / "compare.py", "--from", source, "--plots", directory]
            ended = subprocess.run(command, capture_output=True, text=True)
            return ended, sorted(path.name for path in pathlib.Path(directory).glob("*.svg"))

    def test_tables_and_pictures_can_be_made_again(self):
        found = data()
        del found["questions"]["call"]["Cap'n Proto"]
        ended, pictures = self.compare(found)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertIn("≤ 0.05 × BASP | 0.0667 × | **missed** | `scripts/compare --question call` |", ended.stdout)
        self.assertEqual(pictures, ["call.svg"])

    def test_figures_that_cannot_be_read_are_told(self):
        command = [sys.executable, COMPARE / "compare.py", "--from", "/no/such/file"]
        ended = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(ended.returncode, 2)
        self.assertIn("cannot read /no/such/file", ended.stderr)

    def test_a_failure_is_the_exit_status(self):
        ended, _ = self.compare(data())
        self.assertEqual(ended.returncode, 1)
        self.assertIn("call: Cap'n Proto failed: exit status 1: cannot connect", ended.stderr)


if __name__ == "__main__":
    unittest.main()
