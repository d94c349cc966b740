"""The table of rooms in docs/architecture.md says which rooms there are and what each may import."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| ([^|]*) \|$", re.M)


def table() -> dict[str, frozenset[str]]:
    """By room, in the order of the table, the rooms that it may import."""
    text = (ROOT / "docs/architecture.md").read_text("utf-8").partition("## Rooms")[2].partition("\n## ")[0]
    rows = {room: allowed.strip() for room, _, allowed in ROW.findall(text)}
    return {
        room: frozenset(rows) - {room} if allowed == "any room" else frozenset(re.findall(r"\w+", allowed))
        for room, allowed in rows.items()
    }


def test_the_rooms_are_the_folders() -> None:
    folders = {path.parent.name for path in (ROOT / "streams").glob("*/__init__.py")}
    assert table().keys() == {"models", "geofences", "app"} | folders


def test_rooms_import_downwards_only() -> None:
    rooms = list(table())
    for number, (room, allowed) in enumerate(table().items()):
        assert allowed <= set(rooms[number + 1 :]), room
