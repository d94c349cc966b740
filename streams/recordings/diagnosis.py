"""Problems: sources that can be read, but are no recording of AIS, or tell no time."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from streams.decoding.lines.line_reader import LineReader
from streams.decoding.lines.outcome import Outcome
from streams.decoding.lines.time_text import TextRules

_NO_SENTENCE: Final = frozenset(
    {
        Outcome.CONTEXT,
        Outcome.MALFORMED,
        Outcome.NOT_AIS,
        Outcome.NO_MMSI,
        Outcome.NO_REPORT,
        Outcome.TOO_LONG,
        Outcome.BAD_TAG_BLOCK,
    }
)
"""Outcomes of lines in which no whole AIS message was found."""

_EVENT: Final = re.compile(rb'\s*\{"id":"[0-9a-f]{24}","type":"')
"""How an event begins, as JSON."""


_RAW_NMEA_2000: Final = re.compile(
    rb"\d{4}-\d\d-\d\d[-T]\S+?,\d,\d{5,6},\d+,\d+,\d+,[0-9a-f]{2},|\S+ +\d +\d+ +\d+ +\d{5,6} [^:]+:"
)
"""A line as `actisense-serial` or `candump2analyzer` writes it, or as `analyzer` does without `-json`."""


_TIME_OF_DAY: Final = re.compile(rb"\W*(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?\b[^!\\$\n]{0,60}[!\\$]")
"""A time before a sentence that has no date with it."""
NO_RECORD: Final = "it holds no record"
_READER: Final = LineReader(TextRules())


def holds_no_record(outcomes: Mapping[str, int]) -> bool:
    """Whether a source that was read to its end holds nothing that may tell of a vessel, by its lines.

    A header without rows, an array without objects (`[]`, `{"vessels": []}`), comments: what stands around
    records. Polls of a quiet area and parts of a table are so as a matter of course.
    """
    return all(outcome == Outcome.CONTEXT for outcome, count in outcomes.items() if count)


def is_record(line: bytes) -> bool:
    """Whether a line may tell of a vessel."""
    return not _READER.read(line, 1).is_context


def no_record(names: Sequence[str]) -> str:
    """One sentence about sources that were read to their ends and hold nothing, not one of them."""
    if len(names) == 1:
        return f"{names[0]}: holds no record; give a recording with at least one"
    more = _count(len(names) - 1, "more recording")
    return f"{names[0]} and {more}: hold no record; give at least one that does"


def unusable(name: str, outcomes: Mapping[str, int], head: bytes) -> str | None:
    """One sentence (what, where, what to do) about a source that cannot be used; None for one that can.

    One with AIS messages that are all broken can: the outcomes of its lines say how.
    `outcomes` counts its lines, `head` is how it begins.
    """
    lines = sum(outcomes.values())
    untimed = outcomes.get(Outcome.NO_TIME, 0)
    if _EVENT.match(head):  # positions of their evidence may have been read, with wrong times
        return (
            f"{name}: holds events that tankerwatch has found, and no AIS; give the recording, or give the "
            "events to `tankerwatch explain`, `export` or `ledger`"
        )
    if untimed and not outcomes.get(Outcome.MESSAGE) and _TIME_OF_DAY.match(head):
        return (
            f"{name}: tells the time of day before its lines and not the day, so "
            f"{_count(untimed, 'AIS message')} could not be used; write the day of each file before it, such "
            "as sed -E 's/^\\W*/2026-03-01T/' FILE > DATED, and give --timezone if it is not in UTC"
        )
    if untimed and not outcomes.get(Outcome.MESSAGE):
        column = ", or the column of times, such as --columns time=Timestamp" if _kind(head) == "CSV" else ""
        return (
            f"{name}: tells no time, so {_count(untimed, 'AIS message')} could not be used; give one, such "
            f"as --base-time 2026-03-01T12:00:00Z{column}"
        )
    found = {outcome for outcome, count in outcomes.items() if count}
    if found - {Outcome.CONTEXT} == {Outcome.NO_MMSI} and _kind(head) == "CSV":
        rows = _count(outcomes[Outcome.NO_MMSI], "row")
        return (
            f"{name}: has no MMSI in {rows}; spreadsheets shorten such numbers (2.73E+08), so write the "
            "table again with all nine digits, or name the right column, such as --columns mmsi=MMSI"
        )
    if not holds_no_record(outcomes) and all(Outcome(outcome) in _NO_SENTENCE for outcome in found):
        return (
            f"{name}: holds no AIS message in {_count(lines, 'line')}, it looks like {_kind(head)}; give a "
            "recording in a format that `tankerwatch formats` lists, such as lines of NMEA 0183 "
            "(!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24)"
        )
    return None


def _count(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"


def _kind(head: bytes) -> str:
    """What a text seems to be, by how it begins."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    first = text.partition(b"\n")[0]
    if text.startswith((b"{", b"[{", b"[\n")):
        return "JSON or XML"  # whose elements are read as objects
    if text.startswith(b"["):
        return "JSON whose values have no names"
    if text.startswith(b"<"):
        return "HTML or XML"
    if _RAW_NMEA_2000.match(first):
        return "NMEA 2000 that is not decoded (canboat's `analyzer -json` does that)"
    if text.startswith((b"$", b"!")):
        return "NMEA without AIS (of a GPS, for example)"
    if max(first.count(mark) for mark in (b",", b";", b"\t")) >= 2:
        return "CSV"
    return "plain text"
