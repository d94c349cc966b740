"""Comparison of events as they were published with those that a replay gives: what differs, in sentences."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from models.event import Event, to_json

_MOST: Final = 8
"""Differences of one revision that are named."""
_MOST_REVISIONS: Final = 5
_LONGEST: Final = 60
_MISSING: Final = "nothing"

Revisions = Mapping[tuple[str, int], bytes]
"""By id and revision, the event as a line of JSON."""


def by_revision(events: Sequence[Event]) -> dict[tuple[str, int], bytes]:
    return {(event.id, event.revision): to_json(event) for event in events}


def compare(published: Revisions, found: Revisions, where: str, *, all_of_them: bool = True) -> list[str]:
    """What differs between revisions in `where` and those of a replay, a sentence each.

    Without `all_of_them` it is no difference that the replay gives more revisions.
    """
    wanted = sorted(published.keys() | found.keys() if all_of_them else published.keys())
    different = [key for key in wanted if published.get(key) != found.get(key)]
    told = [
        sentence
        for key in different[:_MOST_REVISIONS]
        for sentence in _of_revision(key, published.get(key), found.get(key), where)
    ]
    if len(different) > _MOST_REVISIONS:
        told.append(f"{len(different) - _MOST_REVISIONS} more revisions differ")
    return told


def _of_revision(
    key: tuple[str, int], published: bytes | None, found: bytes | None, where: str
) -> Iterator[str]:
    name = f"event {key[0]}, revision {key[1]}"
    if found is None:
        yield f"{name}: is in {where}, but the replay does not give it"
    elif published is None:
        yield f"{name}: the replay gives it, but it is not in {where}"
    else:
        different = list(_paths("", msgspec.json.decode(published), msgspec.json.decode(found)))
        for path, there, here in different[:_MOST]:
            same = _alike(there, here)
            told, found_here = _shown(there, same), _shown(here, same)
            yield f"{name}: {path} is {told} in {where}, and {found_here} by the replay"
        if len(different) > _MOST:
            yield f"{name}: {len(different) - _MOST} more fields differ"
        if not different:
            yield f"{name}: the same values, written in another way in {where}"


def _paths(path: str, one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    """The places at which two documents differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from _paths(f"{path}.{key}" if path else key, one.get(key), other.get(key))
    elif isinstance(one, list) and isinstance(other, list):
        for index in range(max(len(one), len(other))):
            there, here = (items[index] if index < len(items) else _MISSING for items in (one, other))
            yield from _paths(f"{path}[{index}]", there, here)
    elif one != other:
        yield path, one, other


def _alike(there: Any, here: Any) -> int:
    """How many characters of a long text may be left out, because both begin with them."""
    if not isinstance(there, str) or not isinstance(here, str):
        return 0
    same = next((at for at, (a, b) in enumerate(zip(there, here, strict=False)) if a != b), 0)
    return max(0, same - _LONGEST // 2)


def _shown(value: Any, left_out: int) -> str:
    if value is _MISSING:
        return str(value)
    text = msgspec.json.encode(value[left_out:] if left_out else value).decode()
    return ("..." if left_out else "") + (text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")
