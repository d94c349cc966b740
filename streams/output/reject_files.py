"""Reject files: the lines that did not become a message, as JSON Lines. Each can be found and read again."""

import base64
import json
from collections.abc import Iterable
from typing import BinaryIO

import msgspec

from models.frame import Reject
from models.time import to_text


class _Record(msgspec.Struct, omit_defaults=True):
    source: str
    line: int
    outcome: str
    reason: str
    length: int
    sha256: str
    time: str | None = None
    head: str | None = None  # text, where the line is UTF-8
    head_base64: str | None = None  # its bytes, where it is not


def to_json(reject: Reject) -> bytes:
    """One reject as one line of ASCII JSON, without a line feed. Control characters are escaped."""
    head, encoded = None, None
    try:
        head = reject.head.decode("utf-8")
    except UnicodeDecodeError:
        encoded = base64.b64encode(reject.head).decode("ascii")
    record = _Record(
        source=reject.source,
        line=reject.line,
        outcome=str(reject.outcome),
        reason=reject.reason,
        length=reject.length,
        sha256=reject.sha256,
        time=None if reject.time is None else to_text(reject.time),
        head=head,
        head_base64=encoded,
    )
    data = msgspec.json.encode(record)
    return data if data.isascii() else json.dumps(msgspec.json.decode(data), separators=(",", ":")).encode()


def write_rejects(rejects: Iterable[Reject], file: BinaryIO) -> None:
    """Write rejects to an open file."""
    for reject in rejects:
        file.write(to_json(reject) + b"\n")
