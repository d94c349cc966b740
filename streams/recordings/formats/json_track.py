"""JSON objects that are no report as they stand: a vessel with its track, a table, a list under any name, a
message of another system around a report, a report with what none has.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
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

_WRAPPERS: Final = ("value", "payload", "body", "message", "record", "document", "doc")
"""What a broker or a log calls the report that it keeps."""
_KEPT: Final = tuple(b'"%s"' % name.encode() for name in _WRAPPERS)
_MEMBER: Final = re.compile(rb'"([A-Za-z_ -]{1,40})"\s*:\s*(?:"[^"\\]{1,60}"|-?\d[\d.eE+-]*)')
"""With a text or a number."""
_FIRST: Final = re.compile(rb'\s*"')
"""The first name of an object that is not empty."""


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


def is_plain(text: bytes) -> bool:
    """Whether `fitting` and `reports_in` surely leave an object as it is. Every object is asked."""
    if len(text) > _LINE:
        return False
    if b"[" in text and (b'"columns"' in text or _is_column(text)):
        return False
    if text.rfind(b"{") < 1 and b"\\" not in text:
        return True
    if text.count(b'mmsi"') + text.count(b'MMSI"') > 1 or _is_column(text):
        return False
    for name in _KEPT:  # noqa: SIM110 - every object is asked, and `all` takes three times as long
        if name in text:
            return False
    return True


def _is_column(text: bytes) -> bool:
    """Whether the number of a vessel is several."""
    place = max(text.find(b'mmsi"'), text.find(b'MMSI"'))
    return place >= 0 and text[place + 5 : place + 9].lstrip(b" :")[:1] in (b"[", b"{")


def reports_in(text: bytes) -> list[bytes]:
    """An object as it is; or, where it is no report itself, the reports that it holds.

    Those are the rows of a table (as pandas writes it), the elements of an array under any name, members
    whose names are numbers or ids, or the one that a broker keeps, as an object or as a text.
    """
    try:
        return [json.dumps(each).encode() for each in _held(json.loads(text), 0)] or [text]
    except (ValueError, RecursionError):
        return [text]


def _held(whole: Any, depth: int) -> list[dict[str, Any]]:
    """Nothing of what is a report, or of what holds none."""
    if depth > _DEEPEST:
        return []
    if isinstance(whole, list):
        records = [dict(each) for each in whole if _is_record(each)]
        return records or [found for each in whole for found in _held(each, depth + 1)]
    if not isinstance(whole, Mapping):
        return []
    if rows := _rows(whole):
        return rows
    if _names_one(whole):
        return []
    inner = [each for each in whole.values() if _names_one(each)]
    if len(inner) > 1 and all(map(_is_placed, inner)):
        return [dict(each) for each in inner]
    if depth == 0 and (kept := _kept(whole)):
        return [kept]
    if inner:  # who the vessel is stands in an object of its own
        return []
    return next(filter(None, (_held(each, depth + 1) for each in whole.values())), [])


def _rows(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a table that is in columns, or has the names of its columns apart."""
    names, data = table.get("columns"), table.get("data")
    if isinstance(names, list) and isinstance(data, list) and _tell_of_vessels(names):
        rows = (row for row in data if isinstance(row, list))
        return [dict(zip(map(str, names), row, strict=False)) for row in rows]
    if not _tell_of_vessels(table):
        return []
    who = next((name for name in table if field_of(name) == "mmsi"), "")
    keys = table.get(who)
    if isinstance(keys, list):
        columns = {name: each for name, each in table.items() if isinstance(each, list)}
        equal = {name: each for name, each in columns.items() if len(each) == len(keys)}
        return [dict(zip(equal, row, strict=True)) for row in zip(*equal.values(), strict=True)]
    if isinstance(keys, dict) and keys and not any(str(key).startswith("$") for key in keys):
        named = {name: each for name, each in table.items() if isinstance(each, dict)}
        return [{name: each.get(key) for name, each in named.items()} for key in keys]
    return []


def _tell_of_vessels(columns: Iterable[Any]) -> bool:
    """Whether columns have the number of a vessel, and where or who it is."""
    found = {field_of(str(name)) for name in columns}
    return "mmsi" in found and ({"lat", "lon"} <= found or bool({"name", "imo"} & found))


def _kept(message: Mapping[str, Any]) -> dict[str, Any] | None:
    """The report that a message of another system is about, with the time of that where it tells none."""
    for name in _WRAPPERS:
        kept = message.get(name)
        if isinstance(kept, str) and kept.lstrip().startswith("{"):
            kept = json.loads(kept)
        if isinstance(kept, dict) and _names_one(kept):
            times = {each: value for each, value in message.items() if field_of(each) == "time"}
            return kept if any(field_of(each) == "time" for each in kept) else {**times, **kept}
    return None


def _names_one(value: Any) -> bool:
    return isinstance(value, Mapping) and any(field_of(str(name)) == "mmsi" for name in value)


def _is_record(value: Any) -> bool:
    """Whether it tells who and where, itself or in objects inside."""
    if not isinstance(value, Mapping):
        return False
    parts = [value, *(each for each in value.values() if isinstance(each, Mapping))]
    return any(map(_names_one, parts)) and any(map(_is_placed, parts))


def time_told(text: bytes) -> bytes:
    """The member with the time of an object, of which this is a part; empty where it tells none."""
    return next((each[0] for each in _MEMBER.finditer(text) if field_of(each[1].decode()) == "time"), b"")


def with_time(text: bytes, member: bytes) -> bytes:
    """A record that tells no time, anywhere in it, with this one."""
    begin = text.find(b"{") + 1
    if not begin or not _FIRST.match(text, begin) or time_told(text):
        return text
    return text[:begin] + member + b"," + text[begin:]


def one_by_one(text: bytes) -> list[bytes]:
    """An object as it is; or for each position of a vessel's track the object with that one position.

    What the object says of the vessel beside its track is said with each of them, and where it says that the
    vessel is, is one position more. One that would become too large stays as it is.
    """
    if not _MAYBE.search(text):
        return [text]
    found: list[bytes] = []
    size = 0
    try:
        for each in _expanded(json.loads(text), 0):
            found.append(json.dumps(each).encode())
            size += len(found[-1])
            if size > _MOST_BYTES:
                return [text]
    except (ValueError, RecursionError):
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
