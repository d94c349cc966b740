"""Quiet hours: a span of the clock, every day in one time zone, in which alerts wait."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from models.time import Millis

_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class Quiet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}):
    """From one time of day to another, across midnight where that is earlier.

    If the clock is put forward over `to`, the span ends that much later. If the clock shows `to` twice, it
    ends at the second time, so that it does not begin again.
    """

    start: str
    end: str
    zone: str
    probable_breaks_through: bool = False

    def __post_init__(self) -> None:
        for name, value in (("from", self.start), ("to", self.end)):
            if not _CLOCK.fullmatch(value):
                raise ValueError(f"{name} = {value!r} is not a time of day; give one like 22:00")
        if self.start == self.end:
            raise ValueError(f"from and to are both {self.start}; make the span shorter than a day")
        try:
            ZoneInfo(self.zone)
        except (ValueError, OSError, LookupError):  # ZoneInfo raises each of them
            raise ValueError(
                f"zone = {self.zone!r} is not a time zone; give one like Europe/Berlin, Asia/Seoul or UTC"
            ) from None

    def until(self, now: Millis) -> Millis | None:
        """When the present quiet hours end; None outside of them."""
        end = None
        while (next_end := self._end_of(now if end is None else end)) is not None:
            end = next_end
        return end

    def _end_of(self, now: Millis) -> Millis | None:
        today = datetime.fromtimestamp(now / 1000, ZoneInfo(self.zone)).date()
        # yesterday's may last into today; tomorrow's may have begun if the clock leaps at midnight
        for day in (today + timedelta(days=n) for n in (-1, 0, 1)):
            start, end = self._span(day)
            if start <= now < end:
                return end
        return None

    def _span(self, day: date) -> tuple[Millis, Millis]:
        start, end = time.fromisoformat(self.start), time.fromisoformat(self.end)
        last = day if start < end else day + timedelta(days=1)
        return self._instant(day, start, 0), max(self._instant(last, end, fold) for fold in (0, 1))

    def _instant(self, day: date, clock: time, fold: int) -> Millis:
        local = datetime.combine(day, clock.replace(fold=fold), ZoneInfo(self.zone))
        return round(local.astimezone(UTC).timestamp() * 1000)
