"""The table of rooms in docs/architecture.md says which rooms there are and what each may import."""

import ast
import re
import tomllib
from collections.abc import Iterator
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


def room_of(module: str) -> str | None:
    """The room of a module by its full name; None for other packages."""
    package, *parts = module.split(".")
    return (
        package
        if package in ("models", "geofences")
        else parts[0]
        if package == "streams" and parts
        else None
    )


def imports(path: Path) -> Iterator[str]:
    """The full names of everything that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def test_the_table_has_the_order_of_the_contract() -> None:
    assert list(table()) == [room for layer in layers() for room in layer]


def test_the_table_allows_what_the_contract_allows() -> None:
    for number, layer in enumerate(layers()):
        below = {room for later in layers()[number + 1 :] for room in later}
        for room in layer:
            assert table()[room] <= below, room


def test_rooms_import_what_the_table_says() -> None:
    for package in ("models", "geofences", "streams"):
        for path in (ROOT / package).rglob("*.py"):
            name = path.relative_to(ROOT).with_suffix("")
            room = room_of(".".join(name.parts))
            if room is not None and room != "__init__":
                used = {room_of(module) for module in imports(path)} - {room, None}
                assert used <= table()[room], name
