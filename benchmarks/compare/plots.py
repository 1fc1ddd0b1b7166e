# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""Pictures of the main comparisons: bars on a logarithmic axis, as SVG that follows the reader's light or dark scheme.

The same data gives the same bytes.
"""

import math
from xml.sax.saxutils import escape

from found import Missing, number
from report import heading, machine, settings

WIDTH, LEFT, RIGHT, TOP, BAR, GAP, BOTTOM = 760, 190, 90, 64, 16, 8, 44

STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .title { font-size: 15px; font-weight: 600; }
  .note { font-size: 11px; fill: #656d76; }
  .grid { stroke: #d0d7de; }
  .spread { stroke: #24292f; }
  .other { fill: #8c959f; }
  .ours { fill: #0969da; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .note { fill: #8d96a0; }
    .grid { stroke: #30363d; }
    .spread { stroke: #e6edf3; }
    .other { fill: #6e7681; }
    .ours { fill: #4493f8; }
  }
"""


def text(x, y, content, kind="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(content)}</text>\n'


def line(x1, y1, x2, y2, kind):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>\n'


def bars_of(found, question):
    """Name, median, least and greatest of those that were measured, the best first."""
    bars = []
    for name in found.contenders(question.key):
        try:
            values = found.rounds(question.key, name, question.figures[0])
            bars.append((name, found.median(question.key, name, question.figures[0]), min(values), max(values)))
        except Missing:
            pass
    return sorted(bars, key=lambda bar: bar[1], reverse=question.more_is_better)


def plot(found, question):
    """The picture of a question; nothing if no contender was measured."""
    bars = bars_of(found, question)
    if not bars:
        return None
    first = math.floor(math.log10(min(bar[2] for bar in bars)) - 0.05)
    last = math.ceil(math.log10(max(bar[3] for bar in bars)))

    def at(value):
        return LEFT + (math.log10(value) - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    end = TOP + len(bars) * (BAR + GAP)
    better = "more" if question.more_is_better else "less"
    body = text(12, 22, question.title, "title")
    body += text(12, 42, f"{heading(question.figures[0])}; {better} is better; {settings(found, question)}", "note")
    for power in range(first, last + 1):
        body += line(at(10**power), TOP - 6, at(10**power), end, "grid")
        body += text(at(10**power), end + 16, f"{10.0**power:,.{max(-power, 0)}f}", "note", "middle")
    for i, (name, median, least, greatest) in enumerate(bars):
        top = TOP + i * (BAR + GAP)
        kind = "ours" if name.startswith("libpeer") else "other"
        body += text(LEFT - 8, top + 12, name, "", "end")
        body += (f'<rect x="{LEFT}" y="{top}" width="{at(median) - LEFT:.1f}" height="{BAR}" rx="2" '
                 f'class="{kind}"/>\n')
        body += line(at(least), top + BAR / 2, at(greatest), top + BAR / 2, "spread")
        body += text(at(greatest) + 6, top + 12, number(median))
    body += text(12, end + 36, machine(found), "note")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {end + BOTTOM}" role="img">\n'
            f"<title>{escape(question.title)}</title>\n<style>{STYLE}</style>\n{body}</svg>\n")


def write(found, questions, directory):
    """Writes the pictures of those questions that have one."""
    directory.mkdir(parents=True, exist_ok=True)
    for question in questions:
        picture = plot(found, question) if question.plot else None
        if picture:
            (directory / f"{question.plot}.svg").write_text(picture)
