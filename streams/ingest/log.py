"""Log lines for machines and people: one line each, `event=… key=value …`."""

import json
import logging
import re
import time
from typing import Final

_BARE: Final = re.compile(r"[\w.:/#@+,\-\[\]?%~*()]+", re.ASCII)

LOG: Final = logging.getLogger("tankerwatch.ingest")


def say(level: int, event: str, **fields: object) -> None:
    """Log an event. Values from outside are quoted, so none of them can end the line or feign a field."""
    if LOG.isEnabledFor(level):
        LOG.log(level, "%s", " ".join([f"event={event}", *(f"{k}={_value(v)}" for k, v in fields.items())]))


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}"
    text = str(value)
    return text if _BARE.fullmatch(text) else json.dumps(text)


class KeyValueFormatter(logging.Formatter):
    """`time=… level=… event=…`, in UTC."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__(
            "time=%(asctime)s.%(msecs)03dZ level=%(levelname)s %(message)s", datefmt="%Y-%m-%dT%H:%M:%S"
        )


class Rarely:
    """Says yes at once and then once in so many seconds."""

    def __init__(self, seconds: float = 60.0) -> None:
        self._seconds = seconds
        self._next = float("-inf")

    def __call__(self) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True

    def reset(self) -> None:
        self._next = float("-inf")
