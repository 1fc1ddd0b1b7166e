# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""Tables in Markdown: what was found, and which targets are met."""

from found import Missing, number

UNITS = {"_us": ", µs", "_ms": ", ms", "_MiB_per_s": ", MiB/s", "_per_s": "/s", "_x": ", × payload"}


def heading(figure):
    """For people: "p99_us" is "p99, µs"."""
    for suffix, unit in UNITS.items():
        if figure.endswith(suffix):
            return figure.removesuffix(suffix).replace("_", " ") + unit
    return figure.replace("_", " ")


def row(*cells):
    return "| " + " | ".join(cells) + " |\n"


def head(*cells):
    """The first two lines of a table; the columns of figures are named in ">name"."""
    return row(*(cell.lstrip(">") for cell in cells)) + row(*("---:" if cell[:1] == ">" else "---" for cell in cells))


def rounds(found):
    count = found.data["rounds"]
    return f"{count} round{'s' if count > 1 else ''}"


def machine(found):
    it = found.data["machine"]
    where = f"{it['cores']} cores, {it['cpu']}, Linux {it['kernel']}" if it else "nothing was measured"
    return f"{where}; medians of {rounds(found)} of all contenders in turn{', quick' if found.data['quick'] else ''}"


def settings(found, question):
    """Placement, spin and repeats, which are the same for all contenders of a question."""
    asked = [(name, each["settings"]) for name, each in found.contenders(question.key).items() if "settings" in each]
    if not asked:
        return "not measured"
    ours = next((settings for name, settings in asked if name.startswith("libpeer")), None)
    text = (ours or asked[0][1])["placement"]
    if ours:
        text += f", spin {ours['spin_us']:g} µs"
    repeats = sorted({settings["repeats"] for _, settings in asked})
    return f"{text}, {rounds(found)} of {' to '.join(f'{each:,}' for each in repeats)}"


def spread(values):
    return f"{number(min(values))} – {number(max(values))}"


def cells_of(found, question, contender):
    """The main figure in three cells, the others in one each."""
    main, *others = question.figures
    values = found.rounds(question.key, contender, main)
    median = found.median(question.key, contender, main)
    yield from (number(median), spread(values), ratio(found, question, median))
    for figure in others:
        try:
            values = found.rounds(question.key, contender, figure)
            yield f"{number(found.median(question.key, contender, figure))} ({spread(values)})"
        except Missing:
            yield ""


def question_rows(found, question):
    """A line per contender; what was not measured says why."""
    for name in found.contenders(question.key):
        try:
            yield row(name, *cells_of(found, question, name))
        except Missing as missing:
            yield row(name, str(missing).removeprefix(f"{name}: "), *("" for _ in range(len(question.figures) + 1)))


def ratio(found, question, median):
    try:
        return number(median / found.median(question.key, question.reference, question.figures[0]))
    except (Missing, ZeroDivisionError):
        return "–"


def question_table(found, question):
    main, *others = question.figures
    text = f"### {question.title}\n\n{settings(found, question)}; `{question.command()}`\n\n"
    text += head("contender", f">{heading(main)}", ">least – greatest", f">× {question.reference}",
                 *(f">{heading(figure)}" for figure in others))
    return text + "".join(question_rows(found, question))


def verdict(found, target):
    """The figure, and whether it is good enough."""
    try:
        figure = target.figure(found)
    except Missing as missing:
        return "–", f"not measured: {missing}"
    return f"{number(figure)} {target.beside.split()[0]}", "met" if target.is_met(figure) else "**missed**"


def targets_table(found, targets, questions):
    commands = {question.key: question.command() for question in questions}
    text = "### Targets\n\nRatios of medians within this run.\n\n"
    text += head("target", "bound", ">figure", "", "command")
    for target in targets:
        if target.question in found.data["questions"]:
            text += row(target.what, target.bound(), *verdict(found, target), f"`{commands[target.question]}`")
    return text


def document(found, questions, targets):
    """Everything. Only questions that were asked have a table."""
    asked = [question for question in questions if question.key in found.data["questions"]]
    tables = [question_table(found, question) for question in asked]
    return "\n".join([machine(found) + "\n", *tables, targets_table(found, targets, questions)])
