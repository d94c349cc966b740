"""Logs: one line for each record, on standard error, whatever its values hold.

`TANKERWATCH_LOG=text` (the default) writes `time=… level=… event=… key=value …`, `json` writes one object
in each line. `TANKERWATCH_LOG_LEVEL` is debug, info, warning or error. Our own modules log by structlog, the
libraries by `logging`; all records go through the same handler and formatter.
"""

import json
import logging
import logging.config
import os
import re
import time
from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter
from structlog.typing import EventDict

from streams.runtime.secrecy import hide

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
QUIET_SECONDS: Final = 60.0
"""Seconds after which something that lasts is logged again."""
_BARE: Final = re.compile(r"[\w.:/#@+,\-\[\]?%~*()]+", re.ASCII)

structlog.configure(
    processors=[structlog.stdlib.filter_by_level, ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=BoundLogger,
)


def get_logger(name: str) -> BoundLogger:
    """The logger of a module: `log.warning("event_name", key=value, …)`."""
    logger: BoundLogger = structlog.stdlib.get_logger(name)
    return logger


class RateLimit:
    """Allows something at once, and then once in so many seconds."""

    def __init__(self, seconds: float = QUIET_SECONDS) -> None:
        self._seconds = seconds
        self._next = float("-inf")

    def __call__(self) -> bool:
        """Whether it is allowed now."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True

    def reset(self) -> None:
        """Allow it at once again."""
        self._next = float("-inf")


class RepeatFilter(logging.Filter):
    """Lets each message of some libraries through once in so many seconds.

    While a broker is away, its client logs every attempt to reach it; and strangers could fill the log of the
    feed with what the server says of their requests.
    """

    def __init__(self, libraries: tuple[str, ...], seconds: float = QUIET_SECONDS) -> None:
        super().__init__()
        self._libraries = libraries
        self._limits: defaultdict[tuple[str, str], RateLimit] = defaultdict(partial(RateLimit, seconds))

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in self._libraries:
            return True
        return self._limits[record.name, str(record.msg)]()


def config(level: str | None = None, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The configuration for `logging.config.dictConfig`, which Faust takes, too.

    The level is taken from the environment unless it is given.
    """
    level = (level or environment.get("TANKERWATCH_LOG_LEVEL", "info")).upper()
    level = level if level in LEVELS else "INFO"

    def at_least(other: str) -> str:
        return max(level, other, key=LEVELS.index)

    # Faust logs each step of its services, also under the name of the module that makes the app
    faust = {"level": level if level == "DEBUG" else at_least("WARNING")}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": partial(formatter, environment)}},
        "filters": {"repeats": {"()": partial(RepeatFilter, ("aiokafka", "uvicorn"))}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["repeats"],
                "stream": "ext://sys.stderr",
            },
        },
        "loggers": {
            "streams": {"level": level},
            "streams.app": faust,
            "faust": faust,
            "mode": faust,
            "aiokafka": {"level": at_least("ERROR")},
        },
        "root": {"level": at_least("WARNING"), "handlers": ["stderr"]},
    }


def configure(level: str | None = None) -> None:
    """Log to standard error, in the form that `TANKERWATCH_LOG` names."""
    logging.config.dictConfig(config(level))


def formatter(environment: Mapping[str, str] = os.environ) -> logging.Formatter:
    """Formats records of structlog and of `logging` alike, each as one line."""
    wanted = environment.get("TANKERWATCH_LOG", "text").lower()
    renderer = structlog.processors.JSONRenderer(default=str) if wanted == "json" else _render_text
    return ProcessorFormatter(
        processors=[_add_head, structlog.processors.format_exc_info, _hide_secrets, renderer]
    )


def _add_head(_: object, __: str, fields: EventDict) -> EventDict:
    """Put time, level and event first. A record of a library is the event `log`."""
    record: logging.LogRecord = fields.pop("_record")
    head: EventDict = {
        "time": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03d}Z",
        "level": record.levelname,
    }
    if fields.pop("_from_structlog"):
        return {**head, "event": fields.pop("event"), **fields}
    return {**head, "event": "log", "from": record.name, "message": fields.pop("event"), **fields}


def _hide_secrets(_: object, __: str, fields: EventDict) -> EventDict:
    return {key: _without_secrets(value) for key, value in fields.items()}


def _without_secrets(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {key: _without_secrets(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_without_secrets(one) for one in value]
    return hide(str(value))


def _render_text(_: object, __: str, fields: EventDict) -> str:
    """Render `key=value`; structlog's LogfmtRenderer would let control characters through."""
    return " ".join(f"{key}={_quoted(value)}" for key, value in fields.items())


def _quoted(value: object) -> str:
    """Quote what comes from outside, so that it can neither end the line nor pass for another field."""
    if isinstance(value, float):
        return f"{value:.1f}"
    text = str(value)
    return text if _BARE.fullmatch(text) else json.dumps(text)
