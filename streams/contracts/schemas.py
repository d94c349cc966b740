"""The published contracts as JSON Schema 2020-12: `python -m streams.contracts.schemas --out docs/schemas`.

Made from the models, so that they say what is sent; the words are in `streams/contracts/field_texts.py`.
The files are committed, and a test fails where they are not what this makes.
"""

import argparse
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from models.errors import TankerwatchError
from models.event import Event, EventType
from models.last_position import LastPosition
from models.vessel import Identity
from streams.contracts import field_texts as texts
from streams.contracts.field_texts import Text
from streams.decoding.outcome import ACCEPTED, Outcome
from streams.deployment.wire import RawFrame, Registration

Schema = dict[str, Any]
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class SchemaError(TankerwatchError):
    """A model and the texts about it do not fit; the text says where, and what to do."""


def event() -> Schema:
    schema = from_model(
        "event",
        Event,
        texts.EVENT,
        "One revision of one event: what was seen, which rule it meets and how far, and what speaks against "
        "it. An event is no proof and claims no intent. Field names follow Global Fishing Watch's Events API "
        "where it has them. All fields are always there, null where nothing is known. Fields may be added: "
        "whoever validates strictly has to follow.",
    )
    objects = {kind: "".join(kind.value.title().split("_")) for kind in EventType}
    named = {kind: name[0].lower() + name[1:] for kind, name in objects.items()}
    schema["allOf"] = [
        {
            "if": {"properties": {"type": {"const": kind.value}}},
            "then": {
                "properties": {
                    other: {"type": "object" if one is kind else "null"} for one, other in named.items()
                }
            },
        }
        for kind in EventType
    ]
    schema["allOf"] += [
        {
            "if": {"properties": {"status": {"const": "open"}}},
            "then": {"properties": {"end": {"type": "null"}}},
            "else": {"properties": {"end": {"type": "string"}}},
        },
    ]
    return schema


def event_headers() -> Schema:
    return _headers(
        "event-headers",
        "CloudEvents 1.0, Kafka protocol binding in binary mode: the attributes as headers, the value is the "
        "event itself.",
        {
            "ce_specversion": {"const": "1.0", "description": "Version of CloudEvents."},
            "ce_id": {
                "pattern": "^[0-9a-f]{24}:[1-9][0-9]*$",
                "description": "`id:revision` of the event. What you have seen already comes again after a "
                "crash: drop it by this.",
            },
            "ce_source": {"const": "tankerwatch", "description": "Who says so."},
            "ce_type": {
                "enum": [f"tankerwatch.{kind}" for kind in EventType],
                "description": "Type of the event.",
            },
            "ce_time": {**texts.TIME, "description": "`detected` of the event: event time, UTC."},
            "ce_subject": {
                "pattern": "^[0-9]{9}(,[0-9]{9})?$",
                "description": "MMSIs of the vessels, with a comma.",
            },
            "content-type": {"const": "application/json", "description": "Of the value."},
        },
    )


def reject_headers() -> Schema:
    return _headers(
        "reject-headers",
        "A dead letter: why a line or a frame could not be used, and where it lies. The value is the bytes "
        "themselves: the line (its head, where it was longer than 4 KiB) or the whole frame.",
        {
            "reason": {
                "pattern": f"^({'|'.join(['no_frame', *_rejected()])}): ",
                "description": "Outcome that it is counted under, a colon, the reason in words. `no_frame`: "
                "the whole message is none that could be read.",
            },
            "source": {"description": "Name of the source; empty for what is no frame. Also the key."},
            "line": {
                "pattern": "^[0-9]+$",
                "description": "Number of the line in its source, from 1; 0 for what is no frame.",
            },
            "topic": {"minLength": 1, "description": "Topic that the frame was read from."},
            "partition": {"pattern": "^[0-9]+$", "description": "Its partition there."},
            "offset": {"pattern": "^[0-9]+$", "description": "Its offset there."},
        },
    )


def reject_line() -> Schema:
    texts_of = {
        "source": {"type": "string", "description": "The file, or the name of the source."},
        "line": {"type": "integer", "minimum": 1, "description": "Number of the line in it, from 1."},
        "outcome": {"enum": _rejected(), "description": "Name that the line is counted under."},
        "reason": {"type": "string", "minLength": 1, "description": "The same in words."},
        "length": {
            "type": "integer",
            "minimum": 0,
            "description": "Of the whole line, in bytes.",
            "x-unit": "B",
        },
        "sha256": {
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "Of the whole line, in hexadecimal.",
        },
        "time": {
            "type": "string",
            **texts.TIME,
            "description": "Event time of the line, where one is known.",
            "x-unit": "UTC",
        },
        "head": {
            "type": "string",
            "description": "The line, up to 4 KiB, where it is UTF-8. Foreign text.",
        },
        "head_base64": {
            "type": "string",
            "contentEncoding": "base64",
            "description": "Its bytes, where it is not UTF-8.",
        },
    }
    return {
        **_top(
            "reject-line",
            "A line of `tankerwatch replay --rejects FILE`: one that became no message, and why.",
        ),
        "type": "object",
        "properties": texts_of,
        "required": ["source", "line", "outcome", "reason", "length", "sha256"],
        "additionalProperties": False,
        "oneOf": [{"required": ["head"]}, {"required": ["head_base64"]}],
    }


