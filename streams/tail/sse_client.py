"""Parses a stream of server-sent events (WHATWG HTML, section 9.2)."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SseMessage:
    """One server-sent event."""

    event: str
    data: str
    id: str | None
    """The last id sent up to and including this message."""


class SseParser:
    """Takes bytes as they arrive and returns whole messages."""

    def __init__(self) -> None:
        self._rest = b""
        self._event = ""
        self._data: list[str] = []
        self._id: str | None = None

    def feed(self, data: bytes) -> Iterator[SseMessage]:
        text = self._rest + data
        after = b"\r" if text.endswith(b"\r") else b""  # perhaps the first half of a line end
        text = text.removesuffix(after) if after else text
        # not with splitlines, which also splits at characters that a name may contain
        lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop() + after
        for line in lines:
            if line:
                self._field(line.decode("utf-8", "replace"))
                continue
            if self._data:
                yield SseMessage(self._event or "message", "\n".join(self._data), self._id)
            self._event, self._data = "", []

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._event = value
        elif name == "data":
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self._id = value
