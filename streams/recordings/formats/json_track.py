"""JSON track: a vessel as an object with an array of its positions, as an object for each of them."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from streams.decoding.records.names import field_of

_TRACKS: Final = frozenset(
    ("positions", "track", "tracks", "points", "trackpoints", "history", "route", "path")
)
_MAYBE: Final = re.compile(rb'"(?i:%s)"\s*:\s*\[\s*\{' % "|".join(sorted(_TRACKS)).encode())
_DEEPEST: Final = 3


def one_by_one(text: bytes) -> list[bytes]:
    """An object as it is; or for each position of a vessel's track the object with that one position.

    What the object says beside its track is said with each of them.
    """
    if not _MAYBE.search(text):
        return [text]
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return [text]
    return [json.dumps(each).encode() for each in _expanded(whole, 0)] or [text]


def _expanded(found: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    """Nothing where there is no track."""
    if not isinstance(found, Mapping) or depth > _DEEPEST:
        return
    name = next((name for name, value in found.items() if name.lower() in _TRACKS and _is_track(value)), None)
    if name is not None and any(field_of(each) == "mmsi" for each in found):
        about = {each: value for each, value in found.items() if each != name}
        if _is_placed(about):
            yield about
        yield from ({**about, "position": place} for place in found[name])
        return
    for outer, value in found.items():
        inner = list(_expanded(value, depth + 1))
        if inner:
            yield from ({**found, outer: each} for each in inner)
            return


def _is_track(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_placed, value))


def _is_placed(value: Any) -> bool:
    return isinstance(value, Mapping) and {"lat", "lon"} <= {field_of(str(name)) for name in value}
