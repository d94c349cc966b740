"""What becomes of every line of the real recordings: writes the table that `docs/recordings.md` holds.

TANKERWATCH_DATA=… python -m tests.scenarios.recordings --out docs/recordings.md
"""

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from models.event import Event
from models.time import Millis, from_text, to_text
from streams.recordings.files import open_source
from streams.recordings.replay import Replay, Source
from streams.recordings.summary import Summary
from streams.stages.core import Core
from streams.stages.settings import Settings
from tests.scenarios.runs import PLACES, WATCHLIST

BASE_TIME: Millis = from_text("2013-11-12T12:00:00Z")
"""For recordings that tell no time: when the Danish one, which is there with and without times, was made."""


def recordings(folder: Path) -> Iterator[Path]:
    """Every NMEA file, by path."""
    kinds = ("nmea_plain", "nmea_pghp", "nmea_tag_block", "nmea_suffix", "nmea_prefix", "broken")
    yield from sorted(path for kind in kinds for path in (folder / "recordings" / kind).iterdir())


def replay(path: Path) -> tuple[Summary, list[Event]]:
    """Replay one recording with the default settings."""
    events: list[Event] = []
    core = Core([str(path)], PLACES, WATCHLIST, Settings(), base_time=BASE_TIME)
    summary = Replay(core, on_event=events.append).run([Source(str(path), open_source(str(path)))])
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

Made by `TANKERWATCH_DATA=… python -m tests.scenarios.recordings --out docs/recordings.md`: each recording
replayed alone with the default settings; `--base-time 2013-11-12T12:00:00Z` stands in where a file tells no
time. The outcomes of a row sum to its lines. Vessels are those with a position or static data among the
messages. Where the recordings come from: the README beside them.

| recording | lines | lines by outcome | messages | vessels | event time | events |
|---|---|---|---|---|---|---|"""

_TAIL = """
## What stands out

- **Many lines late** in `uscg_2010-04`, `satellite_2012-04-13`, `gfw_type1-bad-bitcount`: these are samples
  put together by message type or from several hours, not feeds. Behind a line from five hours later
  everything older is late at the default lateness of two minutes. A feed that really lags is read with
  `decoder.lateness_seconds` set to its lag.
- **`satellite_epoch_ms_2012-01-31`**: each sentence has the receiver's time in a `$PGHP` line and the ground
  station's behind the checksum. The `$PGHP` line often stands some lines away from its sentence; only one
  directly before it counts, so most sentences have the later ground time.
- **`bad_length`** in `broken/` and in the satellite recording: bits were lost or added on the way, and a
  position from a shifted payload is worse than none. The satellite's noise now and then passes the checksum.
- **`implausible`** in `signalk_multiplexed`: two lines two years apart; neither can be believed over the other.

## Three tankers that lie still or drift

| recording | default rules | all durations scaled down to 15 minutes |
|---|---|---|
| `tanker_212123000_drift_2014-10-02` | one loitering, 2014-10-02 16:54 to 2014-10-03 05:26 UTC | the same, with its revisions earlier |
| `tanker_538004030_drift_2014-09-28` | none | one loitering, 16:35 to 16:56 UTC |
| `219165000_sudden_speed_change_2014-10-05` | none | one loitering, 15:56 UTC to the end of the recording |

Scaled down: `[vessel.detectors.loitering]` with `bucket_minutes = 15`, `min_hours = min_hours_sts = 0.25`,
`probable_hours = probable_hours_sts = 0.5`.

- 212123000 is slower than 2 knots from 16:54 on. At 05:26:46 it makes way again; the ends are those of the
  first and the last slow fix.
- 538004030 waits for orders, sideways at 2 to 6 knots for most of the two and a half hours. Only between 16:35
  and 16:56 is it just below 2 knots (1.9 on average), which a quarter of an hour notices and an hour, rightly,
  does not.
- 219165000 lies still for all of the 23 minutes that were recorded, so a rule of 15 minutes must find it; four
  hours are not there. Its reports of 102.2 knots say "or more" in the standard, which no ship is: the speed is
  left out, the position is used.
"""  # noqa: E501  (a table)

if __name__ == "__main__":
    main()
