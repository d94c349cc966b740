"""Frames of a stream of server-sent events (WHATWG HTML, section 9.2)."""

from typing import Any

import msgspec


def frame(kind: str, data: bytes, entry: str | None = None) -> bytes:
    """One event. `data` is JSON without line feeds, which would end it."""
    head = f"event: {kind}\n" if entry is None else f"event: {kind}\nid: {entry}\n"
    return head.encode() + b"data: " + data + b"\n\n"


def told(kind: str, **data: Any) -> bytes:
    return frame(kind, msgspec.json.encode(data))
