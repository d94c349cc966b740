"""One root for all exceptions: whoever calls the package can catch what it raises by one name."""

import ast
from pathlib import Path

import models

ROOT = Path(models.__file__).parent.parent


def bases() -> dict[str, list[str]]:
    """The bases of every class of the three packages, by name."""
    return {
        f"{path.relative_to(ROOT)}:{node.name}": [ast.unparse(base) for base in node.bases]
        for package in ("models", "geofences", "streams")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    }


def test_every_exception_has_the_one_root() -> None:
    found = bases()
    ours = {"TankerwatchError"}
    while more := {name.partition(":")[2] for name, above in found.items() if ours & {*above}} - ours:
        ours |= more
    assert len(ours) > 25  # the search above finds them
    strays = [
        name
        for name, above in found.items()
        if name.partition(":")[2] not in ours and any(base.endswith(("Error", "Exception")) for base in above)
    ]
    assert strays == []
