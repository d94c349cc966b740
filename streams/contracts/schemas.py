"""The published contracts as JSON Schema 2020-12: `python -m streams.contracts.schemas --out docs/schemas`.

They are made from the models, so they describe what is really sent. The texts are in
`streams/contracts/field_texts.py`. The files are committed; a test fails if they differ from what this makes.
"""

import argparse
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from models.drawn_fence import FenceVersion
from models.errors import TankerwatchError
from models.event import Event, EventType
from models.last_position import LastPosition
from models.vessel import Identity
from streams.contracts import field_texts as texts
from streams.contracts.field_texts import Text
from streams.decoding.lines.outcome import ACCEPTED, Outcome
from streams.deployment.wire import RawFrame, Registration

Schema = dict[str, Any]
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class SchemaError(TankerwatchError):
    """A model and its texts do not fit. The message says where, and what to do."""


def event() -> Schema:
    schema = from_model(
        "event",
        Event,
        texts.EVENT,
        "One revision of one event: what was seen, which rule it meets and how clearly, and what speaks "
        "against "
        "it. An event is not a proof and claims no intent. Field names follow Global Fishing Watch's Events "
        "API where it has them. Every field is always present, null if nothing is known. Later versions may "
        "add fields: strict validators need the schema of the same version.",
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
                "description": "`id:revision` of the event. Messages can be repeated after a crash: drop "
                "those "
                "whose `ce_id` you have seen.",
            },
            "ce_source": {"const": "tankerwatch", "description": "The sender."},
            "ce_type": {
                "enum": [f"tankerwatch.{kind}" for kind in EventType],
                "description": "Type of the event.",
            },
            "ce_time": {**texts.TIME, "description": "`detected` of the event: event time, UTC."},
            "ce_subject": {
                "pattern": "^[0-9]{9}(,[0-9]{9})*$",
                "description": "MMSIs of the vessels, separated by a comma.",
            },
            "content-type": {"const": "application/json", "description": "Media type of the value."},
        },
    )


def reject_headers() -> Schema:
    return _headers(
        "reject-headers",
        "A dead letter: why a line or a frame could not be used, and where it was read. The value is the "
        "bytes "
        "themselves: the line (only its head, if it was longer than 4 KiB) or the whole frame.",
        {
            "reason": {
                "pattern": f"^({'|'.join(['no_frame', 'no_sighting', 'no_fence', *_rejected()])}): ",
                "description": "The outcome that the line is counted under, a colon, and the reason as text. "
                "`no_frame`: the message could not be read as a frame. `no_sighting`, `no_fence`: the line "
                "is none.",
            },
            "source": {
                "description": "Name of the source; empty if the message is not a frame. It is also the key."
            },
            "line": {
                "pattern": "^[0-9]+$",
                "description": "Number of the line in its source, from 1; 0 if the message is not a frame.",
            },
            "topic": {"minLength": 1, "description": "Topic from which the frame was read."},
            "partition": {"pattern": "^[0-9]+$", "description": "Partition of the frame."},
            "offset": {"pattern": "^[0-9]+$", "description": "Offset of the frame."},
        },
    )


def reject_line() -> Schema:
    texts_of = {
        "source": {"type": "string", "description": "The file, or the name of the source."},
        "line": {"type": "integer", "minimum": 1, "description": "Number of the line in the source, from 1."},
        "outcome": {"enum": _rejected(), "description": "The outcome that the line is counted under."},
        "reason": {"type": "string", "minLength": 1, "description": "The reason as text."},
        "length": {
            "type": "integer",
            "minimum": 0,
            "description": "Length of the whole line in bytes.",
            "x-unit": "B",
        },
        "sha256": {
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "SHA-256 of the whole line, in hexadecimal.",
        },
        "time": {
            "type": "string",
            **texts.TIME,
            "description": "Event time of the line, if it is known.",
            "x-unit": "UTC",
        },
        "head": {
            "type": "string",
            "description": "The line, up to 4 KiB, if it is UTF-8. Text from strangers.",
        },
        "head_base64": {
            "type": "string",
            "contentEncoding": "base64",
            "description": "The bytes of the line, up to 4 KiB, if it is not UTF-8.",
        },
    }
    return {
        **_top(
            "reject-line",
            "A line of `tankerwatch replay --rejects FILE`: an input line that could not be used, and why.",
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
        "The last position of a vessel: a field of the Redis hash `tankerwatch:vessels` (after the prefix "
        "of the "
        "deployment).",
    )


def identity() -> Schema:
    return from_model(
        "identity",
        Identity,
        texts.IDENTITY,
        "What a vessel says of itself, as confirmed by two equal transmissions: a field of the Redis hash "
        "`tankerwatch:vessels:identities`, and an entry of the list `tankerwatch:vessel:MMSI:identities`.",
    )


def source() -> Schema:
    return from_model(
        "source",
        Registration,
        texts.SOURCE,
        "A source that sends frames from now on. It is sent, and acknowledged by the broker, before the "
        "first "
        "frame. The message is this object in MessagePack.",
    )


def raw_frame() -> Schema:
    return from_model(
        "raw-frame",
        RawFrame,
        texts.RAW_FRAME,
        "Lines of one source as they were received, or a notice about the source. The message is this "
        "object in "
        "MessagePack.",
        optional=(
            "first_line",
            "data",
            "received",
            "base_time",
            "cuts",
            "numbers",
            "timezone",
            "date_order",
            "not_after",
        ),
    )


def sighting() -> Schema:
    schema = {
        **_top(
            "sighting",
            "What somebody saw: one vessel once. The message is this object as JSON. Fields may have the "
            "other names of docs/sightings.md too, and further fields are ignored.",
        ),
        "type": "object",
        "properties": {},
        "required": ["time", "lon", "lat"],
        "additionalProperties": False,
    }
    _describe_plainly(schema, texts.SIGHTING)
    return schema


def drawn_fence() -> Schema:
    return from_model(
        "drawn-fence",
        FenceVersion,
        texts.DRAWN_FENCE,
        "One version of a drawn fence, which counts from `validFrom` until the next version of it does. The "
        "message is this object as JSON.",
    )


def _describe_plainly(schema: Schema, words: dict[str, Text]) -> None:
    """Fields whose limits are their whole schema."""
    for field, word in words.items():
        unit = {"x-unit": word.unit} if word.unit else {}
        schema["properties"][field] = {**(word.limits or {}), "description": word.text, **unit}


DOCUMENTS: Final[dict[str, Callable[[], Schema]]] = {
    "event": event,
    "event-headers": event_headers,
    "reject-headers": reject_headers,
    "reject-line": reject_line,
    "vessel": vessel,
    "identity": identity,
    "source": source,
    "raw-frame": raw_frame,
    "sighting": sighting,
    "drawn-fence": drawn_fence,
}
"""The published schemas by the names of their files. A new one needs a function here and its texts."""


def from_model(
    name: str,
    model: type[msgspec.Struct],
    words: dict[str, dict[str, Text]],
    description: str,
    optional: tuple[str, ...] = (),
) -> Schema:
    """The schema of a model. It allows no other fields, and requires all but the `optional` ones.

    Raises SchemaError if a field has no text, or a text has no field.
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
    """The schema with limits on the value, unless it is null."""
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
    """The text of the file: first the keys that identify the schema, then the fields in the order of the
    model."""
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
