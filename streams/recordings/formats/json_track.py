"""JSON of more than a line: a vessel's track as an object for each position, and an object without what no
report has."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from streams.decoding.records.names import field_of
from streams.decoding.settings import DecoderSettings

TRACKS: Final = frozenset(
    ("position", "positions", "track", "tracks", "point", "points", "trackpoints", "history", "path")
)
"""Not `route`, which is a plan."""
_MAYBE: Final = re.compile(rb'"(?i:%s)"\s*:\s*\[\s*\{' % "|".join(sorted(TRACKS)).encode())
_MOMENT: Final = frozenset(("time", "lon", "lat", "sog", "cog", "heading", "status"))
"""What belongs to one position."""
_DEEPEST: Final = 3
_MOST_BYTES: Final = 1 << 26
"""What an object may become: all that it says of its vessel is written again with each position."""

_LINE: Final = DecoderSettings().max_line_bytes
_LONG: Final = 256
"""Characters of a text that no field of a report has."""
_LARGE: Final = 1024
"""Bytes of an array that none has."""


def begins_track(text: bytes) -> bool:
    """Whether positions begin in a part of an object."""
    return _MAYBE.search(text) is not None


def fitting(text: bytes) -> bytes:
    """An object without its long texts and large arrays, where a line can't hold it as it is.

    An image or a log beside a report is no part of it. What does not fit even so stays as it is.
    """
    if len(text) <= _LINE:
        return text
    try:
        left = json.dumps(_without_large(json.loads(text)), separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return text
    return left if len(left) <= _LINE else text


def _without_large(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: left for name, each in value.items() if (left := _without_large(each)) is not None}
    if isinstance(value, list):
        left = [_without_large(each) for each in value]
        return left if len(json.dumps(left)) <= _LARGE else None
    return None if isinstance(value, str) and len(value) > _LONG else value


def one_by_one(text: bytes) -> list[bytes]:
    """An object as it is; or for each position of a vessel's track the object with that one position.

    What the object says of the vessel beside its track is said with each of them, and where it says that the
    vessel is, is one position more. One that would become too large stays as it is.
    """
    if not _MAYBE.search(text):
        return [text]
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return [text]
    found: list[bytes] = []
    size = 0
    for each in _expanded(whole, 0):
        found.append(json.dumps(each).encode())
        size += len(found[-1])
        if size > _MOST_BYTES:
            return [text]
    return found or [text]


def _expanded(found: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    """Nothing where there is no track."""
    if not isinstance(found, Mapping) or depth > _DEEPEST:
        return
    tracks = [name for name, value in found.items() if name.lower() in TRACKS and _is_track(value)]
    if tracks and any(field_of(each) == "mmsi" for each in found):
        about = {name: value for name, value in found.items() if name not in tracks}
        # a later position of the vessel itself would count before each of its track
        lasting = {
            name: value
            for name, value in about.items()
            if field_of(name) not in _MOMENT and not isinstance(value, list) and not _is_placed(value)
        }
        yield from ({**lasting, "position": place} for track in tracks for place in found[track])
        if _is_placed(about) or any(map(_is_placed, about.values())):
            yield about
        return
    for outer, value in found.items():
        inner = list(_expanded(value, depth + 1))
        if inner:
            yield from ({**found, outer: each} for each in inner)
            return


def _is_track(value: Any) -> bool:
    """Positions that tell no time would have that which the source has reached."""
    return isinstance(value, list) and bool(value) and all(_is_placed(each, timed=True) for each in value)


def _is_placed(value: Any, *, timed: bool = False) -> bool:
    wanted = {"lat", "lon", "time"} if timed else {"lat", "lon"}
    return isinstance(value, Mapping) and wanted <= {field_of(str(name)) for name in value}
