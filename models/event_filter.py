"""An event filter says which events somebody wants: in queries, the stream, alerts and the terminal.

A filter that is given several values wants any of them; an event has to meet every filter that is given.
What concerns a vessel (MMSI, IMO number, flag, watchlist) is met by either vessel of an encounter. A filter
whose name begins with `not_` is met by events that have none of its values.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from models.box import Box, read_box
from models.errors import InputError
from models.event import Event, EventType, Level, Status


class EventFilterError(InputError):
    """A filter that can't be used: `filter` is its name, the text says what is wrong and what is valid."""

    def __init__(self, filter: str, problem: str) -> None:
        self.filter = filter
        super().__init__(f"{filter}: {problem}")


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter as it is offered: in a query, as an option of a command, as a key of a rule."""

    name: str
    help: str  # one line, for people
    metavar: str
    example: str
    choices: tuple[str, ...] = ()  # the only values there are; none: see `pattern`
    pattern: str = ""  # what a value has to look like, as a regular expression of JSON Schema
    single: bool = False  # takes one value, not several


_FILTERS: Final = (
    Filter(
        "type", "Only events of this type.", "TYPE", "encounter", tuple(EventType)),
    Filter(
        "level", "Only events of this level.", "LEVEL", "probable", tuple(Level)),
    Filter(
        "status", "Only events whose latest revision has this status.", "STATUS", "open", tuple(Status)),
    Filter(
        "fence",
        "Only events in or near (within a kilometre of) the fence with this id or name, or exits from it.",
        "ID", "kp-nampo-roads", pattern=r"^[^, ][^,]*$"),
    Filter(
        "country", "Only events in or near a fence of this country (ISO 3166-1 alpha-2), or a visit there.",
        "CC", "KP", pattern=r"^[A-Za-z]{2}$"),
    Filter(
        "mmsi", "Only events that the vessel with this MMSI takes part in.", "MMSI", "273316240",
        pattern=r"^[0-9]{1,9}$"),
    Filter(
        "imo", "Only events that the vessel with this IMO number takes part in.", "IMO", "9006758",
        pattern=r"^[0-9]{7}$"),
    Filter(
        "flag", "Only events that a vessel of this flag takes part in (ISO 3166-1 alpha-2, by MMSI).",
        "CC", "RU", pattern=r"^[A-Za-z]{2}$"),
    Filter(
        "watchlist", "Only events that a vessel of this watchlist takes part in, by the list's name.", "LIST",
        "OFAC SDN", pattern=r"^[^, ][^,]*$"),
    Filter(
        "bbox", "Only events whose position lies in this box of degrees; west > east crosses 180 degrees.",
        "WEST,SOUTH,EAST,NORTH", "124,37,132,43", single=True),
    Filter(
        "min_score", "Only events with at least this score, from 0 to 1.", "SCORE", "0.5", single=True),
)  # fmt: skip
_NEGATED: Final = ("type", "fence", "country", "mmsi", "imo", "flag", "watchlist")
FILTERS: Final = (
    *_FILTERS,
    *(
        replace(one, name=f"not_{one.name}", help=one.help.replace("Only events", "No events", 1))
        for one in _FILTERS
        if one.name in _NEGATED
    ),
)
"""Every filter, in the order in which they are told."""

_BY_NAME: Final = {one.name: one for one in FILTERS}


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are wanted. The empty one wants all."""

    types: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    fences: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()  # upper case
    mmsis: frozenset[str] = frozenset()  # nine digits
    imos: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()  # upper case
    watchlists: frozenset[str] = frozenset()  # casefolded
    box: Box | None = None
    min_score: float = 0.0
    excluded: frozenset[tuple[str, str]] = frozenset()
    """Names of filters and values, shaped as above; an event that has one of them is not wanted."""

    @classmethod
    def parse(cls, values: Mapping[str, Sequence[str]]) -> "EventFilter":
        """Read filters by name, each with its values; a value may hold several, separated by commas.

        Raises EventFilterError, also for a name that is no filter.
        """
        for name in values:
            if name not in _BY_NAME:
                raise EventFilterError(name, f"no such filter; the filters are {', '.join(_BY_NAME)}")

        def of(name: str) -> frozenset[str]:
            shape = _SHAPES.get(name.removeprefix("not_"), str)
            return frozenset(map(shape, _several(_BY_NAME[name], values.get(name, ()))))

        return cls(
            types=of("type"),
            levels=of("level"),
            statuses=of("status"),
            fences=of("fence"),
            countries=of("country"),
            mmsis=of("mmsi"),
            imos=of("imo"),
            flags=of("flag"),
            watchlists=of("watchlist"),
            excluded=frozenset((name, value) for name in _NEGATED for value in of(f"not_{name}")),
            box=_box(_single("bbox", values.get("bbox", ()))),
            min_score=_score(_single("min_score", values.get("min_score", ()))),
        )

    def values(self) -> dict[str, list[str]]:
        """What `parse` makes this selection of: sorted, without what is not asked for."""
        several = {
            "type": self.types, "level": self.levels, "status": self.statuses, "fence": self.fences,
            "country": self.countries, "mmsi": self.mmsis, "imo": self.imos, "flag": self.flags,
            "watchlist": self.watchlists,
        }  # fmt: skip
        out = {name: sorted(wanted) for name, wanted in several.items() if wanted}
        if self.box is not None:
            out["bbox"] = [",".join(map(repr, self.box))]
        if self.min_score:
            out["min_score"] = [repr(self.min_score)]
        for name, value in sorted(self.excluded):
            out.setdefault(f"not_{name}", []).append(value)
        return out

    def matches(self, event: Event) -> bool:
        return (
            (not self.types or event.type in self.types)
            and (not self.levels or event.level in self.levels)
            and (not self.statuses or event.status in self.statuses)
            and event.score >= self.min_score
            and (self.box is None or self.box.contains(event.position.lon, event.position.lat))
            and _any(self.fences, _fences(event))
            and _any(self.countries, _countries(event))
            and _any(self.mmsis, (vessel.ssvid for vessel in event.vessels))
            and _any(self.imos, (vessel.imo for vessel in event.vessels))
            and _any(self.flags, (vessel.flag for vessel in event.vessels))
            and _any(self.watchlists, _lists(event))
            and not any(value in _HAS[name](event) for name, value in self.excluded)
        )