def vessel() -> Schema:
    return from_model(
        "vessel",
        LastPosition,
        texts.VESSEL,
        "Where a vessel was last: a field of the Redis hash `tankerwatch:vessels` (after the deployment's "
        "prefix).",
    )


def identity() -> Schema:
    return from_model(
        "identity",
        Identity,
        texts.IDENTITY,
        "Who a vessel says it is, as far as confirmed by two equal transmissions: a field of the Redis hash "
        "`tankerwatch:vessels:identities`, and an entry of the list `tankerwatch:vessel:MMSI:identities`.",
    )


def source() -> Schema:
    return from_model(
        "source",
        Registration,
        texts.SOURCE,
        "A source that feeds us from now on. Sent, and acknowledged by the broker, before its first frame. "
        "The message is MessagePack of this object.",
    )


def raw_frame() -> Schema:
    return from_model(
        "raw-frame",
        RawFrame,
        texts.RAW_FRAME,
        "Lines of one source as they were taken in, or word of it. MessagePack of this object.",
        optional=("first_line", "data", "received", "base_time", "cuts"),
    )


DOCUMENTS: Final[dict[str, Callable[[], Schema]]] = {
    "event": event,
    "event-headers": event_headers,
    "reject-headers": reject_headers,
    "reject-line": reject_line,
    "vessel": vessel,
    "identity": identity,
    "source": source,
    "raw-frame": raw_frame,
}
"""A published schema by the name of its file. A new model: a function like `source`, and its texts."""


def from_model(
    name: str,
    model: type[msgspec.Struct],
    words: dict[str, dict[str, Text]],
    description: str,
    optional: tuple[str, ...] = (),
) -> Schema:
    """The schema of what a model is written as. Closed, and all fields required but the `optional` ones.

    Raises SchemaError where a field has no text, or a text no field.
    """
    (_,), components = msgspec.json.schema_components((model,), ref_template="#/$defs/{name}")
    for title, words_of in words.items():
        _describe(title, components.get(title, {"properties": {}}), words_of)
    undescribed = [title for title, c in components.items() if "properties" in c and title not in words]
    if undescribed:
        raise SchemaError(f"describe {', '.join(sorted(undescribed))} in streams/contracts/field_texts.py")
    for component in components.values():
        if "properties" in component:
            component["required"] = [field for field in component["properties"] if field not in optional]
            component["additionalProperties"] = False
    root = components.pop(model.__name__)
    schema = {**root, **_top(name, description)}
    if components:
        schema["$defs"] = components
    return schema


def _describe(title: str, component: Schema, words: dict[str, Text]) -> None:
    fields = component["properties"]
    if wrong := sorted(set(fields) ^ set(words)):
        raise SchemaError(
            f"streams/contracts/field_texts.py and the model {title} differ in {', '.join(wrong)}"
        )
    for field, word in words.items():
        fields[field].pop("default", None)
        fields[field] = _limited(fields[field], word.limits or {})
        fields[field]["description"] = word.text
        if word.unit:
            fields[field]["x-unit"] = word.unit


def _limited(schema: Schema, limits: dict[str, Any]) -> Schema:
    """With limits on the value, but for null."""
    choices = [choice for choice in schema.get("anyOf", []) if choice != {"type": "null"}]
    if not choices:
        return {**schema, **limits}
    if limits:
        choices = [{**choice, **limits} for choice in choices]
    return {**schema, "anyOf": [*choices, {"type": "null"}]}


def _headers(name: str, description: str, headers: dict[str, Schema]) -> Schema:
    return {
        **_top(name, f"{description} Every header is UTF-8 text."),
        "type": "object",
        "properties": {header: {"type": "string", **schema} for header, schema in headers.items()},
        "required": list(headers),
        "additionalProperties": False,
    }


def _top(name: str, description: str) -> Schema:
    return {
        "$schema": DIALECT,
        "$id": f"urn:tankerwatch:schema:{name}",
        "title": f"tankerwatch {name.replace('-', ' ')}",
        "description": description,
    }


def _rejected() -> list[str]:
    return [outcome.value for outcome in Outcome if outcome not in ACCEPTED]


def to_text(schema: Schema) -> str:
    """As it is committed: keys that identify it first, the fields in the order of the model."""
    first = [key for key in ("$schema", "$id", "title", "description", "type") if key in schema]
    ordered = {key: schema[key] for key in [*first, *(key for key in schema if key not in first)]}
    return json.dumps(ordered, indent=2, ensure_ascii=False) + "\n"


def write(folder: Path) -> Iterable[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in DOCUMENTS.items():
        path = folder / f"{name}.json"
        path.write_text(to_text(make()), encoding="utf-8")
        yield path


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m streams.contracts.schemas", description="Write the published JSON Schemas."
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="such as docs/schemas")
    for path in write(parser.parse_args().out):
        print(path)


if __name__ == "__main__":
    main()
