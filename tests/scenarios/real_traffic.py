"""False events on real traffic: how many a thousand vessel-days, and what speaks against them.

Nobody knows the truth of these recordings. But in ordinary traffic next to nothing is a transfer, so what is
`probable` there is counted as false. A vessel-day is 24 hours for which a vessel that counts has ticks.

    TANKERWATCH_CASES=... python -m tests.scenarios.real_traffic
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from models.event import Event, Level
from models.source_hints import SourceHints
from models.tick import Instant
from models.time import DAY
from models.vessel import Role
from streams.recordings.arrivals import Source
from streams.recordings.recording import open_recording
from streams.recordings.replay import Replay
from streams.simulator.evaluation import latest
from streams.stages.core import Core
from tests.scenarios.recordings import BASE_TIME
from tests.scenarios.runs import RULES

FEWEST: Final = 0.5
"""Vessel-days that a recording has at least, to be in the table."""
STEP: Final = RULES.settings.vessel.grid.step


class Traffic(NamedTuple):
    """One recording: its name, its vessel-days, its events as they stand at its end."""

    name: str
    vessel_days: float
    events: list[Event]


def files() -> Iterator[Path]:
    """Real traffic among the cases and the recordings, where they are."""
    if "TANKERWATCH_CASES" in os.environ:
        yield Path(os.environ["TANKERWATCH_CASES"], "detection", "anchorage_suez_2021-03.nmea.gz")
    if "TANKERWATCH_DATA" in os.environ:
        folder = Path(os.environ["TANKERWATCH_DATA"], "recordings")
        yield from sorted(
            path
            for kind in ("nmea_plain", "nmea_pghp", "nmea_tag_block", "nmea_suffix", "nmea_prefix")
            for path in (folder / kind).iterdir()
        )


def measured(path: Path) -> Traffic:
    """Replay a recording with the default settings."""
    ticks = Counter[int]()
    counting: set[int] = set()
    events: list[Event] = []

    def take(instant: Instant) -> None:
        counting.update(one.mmsi for one in instant.identities if one.role is Role.TANKER)
        ticks.update(instant.ticks["mmsi"].tolist())

    core = Core([str(path)], RULES, hints=SourceHints(BASE_TIME))
    Replay(core, on_event=events.append, on_instant=take).run(
        [Source(str(path), open_recording(str(path)).frames())]
    )
    return Traffic(path.name, sum(ticks[mmsi] for mmsi in counting) * STEP / DAY, latest(events))


def table(traffic: list[Traffic]) -> str:
    """Markdown: events a type and level, of the probable ones also a thousand vessel-days."""
    rows = [
        "| recording | vessel-days | event | `possible` | `probable` | `probable` a 1,000 days | against |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in traffic:
        for kind in sorted({event.type for event in one.events}):
            mine = [event for event in one.events if event.type is kind]
            probable = sum(event.level is Level.PROBABLE for event in mine)
            causes = Counter(event.against[0].code if event.against else "nothing" for event in mine)
            cells = (
                one.name, f"{one.vessel_days:.1f}", kind, len(mine) - probable, probable,
                f"{probable / one.vessel_days * 1000:.1f}",
                ", ".join(f"{code} {count}" for code, count in causes.most_common(4)),
            )  # fmt: skip
            rows.append("| " + " | ".join(map(str, cells)) + " |")
        if not one.events:
            rows.append(f"| {one.name} | {one.vessel_days:.1f} | none | | | 0.0 | |")
    return "\n".join(rows) + "\n"


def all_traffic() -> list[Traffic]:
    """Every recording with enough vessel-days."""
    found = [measured(path) for path in files()]
    return [one for one in found if one.vessel_days >= FEWEST]


if __name__ == "__main__":
    print(table(all_traffic()))
