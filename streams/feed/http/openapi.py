"""The OpenAPI document: what each operation takes and gives, from the models, with real examples."""

import json
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Final

import msgspec
from fastapi import FastAPI, Path
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response

from models.review import Review
from streams.contracts import schemas
from streams.feed.http import response_models
from streams.feed.recording.player import Command, Playback
from streams.feed.views.reviews import Given
from streams.feed.views.vessels import Told

REF: Final = "#/components/schemas/{name}"
MODELS: Final = (
    response_models.EventPage,
    response_models.EventDetail,
    response_models.VesselPage,
    response_models.Config,
    response_models.Health,
    response_models.Labels,
    response_models.Session,
    response_models.StreamMessage,
    response_models.Problem,
    response_models.Collection,
    Told,
    Review,
    Given,
    Playback,
    Command,
)
PROBLEMS: Final = {
    401: "A token is needed.",
    403: "This token does not let do that.",
    404: "There is no such thing, or it is no longer kept.",
    413: "The body is too long.",
    421: "The feed does not go by this name.",
    422: "Something given is none; `detail` lists what is valid.",
    429: "Too many requests, or streams.",
    503: "The event log can't be reached.",
}
ALWAYS: Final = (401, 403, 421, 422, 429, 503)


@cache
def examples() -> dict[str, Any]:
    """Real answers by the operation's id. Made by `python -m tests.streams.feed.write_examples`."""
    text = files("streams.feed.http").joinpath("examples.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _example(operation: str, *keys: str) -> list[str]:
    """What an example has under these keys, to be shown again; none while it is being made."""
    found: Any = examples().get(operation)
    for key in keys:
        found = found and found[key]
    return [f"{found:09d}" if isinstance(found, int) else found] if found else []


EventId = Annotated[str, Path(description="Of the event.", examples=_example("getEvent", "event", "id"))]
Mmsi = Annotated[str, Path(description="Up to nine digits.", examples=_example("getVessel", "mmsi"))]


def operation(
    name: str,
    summary: str,
    shape: str | None,
    *,
    media: str = "application/json",
    other: str | None = None,
    description: str = "",
    parameters: list[dict[str, Any]] | None = None,
    body: str | None = None,
    status: int = 200,
    headers: dict[str, Any] | None = None,
    problems: tuple[int, ...] = (),
    open: bool = False,
) -> dict[str, Any]:
    """What FastAPI is told of an operation.

    `shape` names the schema of the answer; None: it is text. `open`: it never takes a token.
    """
    schema: dict[str, Any] = {"$ref": REF.format(name=shape)} if shape else {"type": "string"}
    content = {media: {"schema": schema}}
    if other is not None:
        content[other] = {"schema": {"type": "string"}}
    answers: dict[int | str, Any] = {
        status: {
            "description": summary,
            **({"content": content} if status != 204 else {}),
            **({"headers": headers} if headers else {}),
        }
    }
    problem = {"application/problem+json": {"schema": {"$ref": REF.format(name="Problem")}}}
    for code in sorted({*ALWAYS, *problems}):
        answers[code] = {"description": PROBLEMS[code], "content": problem}
    extra: dict[str, Any] = {"parameters": parameters or []}
    if open:
        extra["security"] = []
    if body is not None:
        told = {"application/json": {"schema": {"$ref": REF.format(name=body)}}}
        extra["requestBody"] = {"required": True, "content": told}
    return {
        "operation_id": name,
        "summary": summary,
        "description": description,
        "response_class": Response,
        "status_code": status,
        "responses": answers,
        "openapi_extra": extra,
    }


def document(app: FastAPI, demanded: bool) -> dict[str, Any]:
    """`demanded` is whether tokens are."""
    made = get_openapi(
        title=app.title,
        version=app.version,
        description=(
            "Suspected ship-to-ship transfers, loitering and port visits of tankers, as they are found. "
            "An event says what was seen and is no proof. docs/feed.md describes the stream."
        ),
        routes=app.routes,
    )
    components = made.setdefault("components", {})
    components["schemas"] = _schemas()
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path in made["paths"].values():
        for one in path.values():
            _show(one)
    if demanded:
        made["security"] = [{"token": []}]
    return made


def _show(operation: dict[str, Any]) -> None:
    """Put the examples in: FastAPI would leave out of them what is null."""
    name = operation["operationId"]
    told = next(answer for code, answer in operation["responses"].items() if code.startswith("2"))
    for example, content in ((name, told), (f"{name}Body", operation.get("requestBody", {}))):
        if example in examples():
            next(iter(content["content"].values()))["example"] = examples()[example]


def _schemas() -> dict[str, Any]:
    """Ours, and the event's as it is published."""
    _, found = msgspec.json.schema_components(MODELS, ref_template=REF)
    event = json.loads(json.dumps(schemas.event()).replace("#/$defs/", REF.format(name="")))
    found |= event.pop("$defs")
    found["Event"] = {key: value for key, value in event.items() if key not in ("$id", "$schema")}
    return {name: found[name] for name in sorted(found)}
