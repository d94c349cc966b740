"""Logs: one line a record on standard error, for machines and people, whatever a value holds.

`TANKERWATCH_LOG=text` (the default) writes `time=… level=… event=… key=value …`, `json` an object a line;
`TANKERWATCH_LOG_LEVEL` is debug, info, warning or error.
"""

import json
import logging
import logging.config
import os
import re
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_BARE: Final = re.compile(r"[\w.:/#@+,\-\[\]?%~*()]+", re.ASCII)


def say(log: logging.Logger, level: int, event: str, **fields: object) -> None:
    """Log an event with its fields."""
    if log.isEnabledFor(level):
        text = " ".join([f"event={event}", *(f"{key}={_quoted(value)}" for key, value in fields.items())])
        log.log(level, "%s", text, extra={"event": event, "fields": fields})


def _of(record: logging.LogRecord) -> dict[str, object]:
    """What a record says, by key."""
    out: dict[str, object] = {
        "time": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03d}Z",
        "level": record.levelname,
    }
    if (event := getattr(record, "event", None)) is not None:
        out |= {"event": event, **getattr(record, "fields", {})}
    else:
        out |= {"event": "log", "from": record.name, "message": record.getMessage()}
    if record.exc_info:
        out["trace"] = logging.Formatter().formatException(record.exc_info)
    return out


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


def config(level: str | None = None, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """For logging.config.dictConfig, and for Faust. Levels and form are the environment's where not given."""
    level = (level or environment.get("TANKERWATCH_LOG_LEVEL", "info")).upper()
    level = level if level in LEVELS else "INFO"

    def least(other: str) -> str:
        return max(level, other, key=LEVELS.index)

    # Faust tells each step of its services; also under the name of our module that makes the app
    chatter = {"level": level if level == "DEBUG" else least("WARNING")}
    clients = {"level": least("ERROR"), "filters": ["seldom"]}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": partial(formatter, environment)}},
        "filters": {"seldom": {"()": Seldom}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"},
        },
        # a filter counts only on the logger that is called, so those that repeat themselves are named
        "loggers": {
            "streams": {"level": level},
            "streams.app": chatter,
            "faust": chatter,
            "mode": chatter,
            "tankerwatch": {"level": level},
            "aiokafka": clients,
            "aiokafka.conn": clients,
            "aiokafka.client": clients,
            "aiokafka.cluster": clients,
            "aiokafka.consumer.fetcher": clients,
            "aiokafka.consumer.group_coordinator": clients,
            "aiokafka.producer.sender": clients,
        },
        "root": {"level": least("WARNING"), "handlers": ["stderr"]},
    }


def formatter(environment: Mapping[str, str] = os.environ) -> logging.Formatter:
    return (
        JsonFormatter() if environment.get("TANKERWATCH_LOG", "text").lower() == "json" else TextFormatter()
    )


def configure(level: str | None = None) -> None:
    """Log to standard error, in the form that the environment asks for."""
    logging.config.dictConfig(config(level))
