# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""Measures libpeer beside what one would take instead, in turn, and prints tables in Markdown.

Exit status: 0 all is well (a missed target is no failure), 1 a contender failed, 2 the command line is wrong.
"""

import argparse
import json
import pathlib
import sys

sys.dont_write_bytecode = True  # nothing of ours belongs into the source tree
import measuring  # noqa: E402
import plots  # noqa: E402
import report  # noqa: E402
from found import Found  # noqa: E402
from questions import QUESTIONS  # noqa: E402
from targets import TARGETS  # noqa: E402

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build/release"


def figures_in(path):
    """For the option --from."""
    try:
        return json.loads(pathlib.Path(path).read_text())
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"cannot read {path}: {error}") from error


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/compare", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, help="how often all contenders are measured, in turn (5; quick: 3)")
    parser.add_argument("--quick", action="store_true", help="fewer repeats and 3 rounds: to try it out")
    parser.add_argument("--question", action="append", choices=[question.key for question in QUESTIONS],
                        help="only this one; may be repeated")
    parser.add_argument("--json", type=pathlib.Path, default=BUILD / "compare.json", help="where the figures go")
    parser.add_argument("--from", type=figures_in, dest="figures", metavar="JSON",
                        help="measure nothing: make tables and pictures of these figures")
    parser.add_argument("--plots", type=pathlib.Path, metavar="DIRECTORY", help="write pictures (SVG) there")
    parser.add_argument("--bin", type=pathlib.Path, default=BUILD / "bin", help="where the benchmark programs are")
    result = parser.parse_args()
    if result.rounds is not None and result.rounds < 1:
        parser.error("--rounds: at least 1")
    return result


def main():
    asked = arguments()
    data = asked.figures
    if data is None:
        questions = [question for question in QUESTIONS if not asked.question or question.key in asked.question]
        data = measuring.measure(questions, asked.bin, asked.rounds or (3 if asked.quick else 5), asked.quick)
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(data, indent=1) + "\n")
    found = Found(data)
    print(report.document(found, QUESTIONS, TARGETS), end="")
    if asked.plots:
        plots.write(found, QUESTIONS, asked.plots)
    failed = list(found.failures())
    for name, why in failed:
        print(f"\n{name} failed: {why}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
