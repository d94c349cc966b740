"""What becomes of every line of the real recordings: writes the table that `docs/recordings.md` holds.

TANKERWATCH_DATA=… python -m tests.scenarios.recordings --out docs/recordings.md
"""

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from models.event import Event
from models.source_hints import SourceHints
from models.time import Millis, from_text, to_text
from streams.recordings.arrivals import Source
from streams.recordings.recording import open_recording
from streams.recordings.replay import Replay
from streams.recordings.summary import Summary
from streams.stages.core import Core
from tests.scenarios.runs import RULES

BASE_TIME: Millis = from_text("2013-11-12T12:00:00Z")
"""For recordings without times: when the Danish one was made, which exists with and without times."""


def recordings(folder: Path) -> Iterator[Path]:
    """Every NMEA file, by path."""
    kinds = ("nmea_plain", "nmea_pghp", "nmea_tag_block", "nmea_suffix", "nmea_prefix", "broken")
    yield from sorted(path for kind in kinds for path in (folder / "recordings" / kind).iterdir())


def replay(path: Path) -> tuple[Summary, list[Event]]:
    """Replay one recording with the default settings."""
    events: list[Event] = []
    core = Core([str(path)], RULES, hints=SourceHints(BASE_TIME))
    source = Source(str(path), open_recording(str(path)).frames())
    summary = Replay(core, on_event=events.append).run([source])
    return summary, events


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args(arguments)
    rows = [_HEAD]
    for path in recordings(Path(os.environ["TANKERWATCH_DATA"])):
        summary, events = replay(path)
        outcomes = next(iter(summary.outcomes.values()))
        told = ", ".join(f"{name} {count:,}" for name, count in sorted(outcomes.items()) if count)
        span = (
            f"{to_text(summary.first)} to {to_text(summary.last)}" if summary.first and summary.last else "-"
        )
        latest = {event.id: event for event in events}
        found = ", ".join(f"{event.type} {event.level}" for event in latest.values()) or "none"
        cells = (
            f"{path.parent.name}/{path.name}", f"{summary.lines:,}", told, f"{summary.messages.total():,}",
            f"{summary.vessels:,}", span, found,
        )  # fmt: skip
        rows.append("| " + " | ".join(cells) + " |")
    text = "\n".join([*rows, _TAIL])
    print(text)
    if chosen.out:
        chosen.out.write_text(text, "utf-8")


_HEAD = """# Real recordings, every line accounted for

Made by `TANKERWATCH_DATA=… python -m tests.scenarios.recordings --out docs/recordings.md`. Each recording is
replayed alone with the default settings, and with `--base-time 2013-11-12T12:00:00Z` for files without times.
The outcomes in a row add up to its lines. A vessel counts if a position or static data of it were decoded.
The README beside the recordings says where they come from.

| recording | lines | lines by outcome | messages | vessels | event time | events |
|---|---|---|---|---|---|---|"""

_TAIL = """
[measurements/decoders.md](measurements/decoders.md) has the messages beside pyais and gpsdecode.

## What stands out

- **Out of order** are `uscg_2010-04`, `gfw_type1-bad-bitcount`, `multi_sentence_groups` and both satellite
  recordings. They are samples from several hours, or sorted by message type. They are sorted by time before
  they are decoded ([formats.md](formats.md#order)), so no line is late because of its place.
- **`satellite_epoch_ms_2012-01-31`**: each sentence has two times, that of the receiver in a `$PGHP` line and
  that of the ground station after the checksum. The `$PGHP` line often stands some lines before its sentence,
  and is found by the checksum that it names. Four sentences have no `$PGHP` line. They take that of another
  sentence with the same checksum, whose time has passed, and count as late.
- **`bad_length`**: the payload does not have the length of its message type. In the satellite recording bits
  were lost or added on the way. A position from a shifted payload is worse than none. Noise from the satellite
  sometimes passes the checksum.
- **`no_mmsi`**: messages of MMSI 0.

## Three tankers that lie still or drift

| recording | default rules | all durations scaled down to 15 minutes |
|---|---|---|
| `tanker_212123000_drift_2014-10-02` | one loitering, 2014-10-02 16:54 to 2014-10-03 05:26 UTC | the same, with its revisions earlier |
| `tanker_538004030_drift_2014-09-28` | none | one loitering, 16:35 to 16:56 UTC |
| `219165000_sudden_speed_change_2014-10-05` | none | one loitering, 15:56 UTC to the end of the recording |

Scaled down means `[vessel.detectors.loitering]` with `bucket_minutes = 15`, `min_hours = min_hours_sts = 0.25`
and `probable_hours = probable_hours_sts = 0.5`.

- 212123000 is slower than 2 knots from 16:54 on and makes way again at 05:26:46. Start and end are the times of
  the first and the last slow fix.
- 538004030 waits for orders and drifts sideways at 2 to 6 knots for most of the two and a half hours. Only
  between 16:35 and 16:56 is it just below 2 knots (1.9 on average). A rule of a quarter of an hour finds that;
  a rule of an hour rightly does not.
- 219165000 lies still for all of the 23 minutes that were recorded. A rule of 15 minutes must find it; for four
  hours the recording is too short. In the standard its speed of 102.2 knots means "or more", which no ship
  reaches: the speed is left out, and the position is used.
"""  # noqa: E501  (a table)

if __name__ == "__main__":
    main()
