"""Inspection: what is in one recording, and what a replay would make of it."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np

from models.frame import Reject
from models.report import Reports, Rows
from models.time import MINUTE, Millis
from models.vessel import flag_of
from streams.decoding.decoder import Decoded, Decoder
from streams.decoding.lines.outcome import Outcome
from streams.decoding.lines.source_times import TIME_NAMES, TimeKind
from streams.recordings.diagnosis import NO_RECORD, holds_no_record, unusable
from streams.recordings.errors import SourceError
from streams.recordings.formats.csv_text import CsvText
from streams.recordings.formats.json_text import JsonText
from streams.recordings.formats.parquet import NAME as PARQUET
from streams.recordings.formats.xml_text import XmlText
from streams.recordings.position_counts import PositionCounts
from streams.recordings.recording import Reading, Recording

LEAST_GAP: Final = 10 * MINUTE
"""A time in which no station heard anything for so long is a gap of coverage."""
_TABLES: Final = (CsvText.name, PARQUET)
_MOST_GAPS: Final = 20
_EXAMPLE: Final = 120  # bytes of a line
_MOST_NAMES: Final = 5


class VesselSeen(msgspec.Struct, kw_only=True, omit_defaults=True, rename="camel"):
    """One MMSI. Names, IMO numbers and types in the order in which they were first sent."""

    ssvid: str
    flag: str = ""
    imos: list[int] = []
    names: list[str] = []
    types: list[int] = []
    first: Millis
    last: Millis
    positions: int = 0


class OutcomeSeen(msgspec.Struct, omit_defaults=True):
    """Lines with one outcome; a reason and an example where such lines are rejected."""

    lines: int
    reason: str = ""
    line: int = 0
    example: str = ""


class Inspection(msgspec.Struct, rename="camel"):
    """What was found in one recording. Times in milliseconds since 1970, UTC."""

    name: str
    format: str = ""
    lines: int = 0
    outcomes: dict[str, OutcomeSeen] = {}
    messages: dict[int, int] = {}
    first: Millis | None = None
    last: Millis | None = None
    times: dict[str, int] = {}
    """Sentences by where their time was found. A row or an object is read as one sentence or several."""
    poor_times: bool = False
    area: tuple[float, float, float, float] | None = None
    """West, south, east, north of all positions, in degrees; a vessel across 180 degrees widens it."""
    stations: dict[str, int] = {}
    """Messages by the stations that heard them."""
    gaps: list[tuple[Millis, Millis]] = []
    notes: list[str] = []
    problems: list[str] = []
    vessels: list[VesselSeen] = []


def inspect(
    name: str, recording: Recording, reading: Reading, places: PositionCounts | None = None
) -> Inspection:
    """Read a recording to its end. What is wrong with it is among the problems; nothing is raised.

    Its positions are counted in `places`, if that is given.
    """
    found = Inspection(name)
    decoder = Decoder(name, reading.settings, reading.hints)
    seen = _Seen(found, places)
    head = b""
    try:
        for frame in recording.frames():
            head = head or frame.data[:512]
            decoder.feed(frame)
            seen.take(decoder.advance(decoder.watermark))
    except SourceError as error:
        found.problems.append(str(error))
    decoder.end()
    seen.take(decoder.advance(decoder.watermark))
    seen.finish()
    report = decoder.report
    found.format = recording.format_name
    for outcome, lines in sorted(decoder.outcomes.items(), key=lambda item: -item[1]):
        if lines:
            found.outcomes.setdefault(outcome, OutcomeSeen(0)).lines = lines
    found.outcomes = {name: each for name, each in found.outcomes.items() if each.lines}
    found.lines = decoder.outcomes.total()
    found.messages = dict(sorted(decoder.messages.items()))
    found.times = {_where(kind, found.format): count for kind, count in report.times.items()}
    found.poor_times = report.poor
    found.notes = [*recording.notes, *seen.notes, *report.sentences()]
    if not recording.survey().in_order:
        found.notes.append("its lines are out of order; a replay sorts them by time")
    problem = f"{name}: {report.problem}" if report.problem else unusable(name, decoder.outcomes, head)
    found.problems += [problem] if problem else []
    found.notes += [NO_RECORD] if not found.problems and holds_no_record(decoder.outcomes) else []
    if (untold := report.times.get(TimeKind.NONE)) and not problem and report.only_time is None:
        found.notes.append(_untold(untold, sum(report.times.values()), decoder.outcomes))
    return found


def _untold(untold: int, total: int, outcomes: Mapping[str, int]) -> str:
    """What becomes of sentences that tell no time of their own: they have that of the lines before them."""
    one = untold == 1
    own = "tells no time of its own" if one else "tell no time of their own"
    said = f"{untold:,} of {total:,} sentences {own}"
    if unused := outcomes.get(Outcome.NO_TIME):
        return f"{said}, and {unused:,} lines could not be used for that; --base-time TIME gives one to them"
    return f"{said}: {'it has' if one else 'they have'} the time that the source had reached by then"


def _where(kind: TimeKind, form: str) -> str:
    """Where the time of a message was found, in words."""
    if kind is TimeKind.TAG and form in _TABLES:
        return "the column of times"
    if kind is TimeKind.PREFIX and form in (JsonText.name, XmlText.name):
        return "the objects"
    return TIME_NAMES.get(kind, "nowhere")


class _Seen:
    """Takes in what the Decoder releases."""

    def __init__(self, found: Inspection, places: PositionCounts | None) -> None:
        self._found, self._places = found, places
        self._vessels: dict[int, VesselSeen] = {}
        self._minutes: set[int] = set()
        self._stations: Counter[str] = Counter()
        self.notes: list[str] = []

    def take(self, decoded: Decoded) -> None:
        for reject in decoded.rejects:
            self._reject(reject)
        reports = decoded.reports
        for rows in (reports.positions, reports.statics):
            if len(rows):
                self._times(rows)
                self._hear(rows, reports)
        self._place(reports.positions)
        for row in reports.statics:
            self._name(row)

    def finish(self) -> None:
        found = self._found
        found.stations = dict(self._stations.most_common())
        found.vessels = [self._vessels[mmsi] for mmsi in sorted(self._vessels)]
        minutes = np.array(sorted(self._minutes), np.int64)
        wide = np.flatnonzero(np.diff(minutes) * MINUTE > LEAST_GAP)
        gaps = [(int(minutes[i] + 1) * MINUTE, int(minutes[i + 1]) * MINUTE) for i in wide.tolist()]
        found.gaps = sorted(sorted(gaps, key=lambda gap: gap[0] - gap[1])[:_MOST_GAPS])
        if len(gaps) > _MOST_GAPS:
            self.notes.append(
                f"nothing was heard in {len(gaps) - _MOST_GAPS:,} more times of {LEAST_GAP // MINUTE} "
                f"minutes or longer; the {_MOST_GAPS} longest are listed"
            )

    def _reject(self, reject: Reject) -> None:
        if reject.outcome not in self._found.outcomes:
            example = reject.head[:_EXAMPLE].decode("utf-8", "replace")
            self._found.outcomes[reject.outcome] = OutcomeSeen(0, reject.reason, reject.line, example)

    def _times(self, rows: Rows) -> None:
        found, first, last = self._found, int(rows["time"].min()), int(rows["time"].max())
        found.first = first if found.first is None else min(found.first, first)
        found.last = last if found.last is None else max(found.last, last)
        self._minutes.update(np.unique(rows["time"] // MINUTE).tolist())

    def _hear(self, rows: Rows, reports: Reports) -> None:
        groups, counts = np.unique(rows["stations"], return_counts=True)
        for group, count in zip(groups.tolist(), counts.tolist(), strict=True):
            for station in reports.stations[group]:
                self._stations[station] += count

    def _place(self, rows: Rows) -> None:
        if not len(rows):
            return
        if self._places is not None:
            self._places.add(rows)
        order = np.argsort(rows["mmsi"], kind="stable")
        mmsis, starts, counts = np.unique(rows["mmsi"][order], return_index=True, return_counts=True)
        times = rows["time"][order]
        for mmsi, start, count in zip(mmsis.tolist(), starts.tolist(), counts.tolist(), strict=True):
            vessel = self._vessel(mmsi, int(times[start]), int(times[start + count - 1]))
            vessel.positions += count
        lon, lat = rows["lon"][~np.isnan(rows["lon"])], rows["lat"][~np.isnan(rows["lat"])]
        if len(lon):
            box = float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())
            old = self._found.area or box
            least = min(old[0], box[0]), min(old[1], box[1])
            self._found.area = (*least, max(old[2], box[2]), max(old[3], box[3]))

    def _name(self, row: Any) -> None:
        time = int(row["time"])
        vessel = self._vessel(int(row["mmsi"]), time, time)
        _add(vessel.names, row["name"].decode("ascii", "replace"))
        _add(vessel.imos, int(row["imo"]))
        _add(vessel.types, int(row["ship_type"]))

    def _vessel(self, mmsi: int, first: Millis, last: Millis) -> VesselSeen:
        vessel = self._vessels.get(mmsi)
        if vessel is None:
            vessel = self._vessels[mmsi] = VesselSeen(
                ssvid=f"{mmsi:09}", flag=flag_of(mmsi) or "", first=first, last=last
            )
        vessel.first, vessel.last = min(vessel.first, first), max(vessel.last, last)
        return vessel


def _add(values: list[Any], value: Any) -> None:
    if value and value not in values and len(values) < _MOST_NAMES:
        values.append(value)
