"""Messages of a stream of server-sent events (WHATWG HTML, section 9.2)."""

from typing import Any, Final

import msgspec

_SEPARATORS: Final = tuple((sign.encode(), f"\\u{ord(sign):04x}".encode()) for sign in "\u0085\u2028\u2029")


def message(kind: str, data: bytes, entry: str | None = None) -> bytes:
    """One message. `data` is JSON without line feeds: they would end the message.

    Some clients take further characters for the end of a line. These are written as JSON escapes.
    """
    for separator, escape in _SEPARATORS:
        data = data.replace(separator, escape)
    head = f"event: {kind}\n" if entry is None else f"event: {kind}\nid: {entry}\n"
    return head.encode() + b"data: " + data + b"\n\n"


def notice(kind: str, **data: Any) -> bytes:
    """A message with a small JSON object of these fields."""
    return message(kind, msgspec.json.encode(data))
