"""Decoder settings: how lines are read, times judged and messages put together."""

from typing import Final

import msgspec

from models.source_hints import SourceHints
from models.time import END, MINUTE, SECOND, from_text
from streams.decoding.lines.source_times import TimeRules
from streams.decoding.lines.time_text import TextRules, zone_of
from streams.decoding.station_clocks import ClockSettings

_MAY_BE_ZERO: Final = (
    "lateness_seconds",
    "duplicate_window_seconds",
    "pghp_lines",
    "opening_lines",
    "clock_agreeing_transmissions",
    "clock_tolerance_seconds",
)


class DecoderSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How times are judged and messages put together."""

    lateness_seconds: int = 120
    """How far behind its source a line may be. Later ones are counted `late` and change nothing."""
    duplicate_window_seconds: int = 10
    """The same payload on the same channel within this event time is one message heard several times. For a
    position that tells its UTC second (types 1 to 3, 18 and 19) it is 20 minutes, on any channel."""
    part_timeout_seconds: int = 30
    """How long a message waits for its other parts, by the progress of the event time of its source."""
    max_jump_hours: int = 24
    """A time further ahead of its source is held until other lines agree with it."""
    agreeing_lines: int = 3
    """Consecutive timed lines, within `max_jump_hours` of each other, that make a source start or jump."""
    max_held_lines: int = 1_000
    """Lines held for that at most; then they are judged by what is known."""
    future_tolerance_seconds: int = 300
    """How far a line's time may be ahead of its time of receipt, where an ingest noted that."""
    max_line_bytes: int = 4_096
    """A longer line is cut and rejected."""
    part_timeout_lines: int = 1_000
    """The same in lines of the source, where no time is known."""
    pghp_lines: int = 100
    """How many lines after a `$PGHP` line the sentence may come that it is about."""
    opening_lines: int = 500
    """The first lines of a source, from which is decided how its times are read."""
    earliest_year: int = 2002
    """Times before this year, in UTC, are not believed: AIS is no older."""
    clock_agreeing_transmissions: int = 5
    """Transmissions that two stations of a source heard, and whose differences in time agree, that make the
    difference between their clocks sure. 0: no clock is compared or corrected."""
    clock_recent_transmissions: int = 9
    """They have to be among so many of the last ones that do not agree with what was sure before."""
    clock_tolerance_seconds: int = 2
    """Differences in time agree if they lie within this."""
    clock_least_offset_seconds: int = 3
    """The times of a station are corrected if its clock is off by at least this. It is more than the
    tolerance, so that the scatter of good clocks corrects nothing."""
    clock_silence_minutes: int = 10
    """In a recording, stations whose clocks can't be compared with those that move its event time do not move
    it, unless these are silent while one of the others goes on by this."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            least = 0 if name in _MAY_BE_ZERO else 1
            if value < least:
                raise ValueError(f"{name} must not be {value}")
        if self.clock_recent_transmissions < self.clock_agreeing_transmissions:
            raise ValueError("clock_recent_transmissions must not be below clock_agreeing_transmissions")


def first_rules(settings: DecoderSettings, hints: SourceHints) -> TimeRules:
    """How times are read before anything is known about a source. Raises ValueError for an unknown zone."""
    zone_of(hints.timezone)
    return TimeRules(
        TextRules(hints.timezone, hints.date_order, hints.base_time),
        earliest=from_text(f"{settings.earliest_year:04}-01-01"),
        latest=END if hints.not_after is None else hints.not_after,
        pghp_lines=settings.pghp_lines,
    )


def clock_settings(settings: DecoderSettings) -> ClockSettings:
    """How the clocks of stations are compared."""
    return ClockSettings(
        settings.clock_agreeing_transmissions,
        settings.clock_recent_transmissions,
        settings.clock_tolerance_seconds * SECOND,
        settings.clock_least_offset_seconds * SECOND,
        settings.clock_silence_minutes * MINUTE,
    )
