# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""Runs the benchmark programs, all contenders once per round, and collects what they found."""

import dataclasses
import json
import pathlib
import subprocess
import sys
import time

from questions import Question

PATIENCE = 300  # seconds for one round of one contender


class Failure(Exception):
    """A program that found nothing. The text is what it said."""


@dataclasses.dataclass(frozen=True)
class Step:
    """One contender of one question."""

    question: Question
    contender: str
    program: pathlib.Path
    arguments: tuple
    absence: str  # what it means if the program is not there

    def name(self):
        return f"{self.question.key}: {self.contender}"


def steps_of(questions, directory):
    """All that is to be done in a round, in this order."""
    return [Step(question, contender, directory / program.name, (*program.arguments, *question.arguments),
                 program.absence())
            for question in questions for program in question.programs for contender in program.contenders]


def run(step, repeats):
    """Measures one round. Returns the program's JSON, which holds this contender only."""
    command = [step.program, *step.arguments, "--rounds", "1", "--only", step.contender, "--json", "-"]
    if repeats:
        command += ["--repeats", str(repeats)]
    try:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired as late:
        raise Failure(f"no result after {PATIENCE} s") from late
    except OSError as error:
        raise Failure(str(error)) from error
    if ended.returncode != 0:
        raise Failure(f"exit status {ended.returncode}: {ended.stderr.strip()}")
    try:
        found = json.loads(ended.stdout)
        return found, next(each for each in found["contenders"] if each["name"] == step.contender)
    except (ValueError, KeyError, StopIteration) as strange:
        raise Failure(f"no JSON of it; {ended.stderr.strip() or 'it said nothing'}") from strange


class Progress:
    """Tells on standard error what is measured and how long the rest takes, judging by the rounds before."""

    def __init__(self, steps, rounds, output=None):
        self.left = [step for _ in range(rounds) for step in steps]
        self.total = len(self.left)
        self.seconds = {}
        self.output = output or sys.stderr

    def remaining(self):
        """Seconds, or nothing as long as nothing has been measured."""
        if not self.seconds:
            return None
        usual = sum(self.seconds.values()) / len(self.seconds)
        return sum(self.seconds.get(step.name(), usual) for step in self.left)

    def begin(self, step, round_number, rounds):
        rest = self.remaining()
        left = "" if rest is None else f", {duration(rest)} left"
        text = f"[{self.total - len(self.left) + 1}/{self.total}] round {round_number} of {rounds}{left}: {step.name()}"
        is_terminal = self.output.isatty()
        print(f"\r\033[K{text}" if is_terminal else text, end="" if is_terminal else "\n", file=self.output, flush=True)

    def end(self, step, seconds):
        self.left.pop(0)
        self.seconds[step.name()] = seconds

    def say(self, text):
        print(f"\r\033[K{text}" if self.output.isatty() else text, file=self.output, flush=True)


def duration(seconds):
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def add(contender, found, one):
    """Adds the figures of a round to those of the rounds before."""
    contender["settings"] = {key: value for key, value in found["settings"].items() if key != "rounds"}
    if "skipped" in one:
        contender["skipped"] = one["skipped"]
    for name, figure in one["figures"].items():
        contender.setdefault("figures", {}).setdefault(name, []).extend(figure["rounds"])


def measure(questions, directory, rounds, quick):
    """Measures all contenders of all questions, `rounds` times in turn. Returns what compare.json holds.

    A contender that fails is not asked again; it has the key "failed" then, and one that is not here "skipped".
    """
    result = {"rounds": rounds, "quick": quick, "machine": {}, "questions": {}}
    steps = steps_of(questions, directory)
    for step in steps:
        contender = result["questions"].setdefault(step.question.key, {}).setdefault(step.contender, {})
        if not step.program.exists():
            contender["skipped"] = step.absence
    steps = [step for step in steps if step.program.exists()]
    progress = Progress(steps, rounds)
    for round_number in range(1, rounds + 1):
        for step in steps:
            contender = result["questions"][step.question.key][step.contender]
            progress.begin(step, round_number, rounds)
            begin = time.monotonic()
            if "failed" not in contender and "skipped" not in contender:
                try:
                    found, one = run(step, step.question.quick_repeats if quick else step.question.repeats)
                    result["machine"] = found["machine"]
                    add(contender, found, one)
                except Failure as failure:
                    contender["failed"] = str(failure)
                    progress.say(f"failed: {step.name()}: {failure}")
            progress.end(step, time.monotonic() - begin)
    return result