def _any(wanted: frozenset[str], found: Iterable[str | None]) -> bool:
    return not wanted or any(one in wanted for one in found)


def _fences(event: Event) -> Iterable[str]:
    """The ids and the names of its fences: either may be given."""
    return (text for fence in event.geofences for text in (fence.id, fence.name))


def _lists(event: Event) -> Iterable[str]:
    """The watchlists that a vessel is on. One that it may be on, or was put on later, is none of them."""
    return (hit.list.casefold() for v in event.vessels for hit in v.watchlists if hit.in_force)


def _countries(event: Event) -> Iterable[str | None]:
    yield from (fence.country for fence in event.geofences)
    if event.port_visit is not None:
        yield event.port_visit.country


_SHAPES: Final[dict[str, Callable[[str], str]]] = {
    "country": str.upper,
    "mmsi": lambda digits: digits.zfill(9),
    "flag": str.upper,
    "watchlist": str.casefold,
}
_HAS: Final[dict[str, Callable[[Event], Iterable[str | None]]]] = {
    "type": lambda event: (event.type,),
    "fence": _fences,
    "country": _countries,
    "mmsi": lambda event: (vessel.ssvid for vessel in event.vessels),
    "imo": lambda event: (vessel.imo for vessel in event.vessels),
    "flag": lambda event: (vessel.flag for vessel in event.vessels),
    "watchlist": _lists,
}
"""The values that an event has for each filter that can be negated."""


def _several(offered: Filter, given: Sequence[str]) -> list[str]:
    """The values of a filter that takes several, each of them checked."""
    values = [part.strip(" ") for text in given for part in text.split(",")]
    for value in values:
        if offered.choices:
            if value not in offered.choices:
                raise EventFilterError(
                    offered.name, f"{value!r} is not valid; the valid values are {', '.join(offered.choices)}"
                )
        elif not re.fullmatch(offered.pattern, value):
            raise EventFilterError(
                offered.name, f"{value!r} is not valid; give values like {offered.example}, or leave it out"
            )
    return values


def _single(name: str, given: Sequence[str]) -> str | None:
    if len(given) > 1:
        raise EventFilterError(name, f"given {len(given)} times; give it once")
    return given[0].strip() if given else None


def _box(text: str | None) -> Box | None:
    try:
        return None if text is None else read_box(text)
    except ValueError as error:
        raise EventFilterError("bbox", str(error)) from None


def _score(text: str | None) -> float:
    if text is None:
        return 0.0
    try:
        score = float(text)
        if 0 <= score <= 1:
            return score
    except ValueError:
        pass
    raise EventFilterError("min_score", f"{text!r} is not a score; give a number from 0 to 1, like 0.5")
