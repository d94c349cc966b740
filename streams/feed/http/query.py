"""Queries: what requests ask for, and the same as parameters of the OpenAPI document."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.datastructures import QueryParams

from models.box import Box, read_box
from models.event_filter import (
    FILTERS,
    EventFilter,
    EventFilterError,
    Filter,
)
from models.time import Millis, from_text
from streams.feed.http.problems import invalid
from streams.store.event_log import entry_key

MOST: Final = 1_000
"""The highest `limit`."""


class Query:
    """The parameters of one request. Each is to be asked for once; `done` then refuses what is left."""

    def __init__(self, parameters: QueryParams) -> None:
        self._left: dict[str, list[str]] = {}
        for name, value in parameters.multi_items():
            self._left.setdefault(name, []).append(value)
        self._asked: list[str] = []

    def text(self, name: str) -> str | None:
        self._asked.append(name)
        values = self._left.pop(name, [])
        if len(values) > 1:
            raise invalid(f"{name}: given {len(values)} times; give it once")
        return values[0] if values else None

    def time(self, name: str) -> Millis | None:
        text = self.text(name)
        try:
            return None if text is None else from_text(text)
        except (ValueError, OverflowError):
            raise invalid(f"{name}: {text!r} is no time; give RFC 3339 like 2026-03-01T12:00:00Z") from None

    def number(self, name: str, default: int, most: int = MOST) -> int:
        text = self.text(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:12]) <= most):
            raise invalid(f"{name}: {text!r} is none; give a number from 1 to {most}")
        return int(text)

    def flag(self, name: str) -> bool:
        text = self.text(name)
        if text not in (None, "true", "false"):
            raise invalid(f"{name}: {text!r} is none; give true or false")
        return text == "true"

    def box(self, name: str) -> Box | None:
        text = self.text(name)
        try:
            return None if text is None else read_box(text)
        except ValueError as error:
            raise invalid(f"{name}: {error}") from None

    def mmsis(self, name: str) -> frozenset[int]:
        self._asked.append(name)
        try:
            given = EventFilter.parse({"mmsi": self._left.pop(name, [])})
        except EventFilterError as error:
            raise invalid(str(error)) from None
        return frozenset(map(int, given.mmsis))

    def entry(self, name: str) -> str | None:
        text = self.text(name)
        return None if text is None else entry_id(name, text)

    def selection(self) -> EventFilter:
        names = [offered.name for offered in FILTERS]
        self._asked += names
        try:
            return EventFilter.parse({name: self._left.pop(name) for name in names if name in self._left})
        except EventFilterError as error:
            raise invalid(str(error)) from None

    def done(self) -> None:
        for name in self._left:
            known = (
                f"the parameters here are {', '.join(self._asked)}" if self._asked else "there are none here"
            )
            raise invalid(f"{name}: no such parameter; {known}")


def entry_id(name: str, text: str) -> str:
    """An id of an entry of the log. Raises Problem."""
    try:
        if not text.isascii() or len(text) > 40:
            raise ValueError
        time, number = entry_key(text)
        if not (0 <= time < 2**64 and 0 <= number < 2**64):
            raise ValueError
    except ValueError:
        raise invalid(
            f"{name}: {text!r} is no id of an entry; give one from the stream, or 0 for all"
        ) from None
    return f"{time}-{number}"


def parameter(name: str, help: str, schema: Mapping[str, Any], example: Any, **more: Any) -> dict[str, Any]:
    shown = {} if example is None else {"example": example}
    return {"name": name, "in": "query", "description": help, "schema": schema, **shown, **more}


def filters() -> list[dict[str, Any]]:
    """The filters as OpenAPI parameters."""
    return [_filter(offered) for offered in FILTERS]


def _filter(offered: Filter) -> dict[str, Any]:
    if offered.name == "bbox":
        return box(offered.name, offered.help)
    if offered.name == "min_score":
        score = {"type": "number", "minimum": 0, "maximum": 1}
        return parameter(offered.name, offered.help, score, float(offered.example))
    return several(offered.name, offered.help, offered.pattern, offered.example, offered.choices)


def several(name: str, help: str, pattern: str, example: str, choices: Sequence[str] = ()) -> dict[str, Any]:
    """A parameter that may be given several times, or with commas."""
    one = pattern.removeprefix("^").removesuffix("$")
    item = {"enum": list(choices)} if choices else {"pattern": f"^ *{one} *(, *{one} *)*$"}
    schema = {"type": "array", "items": {"type": "string", **item}, "minItems": 1}
    return parameter(name, help, schema, [example], style="form", explode=True)


def box(name: str, help: str) -> dict[str, Any]:
    lon, lat = ({"type": "number", "minimum": -most, "maximum": most} for most in (180, 90))
    degrees = {
        "type": "array", "prefixItems": [lon, lat, lon, lat], "items": False, "minItems": 4, "maxItems": 4
    }  # fmt: skip
    return parameter(name, help, degrees, [124, 37, 132, 43], style="form", explode=False)


def time(name: str, help: str) -> dict[str, Any]:
    return parameter(name, help, {"type": "string", "format": "date-time"}, "2026-03-01T12:00:00Z")


def limit(default: int, most: int = MOST) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": default}
    return parameter("limit", "At most so many.", schema, default)
