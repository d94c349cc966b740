"""Hints: what a query names that does not exist, in a sentence each, so that nobody takes a slip for silence.

They are no errors: an event may be in a fence that has been deleted since, and a vessel may send any number.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import Final

import msgspec

from models.errors import question, spelt_alike
from models.event_filter import EventFilter
from models.flag import countries
from models.vessel import imo_is_valid
from streams.feed.log import FeedLog
from streams.feed.views.vessel_index import VesselIndex
from streams.runtime.retry import REDIS_AWAY

MOST: Final = 5
"""Hints in one answer. A query may name thousands of things; no more are looked into."""
LOOKED_UP: Final = 20
"""MMSIs of a query that are looked up in the log."""
LONGEST: Final = 60
"""Characters of a name that are looked at and said again."""


class _Properties(msgspec.Struct):
    id: str
    name: str = ""
    country: str | None = None


class _Fence(msgspec.Struct):
    properties: _Properties


class _Fences(msgspec.Struct):
    features: list[_Fence]


async def hints(
    selection: EventFilter, fences: Callable[[], Awaitable[msgspec.Raw]], vessels: VesselIndex, log: FeedLog
) -> list[str]:
    """`fences` gives those that there are, as GeoJSON, `vessels` and `log` know the vessels; they are asked
    only where a filter names something of the kind. While Redis is away nothing is said of what it knows."""
    wanted = _values(selection)
    of_fences: Iterable[str] = ()
    if "fence" in wanted or "country" in wanted:
        with suppress(*REDIS_AWAY):
            known = msgspec.json.decode(await fences(), type=_Fences).features
            of_fences = _of_fences(wanted, [one.properties for one in known])
    heard: list[str] = []
    with suppress(*REDIS_AWAY):
        heard = [*await _of_heard(wanted.get("mmsi", ()), log), *await _of_lists(wanted, vessels)]
    return list(islice(chain(of_fences, _of_numbers(wanted), heard), MOST))


def _values(selection: EventFilter) -> dict[str, list[str]]:
    """What is asked for by filter; what is not wanted has the same name as what is."""
    found: dict[str, list[str]] = {}
    for name, values in selection.values().items():
        found.setdefault(name.removeprefix("not_"), []).extend(values)
    return found


def _of_fences(wanted: dict[str, list[str]], known: Sequence[_Properties]) -> Iterable[str]:
    names = {name for fence in known for name in (fence.id, fence.name)}
    ids: dict[str, list[str]] = {}  # by the words of id and name
    for each in known:
        for word in {each.id, *re.findall(r"\w+", f"{each.id} {each.name}".casefold())}:
            ids.setdefault(word, []).append(each.id)
    lands = sorted({fence.country for fence in known if fence.country})
    for fence in wanted.get("fence", ()):
        if fence not in names:
            words = spelt_alike(fence.casefold()[:LONGEST], ids)
            alike = list(dict.fromkeys(id for word in words for id in ids[word]))
            yield (
                f"fence: there is no fence with the id or name {fence[:LONGEST]!r} now"
                f"{question(alike[:3])}; /v1/fences.geojson has all"
            )
    for country in wanted.get("country", ()):
        if country not in lands:
            yield f"country: no fence is in {country!r}; there are fences in {', '.join(lands)}"


async def _of_heard(mmsis: Sequence[str], log: FeedLog) -> list[str]:
    return [
        f"mmsi: no vessel with the MMSI {mmsi} is known here, or it has been silent for too long"
        for mmsi in mmsis[:LOOKED_UP]
        if await log.vessel(int(mmsi)) is None
    ][:MOST]


async def _of_lists(wanted: dict[str, list[str]], vessels: VesselIndex) -> list[str]:
    if "watchlist" not in wanted:
        return []
    await vessels.refresh()
    names = {name.casefold(): name for name in sorted(vessels.lists)}
    told = f"some are on {', '.join(names.values())}" if names else "none is on any"
    return [
        f"watchlist: no vessel that was heard here lately is on a list {given[:LONGEST]!r}; {told}"
        for given in islice(wanted["watchlist"], LOOKED_UP)
        if given not in names
    ][:MOST]


def _of_numbers(wanted: dict[str, list[str]]) -> Iterable[str]:
    flags = {code for code, _ in countries().values()}
    for flag in wanted.get("flag", ()):
        if flag not in flags:
            yield f"flag: no ship's MMSI has the flag {flag!r}; give a code like RU"
    for imo in wanted.get("imo", ()):
        if not imo_is_valid(int(imo)):
            yield f"imo: {imo} is no IMO number: its last digit does not fit the others; check it"
