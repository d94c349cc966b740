"""Reading a stream of server-sent events (WHATWG HTML, section 9.2)."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frame:
    kind: str
    data: str
    id: str | None  # the last one that was said, up to this event


class Frames:
    """Takes bytes as they come and gives whole events."""

    def __init__(self) -> None:
        self._rest = b""
        self._kind = ""
        self._data: list[str] = []
        self._id: str | None = None

    def feed(self, data: bytes) -> Iterator[Frame]:
        text = self._rest + data
        after = b"\r" if text.endswith(b"\r") else b""  # the first half of an end of line, perhaps
        text = text.removesuffix(after) if after else text
        # not by str.splitlines, to which a name may hold further ends of lines
        lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop() + after
        for line in lines:
            if line:
                self._field(line.decode("utf-8", "replace"))
                continue
            if self._data:
                yield Frame(self._kind or "message", "\n".join(self._data), self._id)
            self._kind, self._data = "", []

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._kind = value
        elif name == "data":
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self._id = value
