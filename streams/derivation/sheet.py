"""A derivation as text on a terminal."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from models.event import Level, Status
from models.innocent import InnocentExplanation
from streams.derivation.derivation import Derivation, Link, RevisionChange, Weighed
from streams.output.event_text import short, unchanged
from streams.output.sanitize import sanitize


def show(console: Console, of: Derivation) -> None:
    """Print a derivation, from the reasons to the score and the level."""
    kind = of.type.replace("_", " ")
    _line(
        console,
        f"{kind} {of.id}, revision {of.revision}, {of.status}: {of.level}, score {of.score:.2f}",
        "bold",
    )
    _line(console, of.summary)
    if of.status == Status.OPEN:
        _line(console, _still_open(of))
    _part(console, "Score", _score(of))
    _part(console, "For it", [line for each in of.reasons for line in _weighed(each, "+")] or ["nothing"])
    _part(console, "Against it", [line for each in of.against for line in _weighed(each, "-")] or ["nothing"])
    _part(console, "Level", _level(of))
    _part(console, "Innocent explanations", _innocent(of.innocent))
    _part(console, "Linked events", [line for link in of.links for line in _link(link)])
    _part(console, "Revisions", list(_revisions(of.revisions)))
    _part(console, "Detector", [f"{of.detector}, settings {of.settings_hash}"])


def _still_open(of: Derivation) -> str:
    last = of.last_position
    evidence = f"; the last position in its evidence is from {short(last)} UTC" if last else ""
    return f"Still open at {short(of.detected)} UTC{evidence}."


def _score(of: Derivation) -> list[str]:
    if of.scoring is None or of.sum is None:
        return ["how it is made is not in this event: it is from an earlier version"]
    plus = sum(each.weight for each in of.reasons)
    minus = sum(each.weight for each in of.against)
    lines = [
        f"{of.scoring.base:.2f} base of {of.level} ({' + '.join(of.base_settings) or 'setting not known'})",
        f"{of.scoring.base:.2f} + {plus:.2f} for - {minus:.2f} against = {of.sum:.2f}",
    ]
    if of.sum > of.scoring.cap:
        lines.append(f"at most {of.scoring.cap:.2f} at this level")
    if of.sum < of.scoring.floor or of.sum < 0:
        lines.append(f"at least {of.scoring.floor:.2f} at this level")
    return [*lines, f"score {of.score:.2f}"]


def _weighed(each: Weighed, sign: str) -> list[str]:
    met = []
    if each.value is not None:
        word = "value" if isinstance(each.value, str) else "measured"
        met.append(f"{word} {_measure(each.value, each.unit)}")
    if each.threshold is not None:
        names = " or ".join(each.threshold_settings) or "not known"
        met.append(f"threshold {_measure(each.threshold, each.unit)} (setting {names})")
    met.append(f"weight {each.weight:.2f} ({each.weight_setting or 'setting not known'})")
    return [f"{sign}{each.weight:.2f}  {each.code}: {each.text}", f"       {'; '.join(met)}"]


def _measure(value: float | str, unit: str | None) -> str:
    return value if isinstance(value, str) else f"{value:g}{f' {unit}' if unit else ''}"


def _level(of: Derivation) -> list[str]:
    if not of.rules:
        return [f"{of.level}; which conditions made it is not in this event"]
    lines = [f"{rule.code}: {rule.text}: {rule.effect}" for rule in of.rules]
    if any("`)" in rule.text for rule in of.rules):
        lines.append("the numbers in these conditions are the defaults")
    if of.level_by_rules is of.level:
        return [*lines, f"together: {of.level}"]
    by_rules: Level | str = of.level_by_rules or "no level"
    return [*lines, f"together: {by_rules}; {of.level} was reached in an earlier revision and stays"]


def _innocent(found: Iterable[InnocentExplanation]) -> list[str]:
    lines = [
        f"{'best: ' if number == 0 else ''}{each.text} ({each.hypothesis}; support {each.support:.2f} by "
        f"{', '.join(each.reasons)})"
        for number, each in enumerate(found)
    ]
    return lines or ["no reason speaks for one, which does not mean that there is none"]


def _link(link: Link) -> list[str]:
    if link.summary is None or link.score is None or link.type is None:
        return [f"{link.relation} {link.event}: not among the events given"]
    kind = link.type.replace("_", " ")
    return [
        f"{link.relation} {link.event}: {kind}, {link.level}, score {link.score:.2f}",
        f"  {link.summary}",
    ]


def _revisions(revisions: Sequence[RevisionChange]) -> Iterator[str]:
    """A line or more for each; one for several in a row in which nothing of this changed."""
    for quiet, some in groupby(revisions, key=lambda each: each.revision > 1 and not each.changes):
        row = list(some)
        if quiet and len(row) > 1:
            first, last = row[0], row[-1]
            yield (
                f"{first.revision} to {last.revision}  {short(first.detected)} to {short(last.detected)}  "
                f"{unchanged(len(row))}"
            )
        else:
            yield from (line for each in row for line in _revision(each))


def _revision(each: RevisionChange) -> list[str]:
    head = f"{each.revision}  {short(each.detected)}  {each.level}, {each.status}, score {each.score:.2f}"
    return [head, *(f"   {change}" for change in each.changes)]


def _part(console: Console, title: str, lines: list[str]) -> None:
    if lines:
        _line(console, "")
        _line(console, title, "bold")
        for line in lines:
            _line(console, line, indent=2)


def _line(console: Console, line: str, style: str = "", indent: int = 0) -> None:
    """Print a line, wrapped at words on a terminal and in one piece otherwise."""
    text = Text(sanitize(line), style)
    if console.is_terminal:
        console.print(Padding(text, (0, 0, 0, indent)), highlight=False)
    else:
        console.print(Text(" " * indent) + text, soft_wrap=True, highlight=False)
