"""The table of rooms in docs/architecture.md says which rooms there are and what each may import."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| ([^|]*) \|$", re.M)


def table() -> dict[str, frozenset[str]]:
    """By room, the rooms that it may import."""
    text = (ROOT / "docs/architecture.md").read_text("utf-8").partition("## Rooms")[2].partition("\n## ")[0]
    rows = {room: allowed.strip() for room, _, allowed in ROW.findall(text)}
    return {
        room: frozenset(rows) - {room} if allowed == "any room" else frozenset(re.findall(r"\w+", allowed))
        for room, allowed in rows.items()
    }


def layers() -> list[list[str]]:
    """The rooms of each layer of import-linter's contract, from the top."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (rooms,) = (contract for contract in contracts if contract["id"] == "rooms")
    return [[room.strip().removeprefix("streams.") for room in layer.split("|")] for layer in rooms["layers"]]


def test_the_table_has_the_order_of_the_contract() -> None:
    assert list(table()) == [room for layer in layers() for room in layer]


def test_the_table_allows_what_the_contract_allows() -> None:
    for number, layer in enumerate(layers()):
        below = {room for later in layers()[number + 1 :] for room in later}
        for room in layer:
            assert table()[room] <= below, room
