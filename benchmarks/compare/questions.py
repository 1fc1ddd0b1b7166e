# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""What is measured: the questions, and who answers them."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Program:
    """A benchmark program, and those of its contenders that are asked."""

    name: str
    contenders: tuple
    arguments: tuple = ()

    def absence(self):
        """Why the program may not be there."""
        return "not built" if self.contenders[0].startswith("libpeer") else "not installed"


@dataclasses.dataclass(frozen=True)
class Question:
    """One table."""

    key: str
    title: str
    figures: tuple  # names; the ratios are those of the first
    more_is_better: bool
    programs: tuple
    repeats: int
    quick_repeats: int
    reference: str = "libpeer inherited"
    arguments: tuple = ()  # for all programs
    plot: str = ""  # the name of its picture; empty: it has none

    def command(self):
        return f"scripts/compare --question {self.key}"


CPP = ("libpeer inherited", "libpeer tcp", "libpeer standard_io")
ERL = ("libpeer to erl tcp", "libpeer to erl standard_io")
OTP = ("OTP tcp", "OTP standard_io")
LARGE_ORIGIN = "libpeer inherited, large origin"
OTP_TO_CPP = ("OTP to C++ tcp", "OTP to C++ standard_io")

QUESTIONS = (
    Question(
        key="call", title="Call, one caller that waits for each answer", figures=("median_us", "p99_us"),
        more_is_better=False, repeats=10000, quick_repeats=2000, plot="call",
        programs=(
            Program("call_benchmark", CPP + ERL + OTP + OTP_TO_CPP),
            Program("basp_benchmark", ("BASP", "BASP sharing"), ("call",)),
            Program("grpc_benchmark", ("gRPC",), ("call",)),
            Program("capnp_benchmark", ("Cap'n Proto",), ("call",)),
            Program("raw_benchmark", ("socketpair", "pipe"), ("call",)),
        )),
    Question(
        key="call_no_spin", title="Call without spin: every wait is a sleep", figures=("median_us", "p99_us"),
        more_is_better=False, repeats=10000, quick_repeats=2000,
        programs=(
            Program("call_benchmark", CPP, ("--spin", "0us")),
            Program("raw_benchmark", ("socketpair",), ("call",)),
        )),
    Question(
        key="call_no_spin_pinned", title="Call without spin, all processes on core 0",
        figures=("median_us", "p99_us"), more_is_better=False, repeats=10000, quick_repeats=2000,
        arguments=("--pin", "0"),
        programs=(
            Program("call_benchmark", CPP, ("--spin", "0us")),
            Program("raw_benchmark", ("socketpair",), ("call",)),
        )),
    Question(
        key="throughput", title="Calls with 64 outstanding", figures=("calls_per_s",),
        more_is_better=True, repeats=50000, quick_repeats=10000, plot="throughput",
        programs=(
            Program("throughput_benchmark", CPP + ERL + OTP + OTP_TO_CPP),
            Program("basp_benchmark", ("BASP", "BASP sharing"), ("throughput",)),
            Program("grpc_benchmark", ("gRPC",), ("throughput",)),
            Program("capnp_benchmark", ("Cap'n Proto",), ("throughput",)),
        )),
    Question(
        key="bandwidth", title="1 MiB there and back", more_is_better=True, repeats=3, quick_repeats=1, plot="echo",
        figures=("1MiB_MiB_per_s", "64MiB_MiB_per_s", "origin_peak_x", "peer_peak_x"),
        programs=(
            Program("bandwidth_benchmark", CPP + ERL + OTP),
            Program("basp_benchmark", ("BASP", "BASP sharing"), ("bandwidth",)),
            Program("grpc_benchmark", ("gRPC",), ("bandwidth",)),
            Program("capnp_benchmark", ("Cap'n Proto",), ("bandwidth",)),
            Program("raw_benchmark", ("socketpair",), ("bandwidth",)),
        )),
    Question(
        key="cast", title="Casts, until the last has arrived", figures=("casts_per_s",),
        more_is_better=True, repeats=50000, quick_repeats=10000,
        programs=(Program("cast_benchmark", CPP + ERL + OTP),)),
    Question(
        key="io", title="Lines of a peer's standard output, to a callback", figures=("lines_per_s",),
        more_is_better=True, repeats=50000, quick_repeats=10000,
        programs=(Program("io_benchmark", CPP + OTP),)),
    Question(
        key="start", title="Start until a peer runs, one after the other and 100 at once",
        figures=("ms", "all_at_once_ms"), more_is_better=False, repeats=10, quick_repeats=5, plot="start",
        programs=(
            Program("start_benchmark", (*CPP, "libpeer peer_node", LARGE_ORIGIN, *ERL, *OTP)),
            Program("raw_benchmark", ("vfork+exec", "vfork+exec linked"), ("start",)),
        )),
    Question(
        key="many", title="A call to one of 1,000 idle peers, and what each of them costs",
        figures=("among_many_us", "alone_us", "KiB_per_peer", "descriptors_per_peer", "threads_per_peer",
                 "idle_cpu_ms_per_s"),
        more_is_better=False, repeats=10000, quick_repeats=2000,
        programs=(Program("many_benchmark", ("libpeer inherited",)),)),
)
