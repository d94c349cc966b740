"""Logs: one line a record on standard error, for machines and people, whatever a value holds.

`TANKERWATCH_LOG=text` (the default) writes `time=… level=… event=… key=value …`, `json` an object a line.
"""

import json
import logging
import logging.config
import os
import re
import time
from collections.abc import Mapping
from typing import Any, Final

FORMS: Final = ("text", "json")
_BARE: Final = re.compile(r"[\w.:/#@+,\-\[\]?%~*()]+", re.ASCII)
_FIELD: Final = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')


def say(log: logging.Logger, level: int, event: str, **fields: object) -> None:
    """Log an event with its fields."""
    log.log(level, "%s", event, extra={"event": event, "fields": fields})


def _of(record: logging.LogRecord) -> dict[str, object]:
    """What a record says, by key."""
    out: dict[str, object] = {
        "time": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03d}Z",
        "level": record.levelname,
    }
    message = record.getMessage()
    if (event := getattr(record, "event", None)) is not None:
        out |= {"event": event, **getattr(record, "fields", {})}
    elif message.startswith("event="):  # written as fields already
        out |= {name: _read(value) for name, value in _FIELD.findall(message)}
    else:
        out |= {"event": "log", "from": record.name, "message": message}
    if record.exc_info:
        out["trace"] = logging.Formatter().formatException(record.exc_info)
    return out


def _read(value: str) -> object:
    if not value.startswith('"'):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _quoted(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}"
    text = str(value)
    return text if _BARE.fullmatch(text) else json.dumps(text)


class TextFormatter(logging.Formatter):
    """`key=value`; values from outside are quoted, so none of them can end the line or feign a field."""

    def format(self, record: logging.LogRecord) -> str:
        return " ".join(f"{key}={_quoted(value)}" for key, value in _of(record).items())


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_of(record), default=str)


class Seldom(logging.Filter):
    """Lets the same message of a client library through once in so many seconds: when a broker is away,
    each attempt to reach it is logged."""

    def __init__(self, seconds: float = 60.0) -> None:
        super().__init__()
        self._seconds = seconds
        self._next: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now, key = time.monotonic(), (record.name, str(record.msg))
        if now < self._next.get(key, now):
            return False
        self._next[key] = now + self._seconds
        return True


def config(level: str = "INFO", environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """For logging.config.dictConfig, and for Faust."""
    form = environment.get("TANKERWATCH_LOG", "text")
    formatter = JsonFormatter if form == "json" else TextFormatter
    clients = {"level": "ERROR", "filters": ["seldom"]}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "filters": {"seldom": {"()": Seldom}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"},
        },
        # a filter counts only on the logger that is called, so those that repeat themselves are named
        "loggers": {
            "streams": {"level": level},
            "tankerwatch": {"level": level},
            "aiokafka": clients,
            "aiokafka.conn": clients,
            "aiokafka.client": clients,
            "aiokafka.cluster": clients,
            "aiokafka.consumer.fetcher": clients,
            "aiokafka.consumer.group_coordinator": clients,
            "aiokafka.producer.sender": clients,
        },
        "root": {"level": "WARNING", "handlers": ["stderr"]},
    }


def configure(level: str = "INFO") -> None:
    """Log to standard error, in the form that the environment asks for."""
    logging.config.dictConfig(config(level))
