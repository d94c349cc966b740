"""Frames of a stream of server-sent events (WHATWG HTML, section 9.2)."""

from typing import Any, Final

import msgspec

_SEPARATORS: Final = tuple((sign.encode(), f"\\u{ord(sign):04x}".encode()) for sign in "\u0085\u2028\u2029")


def frame(kind: str, data: bytes, entry: str | None = None) -> bytes:
    """One event. `data` is JSON without line feeds, which would end it.

    Characters that only some clients take for the end of a line are written as JSON's escapes.
    """
    for separator, escape in _SEPARATORS:
        data = data.replace(separator, escape)
    head = f"event: {kind}\n" if entry is None else f"event: {kind}\nid: {entry}\n"
    return head.encode() + b"data: " + data + b"\n\n"


def told(kind: str, **data: Any) -> bytes:
    return frame(kind, msgspec.json.encode(data))
