"""One line a record, whatever it holds."""

import json
import logging
import logging.config
from typing import Any

import pytest

from streams.runtime.logs import (
    JsonFormatter,
    Seldom,
    TextFormatter,
    config,
    say,
)

log = logging.getLogger("streams.test_logs")
HOSTILE = 'A\nB level=ERROR "quoted" \x1b[2J\u202e'


def record(event: str, **fields: object) -> logging.LogRecord:
    records: list[logging.LogRecord] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    handler = Keep()
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        say(log, logging.WARNING, event, **fields)
    finally:
        log.removeHandler(handler)
    return records[0]


def test_text() -> None:
    line = TextFormatter().format(record("back", service="Kafka", seconds=1.25, name=HOSTILE))
    assert line.startswith("time=20")
    assert ' level=WARNING event=back service=Kafka seconds=1.2 name="A\\nB level' in line
    assert line.isprintable()
    assert "\n" not in line


def test_json() -> None:
    told: dict[str, Any] = json.loads(JsonFormatter().format(record("back", name=HOSTILE, count=3)))
    assert (told["event"], told["level"], told["name"], told["count"]) == ("back", "WARNING", HOSTILE, 3)


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_what_others_log_is_one_line_too(formatter: logging.Formatter) -> None:
    try:
        raise ValueError("in\ntwo lines")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    other = logging.LogRecord("aiokafka", logging.ERROR, "", 0, "failed: %s", ("a\nb",), info)
    line = formatter.format(other)
    assert "\n" not in line
    assert "Traceback" in line


def test_the_same_message_of_a_client_comes_seldom() -> None:
    seldom = Seldom(60)
    again = [logging.LogRecord("aiokafka", logging.ERROR, "", 0, "no %s", (n,), None) for n in range(3)]
    assert [seldom.filter(one) for one in again] == [True, False, False]
    assert seldom.filter(logging.LogRecord("aiokafka", logging.ERROR, "", 0, "other", (), None))


@pytest.mark.parametrize(
    ("environment", "level"), [({}, "INFO"), ({"TANKERWATCH_LOG_LEVEL": "debug"}, "DEBUG")]
)
def test_levels(environment: dict[str, str], level: str) -> None:
    made = config(environment=environment)
    assert made["loggers"]["streams"]["level"] == level
    assert made["loggers"]["faust"]["level"] == ("DEBUG" if level == "DEBUG" else "WARNING")
    assert made["loggers"]["aiokafka"]["level"] == "ERROR"


def test_no_logger_says_more_than_is_wanted_where_nothing_is() -> None:
    made = config("CRITICAL")
    assert {made["root"]["level"]} | {logger["level"] for logger in made["loggers"].values()} == {"CRITICAL"}
