"""What programs rely on in the schemas, without their texts, and what of it two versions break.

`python -m tests.streams.contracts.shapes` writes the shapes of docs/schemas to released.json. Run it when a
version is released, and never to make a test pass.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.streams.contracts.validators import FOLDER, schema

RELEASED: Final = Path(__file__).with_name("released.json")
WRITTEN_TO_US: Final = ("raw-frame", "sighting", "source")
"""What other programs write and tankerwatch reads. The rest is read by others."""


class Shape(msgspec.Struct, omit_defaults=True):
    """Which values a schema allows, as far as programs depend on it."""

    types: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    fields: dict[str, "Shape"] = {}
    items: "Shape | None" = None
    values: frozenset[str] | None = None


def shape(part: Mapping[str, Any], whole: Mapping[str, Any]) -> Shape:
    """The shape of a part of a JSON Schema document."""
    if "$ref" in part:
        name = part["$ref"].rsplit("/", 1)[1]
        return shape(whole["$defs"][name], whole)
    made = Shape(
        frozenset([part["type"]] if isinstance(part.get("type"), str) else part.get("type", ())),
        frozenset(part.get("required", ())),
        {name: shape(field, whole) for name, field in part.get("properties", {}).items()},
        shape(part["items"], whole) if isinstance(part.get("items"), Mapping) else None,
        frozenset(map(str, part["enum"])) if "enum" in part else None,
    )
    for option in (*part.get("anyOf", ()), *part.get("oneOf", ())):
        other = shape(option, whole)
        made.types |= other.types
        if other.types != {"null"}:
            made.required, made.fields, made.items = other.required, other.fields, other.items
            made.values = other.values
    return made


def broken(old: Shape, new: Shape, written_to_us: bool, at: str = "") -> Iterator[str]:
    """What a program made for the old shape may trip over with the new one."""
    name = at or "the message"
    reader, writer = (new, old) if written_to_us else (old, new)
    if surplus := writer.types - reader.types:
        yield f"{name} can be {', '.join(sorted(surplus))}, which the reader does not expect"
    if missing := reader.required - writer.required:
        yield f"{name} need not have {', '.join(sorted(missing))} any more, or has to have it only now"
    if written_to_us and new.values is not None and (gone := (old.values or frozenset()) - new.values):
        yield f"{name} can't be {', '.join(sorted(gone))} any more"
    for field in old.fields:
        if field not in new.fields:
            yield f"{name} has no field {field} any more"
        else:
            yield from broken(
                old.fields[field], new.fields[field], written_to_us, f"{at}.{field}".lstrip(".")
            )
    if old.items is not None and new.items is not None:
        yield from broken(old.items, new.items, written_to_us, f"{at}[]")


def shapes() -> dict[str, Shape]:
    """Those of the documents in docs/schemas, by name."""
    documents = {path.stem: schema(path.stem) for path in sorted(FOLDER.glob("*.json"))}
    return {name: shape(document, document) for name, document in documents.items()}


def released() -> dict[str, Shape]:
    """Those of the last release."""
    return msgspec.json.decode(RELEASED.read_bytes(), type=dict[str, Shape])


if __name__ == "__main__":
    lines = [
        f"{json.dumps(name)}: {msgspec.json.encode(found, order='deterministic').decode()}"
        for name, found in shapes().items()
    ]
    RELEASED.write_text("{\n" + ",\n".join(lines) + "\n}\n")
