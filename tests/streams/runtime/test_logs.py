"""A log record is one line, whatever its values hold, and whichever library logged it."""

import json
import logging
import logging.config
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest

from streams.runtime.logs import RepeatFilter, config, get_logger

HOSTILE = 'A\nB level=ERROR "quoted" \x1b[2J\u202e'


@pytest.fixture(params=["text", "json"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def written(form: str) -> Iterator[StringIO]:
    """What is written to standard error in that form."""
    stream = StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers.clear()
    made = config(environment={"TANKERWATCH_LOG": form})
    made["handlers"]["stderr"]["stream"] = stream
    logging.config.dictConfig(made)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    for name in made["loggers"]:
        logging.getLogger(name).setLevel(logging.NOTSET)


log = get_logger("streams.test_logs")


def read(line: str, form: str) -> dict[str, Any]:
    """A line as fields."""
    if form == "json":
        fields: dict[str, Any] = json.loads(line)
        return fields
    found = re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)(?: |$)', line)
    return {key: json.loads(value) if value.startswith('"') else value for key, value in found}


def test_an_event_and_its_fields_are_one_line(written: StringIO, form: str) -> None:
    log.warning("back", service="Kafka", name=HOSTILE)
    (line,) = written.getvalue().splitlines()
    assert line.isascii()
    assert line.isprintable()
    fields = read(line, form)
    assert list(fields) == ["time", "level", "event", "service", "name"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", fields.pop("time"))
    assert fields == {"level": "WARNING", "event": "back", "service": "Kafka", "name": HOSTILE}


def test_numbers_stay_numbers_in_json_and_are_short_in_text(written: StringIO, form: str) -> None:
    log.info("back", seconds=1.25, count=3)
    fields = read(written.getvalue(), form)
    assert (fields["seconds"], fields["count"]) == ((1.25, 3) if form == "json" else ("1.2", "3"))


def test_what_a_library_logs_is_one_line_too(written: StringIO, form: str) -> None:
    try:
        raise ValueError(f"in\ntwo lines {HOSTILE}")
    except ValueError:
        logging.getLogger("aiokafka").exception("failed: %s", HOSTILE)
        log.exception("failed", reason=HOSTILE)
    library, ours = written.getvalue().splitlines()
    assert (library + ours).isprintable()
    fields = read(library, form)
    assert [fields[key] for key in ("event", "from", "message")] == ["log", "aiokafka", f"failed: {HOSTILE}"]
    for line in (library, ours):
        assert "Traceback" in read(line, form)["exception"]


def test_repeats_of_a_library_are_dropped(written: StringIO) -> None:
    for number in range(3):
        logging.getLogger("aiokafka.conn").error("no connection to %s", number)
    logging.getLogger("aiokafka.conn").error("something else")
    for _ in range(2):
        log.error("ours")
    assert len(written.getvalue().splitlines()) == 4


def test_the_same_message_comes_again_after_some_time() -> None:
    filter = RepeatFilter(("aiokafka",), seconds=0.0)
    again = [logging.LogRecord("aiokafka", logging.ERROR, "", 0, "no", (), None) for _ in range(3)]
    assert [filter.filter(one) for one in again] == [True, True, True]


@pytest.mark.parametrize(
    ("environment", "level"), [({}, "INFO"), ({"TANKERWATCH_LOG_LEVEL": "debug"}, "DEBUG")]
)
def test_levels(environment: dict[str, str], level: str) -> None:
    made = config(environment=environment)
    assert made["loggers"]["streams"]["level"] == level
    assert made["loggers"]["faust"]["level"] == ("DEBUG" if level == "DEBUG" else "WARNING")
    assert made["loggers"]["aiokafka"]["level"] == "ERROR"


def test_no_logger_logs_below_the_level() -> None:
    made = config("CRITICAL")
    assert {made["root"]["level"]} | {logger["level"] for logger in made["loggers"].values()} == {"CRITICAL"}


def test_what_is_below_the_level_is_not_written(written: StringIO) -> None:
    log.debug("detail")
    get_logger("streams.app").info("step")
    assert written.getvalue() == ""
