# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""What was found, and numbers that sum it up."""

import statistics


class Missing(Exception):
    """A figure that was not measured. The text says why."""


class Found:
    """Reads what `measuring.measure` has returned."""

    def __init__(self, data):
        self.data = data

    def contenders(self, question):
        return self.data["questions"].get(question, {})

    def failures(self):
        """Names of contenders that failed, with what they said."""
        for question, contenders in self.data["questions"].items():
            for name, one in contenders.items():
                if "failed" in one:
                    yield f"{question}: {name}", one["failed"]

    def rounds(self, question, contender, figure):
        """The values of all rounds."""
        one = self.contenders(question).get(contender)
        if one is None:
            raise Missing(f"{contender} was not asked")
        for reason in ("skipped", "failed"):
            if reason in one:
                raise Missing(f"{contender}: {one[reason]}" if reason == "skipped" else f"{contender} failed")
        if figure not in one.get("figures", {}):
            raise Missing(f"{contender} has no {figure}")
        return one["figures"][figure]

    def median(self, question, contender, figure):
        return statistics.median(self.rounds(question, contender, figure))


def number(x):
    """Three significant digits, no exponent, commas between thousands."""
    if x == 0:
        return "0"
    decimals = 0
    while decimals < 6 and abs(x) * 10**decimals < 99.95:
        decimals += 1
    if decimals > 0:
        return f"{x:.{decimals}f}"
    unit = 10 ** max(len(str(int(abs(x)))) - 3, 0)
    return f"{int((abs(x) + unit / 2) // unit * unit) * (1 if x > 0 else -1):,}"
