"""The OpenAPI document: FastAPI makes it from the types of the operations; msgspec's types and examples join
here."""

import json
import re
import reprlib
from functools import cache
from importlib.resources import files
from pkgutil import resolve_name
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from msgspec import inspect
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from models.errors import meant, plainly
from models.event import Event
from streams.contracts import schemas
from streams.feed.http.response_models import Problem

REF: Final = "#/components/schemas/{name}"
_MODEL: Final = "x-msgspec"
"""Marks a schema that stands for a msgspec type, by the type's import path, until `document` puts it in."""

LONGEST: Final = 60
"""Characters of a field's name that are said again."""
_SECRET: Final = ("token",)
"""Fields of bodies whose values no message repeats."""

_PROBLEMS: Final = {
    401: "A token is needed.",
    403: "This token does not allow it.",
    404: "There is no such thing, or it is no longer kept.",
    409: "Somebody else was quicker, or what there is does not allow it; `detail` says why.",
    413: "The body is too long.",
    421: "The feed does not answer to this host name.",
    422: "Something in the request is not valid; `detail` says what is.",
    429: "Too many requests or streams.",
    503: "The event log cannot be reached.",
    504: "Kafka has not said whether it took this: whether it counts is not known.",
}


class Msgspec:
    """Lets FastAPI read and document a msgspec type: `Annotated[SomeStruct, Msgspec()]`."""

    def __get_pydantic_core_schema__(self, source: Any, _: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: Any) -> Any:
            """`value` is what FastAPI read as JSON, or the bytes where the content type is another one."""
            try:
                found = msgspec.json.decode(value) if isinstance(value, bytes) else value
                return msgspec.json.decode(msgspec.json.encode(_whole(found)), type=source)
            except msgspec.ValidationError as error:
                raise ValueError(_refusal(source, str(error), found)) from None
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                raise ValueError(f"not JSON in UTF-8; give {_object_of(source)}") from None

        return core_schema.no_info_plain_validator_function(read, metadata={"model": source})

    def __get_pydantic_json_schema__(self, schema: CoreSchema, _: GetJsonSchemaHandler) -> dict[str, Any]:
        return schema_of(schema["metadata"]["model"])


def _whole(body: Any) -> Any:
    """A body whose fields have whole numbers as integers: to JSON Schema, 29.0 is one, too."""
    if not isinstance(body, dict):
        return body
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in body.items()
    }


def _object_of(model: type[msgspec.Struct]) -> str:
    """What a body has to be, in words."""
    return f"a JSON object of {', '.join(model.__struct_fields__)}"


def _refusal(model: type[msgspec.Struct], message: str, body: Any) -> str:
    """A message of msgspec about a body with the field first, what was given, and what is valid."""
    fields = {field.encode_name: field.type for field in inspect.type_info(model).fields}  # type: ignore[attr-defined]
    what, _, path = message.partition(" - at `$.")
    if found := re.fullmatch(r"Object contains unknown field `(.*)`", what, re.DOTALL):
        name = found[1][:LONGEST]
        return f"{name}: no such field{meant(name, fields)}; the fields are {', '.join(fields)}"
    if found := re.fullmatch(r"Object missing required field `(.*)`", what):
        return f"{found[1]}: missing; give {_words(fields[found[1]])}"
    name = re.split(r"[.\[`]", path)[0]
    if name not in fields or not isinstance(body, dict):
        return f"{plainly(what).replace('a table', 'an object')}; give {_object_of(model)}"
    given = "this" if name in _SECRET else reprlib.repr(body.get(name))
    return f"{name}: {given} is not valid; give {_words(fields[name])}"


