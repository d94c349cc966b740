"""What differs between the events that two versions of tankerwatch find, and which differences are wanted."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

ABSENT: Final = "(absent)"
"""Stands for a value that one of the two sides does not have."""


@dataclass(frozen=True)
class Difference:
    """One value that is not the same in both versions of a revision."""

    revision: str
    """`TYPE ID:REVISION`, or what the difference is about where no single revision is meant."""
    path: str
    """Where in the event, such as `vessel.name` or `reasons[stop].weight`."""
    old: Any
    new: Any

    def __str__(self) -> str:
        return f"{self.revision} {self.path}: {_short(self.old)} -> {_short(self.new)}"


@dataclass(frozen=True)
class Allowed:
    """A difference that is wanted."""

    path: str
    """Of the values it is about; `[*]` stands for any item of a list."""
    reason: str
    """Why the values differ: shown with the count of the differences."""
    old: str = ""
    """A regular expression that is found in the old value; the empty one is found in any."""

    def covers(self, difference: Difference) -> bool:
        pattern = re.escape(self.path).replace(re.escape("[*]"), r"\[[^\]]*\]")
        return bool(
            re.fullmatch(pattern, difference.path) and re.search(self.old, json.dumps(difference.old))
        )


ALLOWED: Final = (
    Allowed("detector.settingsHash", "the hash covers all settings, the fences and the watchlists"),
    Allowed("scoring", "base and cap of the score are told", old=f'^"{re.escape(ABSENT)}"$'),
    Allowed("summary", "sentences say what was seen, no finer than positions are known"),
    Allowed("reasons[*].text", "sentences say what was seen, no finer than positions are known"),
    Allowed("against[*].text", "sentences say what was seen, no finer than positions are known"),
    Allowed("against[alone]", "a loitering during an encounter of its vessel names that instead"),
    Allowed("against[in_encounter]", "a loitering during an encounter of its vessel names it"),
)
"""Whatever is not on this list is a fault of the newer version."""


def compare_events(old: bytes, new: bytes) -> Iterator[Difference]:
    """Compare two files of events in JSON Lines: revision by revision, then their order and their bytes."""
    if old == new:
        return
    before, after = _by_revision(old), _by_revision(new)
    for name in before.keys() - after.keys():
        yield Difference(name, "", "published", ABSENT)
    for name in after.keys() - before.keys():
        yield Difference(name, "", ABSENT, "published")
    common = [name for name in before if name in after]
    if common != [name for name in after if name in before]:
        yield Difference("all revisions", "", "in this order", "in another order")
    for name in common:
        if before[name] == after[name]:
            continue
        found = list(_compare(json.loads(before[name]), json.loads(after[name]), ""))
        yield from (Difference(name, *one) for one in found)
        if not found:
            yield Difference(name, "", before[name].decode(), after[name].decode())


def _by_revision(lines: bytes) -> dict[str, bytes]:
    """The line of each revision, by `TYPE ID:REVISION`, in the order of the file.

    Raises:
        ValueError: A revision stands there twice.
    """
    revisions: dict[str, bytes] = {}
    for line in lines.splitlines():
        event = json.loads(line)
        name = f"{event['type']} {event['id']}:{event['revision']}"
        if name in revisions:
            raise ValueError(f"{name} is in the output twice")
        revisions[name] = line
    return revisions


def _compare(old: Any, new: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Path, old and new value of each leaf that differs, and of each part that only one side has."""
    if isinstance(old, list) and isinstance(new, list):
        old, new = _items(old), _items(new)
        steps = {key: f"{path}[{key}]" for key in [*old, *new]}
        moved = [key for key in old if key in new] != [key for key in new if key in old]
    elif isinstance(old, dict) and isinstance(new, dict):
        moved = False
        steps = {key: f"{path}.{key}" if path else key for key in [*old, *new]}
    else:
        if old != new or type(old) is not type(new):
            yield path, old, new
        return
    for key, step in steps.items():
        yield from _compare(old.get(key, ABSENT), new.get(key, ABSENT), step)
    if moved:
        yield path, "in this order", "in another order"


def _items(values: Sequence[Any]) -> dict[str, Any]:
    """The items of a list by their code, as reasons have one, or by their number."""
    codes = [value.get("code") if isinstance(value, dict) else None for value in values]
    if None in codes or len(set(codes)) < len(codes):
        codes = list(range(len(values)))
    return {str(code): value for code, value in zip(codes, values, strict=True)}


def _short(value: Any) -> str:
    text = value if value == ABSENT else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}..."
