# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""What libpeer wants to reach, as ratios within one run."""

import dataclasses
import typing

from questions import LARGE_ORIGIN


@dataclasses.dataclass(frozen=True)
class Target:
    """A figure and its bound."""

    what: str
    beside: str  # what the figure is a multiple of; with a unit only, the figure itself
    question: str
    figure: typing.Callable  # of a Found
    at_most: float = None
    at_least: float = None

    def is_met(self, figure):
        return figure <= self.at_most if self.at_least is None else figure >= self.at_least

    def bound(self):
        sign, limit = ("≤", self.at_most) if self.at_least is None else ("≥", self.at_least)
        return f"{sign} {limit:.3g} {self.beside}"


def times(question, name, ours, theirs):
    """Our figure as a multiple of theirs, or of the best of several."""
    def figure(found):
        others = [theirs] if isinstance(theirs, str) else theirs
        values = [found.median(question, other, name) for other in others]
        return found.median(question, ours, name) / (max if name.endswith("_per_s") else min)(values)
    return figure


def call_targets():
    what = "call, one caller, `inherited`, default spin"
    for beside, other, limit in (("OTP over TCP", "OTP tcp", 0.5), ("BASP", "BASP", 1 / 20),
                                 ("Cap'n Proto", "Cap'n Proto", 0.7), ("gRPC", "gRPC", 1 / 6)):
        yield Target(what, f"× {beside}", "call",
                     times("call", "median_us", "libpeer inherited", other), at_most=limit)
    for question, where in (("call_no_spin", "not pinned"), ("call_no_spin_pinned", "pinned to one core")):
        yield Target(f"the same, spin 0, {where}", "× a blocking socketpair's round trip", question,
                     times(question, "median_us", "libpeer inherited", "socketpair"), at_most=2)
    for connection in ("tcp", "standard_io"):
        yield Target(f"call into `erl`, one caller, `{connection}`", "× OTP", "call",
                     times("call", "median_us", f"libpeer to erl {connection}", f"OTP {connection}"), at_most=1)


def rate_targets():
    what = "calls/s, 64 outstanding, `inherited`"
    for beside, others, limit in (("OTP's best connection", ("OTP tcp", "OTP standard_io"), 4), ("BASP", "BASP", 4),
                                  ("Cap'n Proto", "Cap'n Proto", 8), ("gRPC", "gRPC", 8)):
        yield Target(what, f"× {beside}", "throughput",
                     times("throughput", "calls_per_s", "libpeer inherited", others), at_least=limit)
    for connection, limit in (("standard_io", 5), ("tcp", 3)):
        yield Target(f"calls/s, 64 outstanding, `{connection}`", f"× OTP over `{connection}`", "throughput",
                     times("throughput", "calls_per_s", f"libpeer {connection}", f"OTP {connection}"), at_least=limit)
        yield Target(f"calls/s into `erl`, 64 outstanding, `{connection}`", "× OTP", "throughput",
                     times("throughput", "calls_per_s", f"libpeer to erl {connection}", f"OTP {connection}"),
                     at_least=1)
    for connection in ("inherited", "standard_io"):
        yield Target(f"casts/s, `{connection}`", "× OTP over `standard_io`", "cast",
                     times("cast", "casts_per_s", f"libpeer {connection}", "OTP standard_io"), at_least=10)


def quotient(question, contender, name, other):
    """One figure of a contender as a multiple of another one of its own."""
    return lambda found: found.median(question, contender, name) / found.median(question, contender, other)


def greatest(question, contender, *names):
    return lambda found: max(found.median(question, contender, name) for name in names)


def bandwidth_targets():
    rate = "1MiB_MiB_per_s"
    yield Target("1 MiB there and back, `standard_io`", "× OTP's rate over `standard_io`", "bandwidth",
                 times("bandwidth", rate, "libpeer standard_io", "OTP standard_io"), at_least=100)
    yield Target("1 MiB there and back, `inherited`", "× the rate over a socketpair", "bandwidth",
                 times("bandwidth", rate, "libpeer inherited", "socketpair"), at_least=0.6)
    yield Target("64 MiB there and back, `inherited`: linear", "× the rate of 1 MiB", "bandwidth",
                 quotient("bandwidth", "libpeer inherited", "64MiB_MiB_per_s", rate), at_least=0.5)
    yield Target("the same: peak memory, either side", "× the payload", "bandwidth",
                 greatest("bandwidth", "libpeer inherited", "origin_peak_x", "peer_peak_x"), at_most=3)


def start_targets():
    ours = "libpeer inherited"
    for beside, others, limit in (("OTP's start of `erl`", ("OTP tcp", "OTP standard_io"), 1 / 20),
                                  ("`vfork`+`exec`+exit of a C program linked like ours", "vfork+exec linked", 3)):
        yield Target("start until it runs, `inherited`", f"× {beside}", "start",
                     times("start", "ms", ours, others), at_most=limit)
    yield Target("100 starts at once, `inherited`", "× OTP", "start",
                 times("start", "all_at_once_ms", ours, ("OTP tcp", "OTP standard_io")), at_most=1 / 20)
    yield Target("start from an origin with 4 GiB resident", "× from a small one", "start",
                 times("start", "ms", LARGE_ORIGIN, ours), at_most=1.2)


def other_targets():
    yield Target("lines/s of a peer's output to a callback, `inherited`", "× OTP's best connection", "io",
                 times("io", "lines_per_s", "libpeer inherited", ("OTP tcp", "OTP standard_io")), at_least=50)
    for unit, name, limit in (("KiB", "KiB_per_peer", 64), ("descriptors", "descriptors_per_peer", 4),
                              ("threads", "threads_per_peer", 0)):
        yield Target("origin's cost of an idle peer", unit, "many", greatest("many", "libpeer inherited", name),
                     at_most=limit)
    yield Target("origin's CPU while 1,000 peers are idle", "ms/s", "many",
                 greatest("many", "libpeer inherited", "idle_cpu_ms_per_s"), at_most=1)
    yield Target("call to one of 1,000 peers", "× to a lone peer", "many",
                 quotient("many", "libpeer inherited", "among_many_us", "alone_us"), at_most=1.2)


TARGETS = (*call_targets(), *rate_targets(), *bandwidth_targets(), *start_targets(), *other_targets())
