"""One root for all exceptions: whoever calls the package can catch what it raises by one name."""

import ast
from pathlib import Path

import msgspec
import pytest

import models
from models.errors import UNDECODABLE
from models.event import from_json

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


@pytest.mark.parametrize("data", [b'{"id":', b'{"id":"\xff"}', b'{"x":' + b"[" * 100_000])
def test_whatever_can_not_be_decoded_is_caught_by_one_name_and_as_an_event_is_a_value_error(
    data: bytes,
) -> None:
    with pytest.raises(UNDECODABLE):
        msgspec.json.decode(data)
    with pytest.raises(ValueError):  # noqa: PT011 - msgspec has several
        from_json(data)