def _words(kind: inspect.Type) -> str:
    """The values of a type, in words."""
    match kind:
        case inspect.Metadata(extra_json_schema={"description": str() as words}):
            return words
        case inspect.Metadata(type=inner):
            return _words(inner)
        case inspect.UnionType(types=types):
            some = [_words(each) for each in types if not isinstance(each, inspect.NoneType)]
            return f"{' or '.join(some)}, or leave it out"
        case inspect.EnumType(cls=values):
            return f"one of {', '.join(each.value for each in values)}"
        case inspect.IntType(ge=least, le=most) if least is not None and most is not None:
            return f"a whole number from {least} to {most}"
        case inspect.StrType(min_length=least, max_length=most) if most is not None:
            return f"a text of {least or 0} to {most} characters" + (
                ", not only blanks" if kind.pattern else ""
            )
        case inspect.DictType():
            return "a JSON object"
    return "a text"


def schema_of(model: type) -> dict[str, Any]:
    """The schema of a msgspec type, for FastAPI's `responses`."""
    return {_MODEL: f"{model.__module__}:{model.__qualname__}"}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Responses of an operation that refuses with these statuses, for FastAPI's `responses`."""
    content = {"application/problem+json": {"schema": schema_of(Problem)}}
    return {status: {"description": _PROBLEMS[status], "content": content} for status in statuses}


@cache
def examples() -> dict[str, Any]:
    """Real answers by the operation's id. Made by `python -m tests.streams.feed.write_examples`."""
    text = files("streams.feed.http").joinpath("examples.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def example(operation: str, *keys: str) -> list[str]:
    """What an example has under these keys, as an example of a parameter; none while examples are made."""
    found: Any = examples().get(operation)
    for key in keys:
        found = found and found[key]
    return [f"{found:09d}" if isinstance(found, int) else found] if found else []


def document(app: FastAPI, tokens_needed: bool, recording: bool) -> dict[str, Any]:
    """The document of all routes of the application. Only that of a recording has the parameter `at`."""
    made: dict[str, Any] = get_openapi(
        title=app.title,
        version=app.version,
        description=(
            "Suspected ship-to-ship transfers, loitering and port visits of tankers, as they are found. "
            "An event says what was seen; it proves nothing. docs/feed.md describes the stream."
        ),
        routes=app.routes,
    )
    models: dict[str, type] = {}
    made = _linked(made, models)
    components = made.setdefault("components", {})
    components["schemas"] = components.get("schemas", {}) | _schemas(models)
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path in made["paths"].values():
        for operation in path.values():
            _show_examples(operation)
            if not recording:
                given = operation.get("parameters", [])
                given[:] = [one for one in given if one["name"] != "at"]
    if tokens_needed:
        made["security"] = [{"token": []}]
    return made


def _linked(node: Any, models: dict[str, type]) -> Any:
    """With a reference in place of each msgspec type, which is added to the models."""
    if isinstance(node, list):
        return [_linked(one, models) for one in node]
    if not isinstance(node, dict):
        return node
    if _MODEL in node:
        model = resolve_name(node[_MODEL])
        models[model.__name__] = model
        return {"$ref": REF.format(name=model.__name__)}
    return {key: _linked(value, models) for key, value in node.items()}


def _schemas(models: dict[str, type]) -> dict[str, Any]:
    """Those of the models and what they consist of; the event's as it is published."""
    _, found = msgspec.json.schema_components([*models.values(), Event], ref_template=REF)
    event = json.loads(json.dumps(schemas.event()).replace("#/$defs/", REF.format(name="")))
    found |= event.pop("$defs")
    found["Event"] = {key: value for key, value in event.items() if key not in ("$id", "$schema")}
    found["Event"]["properties"]["case"] = {
        "type": "string",
        "description": "The id of the chain that this event is a leg of, as chains stand when it is sent. "
        "Left out if there is none. Only the feed adds it.",
    }
    return {name: found[name] for name in sorted(found)}


def _show_examples(operation: dict[str, Any]) -> None:
    """Put the examples in: FastAPI would leave out the nulls in them."""
    name = operation["operationId"]
    answer = next(one for status, one in operation["responses"].items() if status.startswith("2"))
    for key, content in ((name, answer), (f"{name}Body", operation.get("requestBody", {}))):
        if key in examples():
            next(iter(content["content"].values()))["example"] = examples()[key]
