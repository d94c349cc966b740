"""What a person sees of events: two lines each, what a later revision changes, nothing a stranger wants."""

import io
import re
from typing import Any

import msgspec
import pytest
from rich.console import Console

from models.event import Level, Reason, Status, from_json
from streams.output import event_text
from streams.tail import event_sheet
from streams.tail.printer import JsonLines, Lines
from streams.tail.source import Known
from tests.streams.alerts.hostile_names import NAMES, hostile
from tests.streams.detection.chains.stories import A, Story, dark_call
from tests.streams.output.report.factories import encounter, loitering, port_visit
from tests.streams.tail.factories import review

SGR = re.compile(r"\x1b\[[0-9;]*m")


def console(width: int = 100, colour: bool = False) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    system: Any = "truecolor" if colour else None
    return Console(file=file, force_terminal=True, color_system=system, width=width), file


def test_a_new_event_is_a_line_and_its_sentence() -> None:
    screen, file = console()
    event = encounter()
    Lines(screen).print(event, None)
    first, *sentence = (line.rstrip() for line in file.getvalue().splitlines())
    assert (
        first
        == "2026-03-12 13:10  probable encounter  PRIMORYE STAR and KUM SONG 9  5 h 00 min  inside Off Cho-do"
    )
    assert all(line.startswith("    ") for line in sentence)
    assert " ".join(line.strip() for line in sentence) == f"{event.summary}  {event.id}"


def test_where_a_line_is_narrow_the_sentence_has_the_rest() -> None:
    screen, file = console(width=67)
    Lines(screen).print(encounter(), None)
    first = file.getvalue().splitlines()[0].rstrip()
    assert first == "2026-03-12 13:10  probable encounter  PRIMORYE STAR and KUM SONG 9"


def test_a_later_revision_says_what_it_changes() -> None:
    screen, file = console(width=400)
    lines = Lines(screen)
    first = encounter(level=Level.POSSIBLE, score=0.4, status=Status.OPEN)
    later = encounter(
        revision=2, score=0.86, reasons=(*first.reasons, Reason(code="x", text="both listed", weight=1))
    )
    lines.print(first, None)
    lines.print(later, first)
    below = file.getvalue().splitlines()[3].strip()
    assert below == (
        f"revision 2: open → closed; possible → probable; score 0.40 → 0.86; for it: both listed  {first.id}"
    )
    lines.print(encounter(revision=3, against=(), reasons=later.reasons), later)
    assert "no longer against it: both report themselves at anchor" in file.getvalue().splitlines()[5]


def test_what_is_taken_back_says_why() -> None:
    screen, file = console(width=400)
    why = Reason(code="tug", text="the other is a tug", weight=0.5)
    Lines(screen).print(encounter(revision=7, status=Status.RETRACTED, against=(why,)), None)
    assert "revision 7: retracted: the other is a tug" in file.getvalue()


def test_what_the_source_knows_of_the_revision_before_counts() -> None:
    screen, file = console(width=400)
    Lines(screen).print(encounter(revision=2, level=Level.PROBABLE), encounter(level=Level.POSSIBLE))
    assert "revision 2: possible → probable" in file.getvalue()
    Lines(screen).print(encounter(revision=2), None)
    assert f"revision 2: {encounter().summary}" in file.getvalue()


def test_json_lines_are_the_events_as_published() -> None:
    out = io.StringIO()
    for event in (encounter(), loitering()):
        JsonLines(out).print(event, None)
    assert [from_json(line) for line in out.getvalue().splitlines()] == [encounter(), loitering()]


def test_the_sheet_has_all_that_is_known() -> None:
    file = io.StringIO()
    revisions = (encounter(level=Level.POSSIBLE, status=Status.OPEN), encounter(revision=2))
    event_sheet.show(Console(file=file), Known(revisions, (review(encounter(), "ann", "seen by satellite"),)))
    told = file.getvalue()
    for expected in (
        "Probable encounter: PRIMORYE STAR and KUM SONG 9\n",
        revisions[0].summary,
        "  2026-03-12 04:10 to 2026-03-12 09:10 UTC, 5 h 00 min\n  38.460°N 124.620°E, inside Off Cho-do\n",
        "  +0.25  close and slow together for 5 h 00 min (5 h, threshold 0.5 h)\n",
        "Against it\n  -0.10  both report themselves at anchor or moored\n",
        "  PRIMORYE STAR (MMSI 273000001, IMO 9000003, flag RU, tanker, call sign UBXX1, 141 m long, "
        "draught 8.4 m)\n"
        "    listed: UN 1718 designated vessel 12, by its IMO\n",
        "  median distance 47 m, smallest 42 m, smallest gap between the hulls 3 m\n",
        "  draught changed by -2.1 m\n",
        "  120 positions, heard by coast-1, sat-7\n",
        "  1  2026-03-12 13:10  possible, open, score 0.86\n"
        "  2  2026-03-12 13:10  open → closed; possible → probable\n",
        "  2026-03-13 08:00  confirmed by ann: seen by satellite\n",
    ):
        assert expected in told


@pytest.mark.parametrize("event", [loitering(), port_visit()])
def test_the_sheet_of_other_types(event: object) -> None:
    file = io.StringIO()
    event_sheet.show(Console(file=file), Known((event,)))  # type: ignore[arg-type]
    assert re.search(
        r"Measured\n  (11.3 km in 9.5 h, 0.8 kn|Vostochny \(RUVYP\), confidence 4 of 4)\n", file.getvalue()
    )


def test_a_call_that_nobody_saw_is_only_possible_on_the_sheet() -> None:
    for sighted in (False, True):
        story = Story()
        story.visit(A, "vostochny", 0, 20, (4.0, 6.0))
        dark_call(story, A, 3, ("chongjin",), draught=(6.0, 4.0), sighted=sighted)
        (chain,) = story.chains()
        file = io.StringIO()
        event_sheet.show(Console(file=file), Known((chain,)))
        assert ("possible discharge" in file.getvalue()) is not sighted
        assert "possible load" not in file.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_leaves_the_terminal_as_it_is(name: str) -> None:
    event = hostile(name)
    screen, file = console(colour=True)
    lines = Lines(screen)
    lines.print(event, None)
    lines.print(msgspec.structs.replace(event, revision=2, status=Status.RETRACTED), None)
    lines.print(msgspec.structs.replace(event, revision=3, reasons=()), None)
    event_sheet.show(
        screen,
        Known((event, msgspec.structs.replace(event, revision=2, against=())), (review(event, name, name),)),
    )
    told = SGR.sub("", file.getvalue())
    assert all(sign.isprintable() or sign == "\n" for sign in told)
    assert "[/" not in SGR.sub("", event_text.heading(event)) or "[/" in name
    out = io.StringIO()
    JsonLines(out).print(event, None)
    (line,) = out.getvalue().split("\n")[:-1]
    assert not re.search(r"[\x00-\x1f]", line)
