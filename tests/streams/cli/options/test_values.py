import math
from collections.abc import Callable

import pytest

from models.box import Box
from streams.cli.errors import UsageError
from streams.cli.options import values


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (values.mmsi, "273000001", 273_000_001),
        (values.mmsi, "002730001", 2_730_001),
        (values.rate, "max", math.inf),
        (values.rate, "1", 1.0),
        (values.rate, "0.5", 0.5),
        (values.size, "1GiB", 1 << 30),
        (values.size, "500 mb", 500 << 20),
        (values.size, "17", 17),
        (values.time, "1970-01-01T00:00:01", 1_000),
        (values.time, "1970-01-01T01:00:01.5+01:00", 1_500),
        (values.box, "170,-10,-170,10", Box(170, -10, -170, 10)),
        (values.broker, "a:1,[::1]:65535", "a:1,[::1]:65535"),
    ],
)
def test_a_value(parse: Callable[[str], object], text: str, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "texts"),
    [
        (values.mmsi, ["", "0", "1234567890", "-1", "x", "１"]),
        (values.rate, ["", "0", "-1", "inf", "nan", "fast"]),
        (values.size, ["", "0", "1XB", "-1", "1.5G", "GiB"]),
        (values.time, ["", "noon", "0001-01-01", "1969-12-31", "2026-13-01"]),
        (values.box, ["", "1,2,3", "1,20,3,nan", "0,1,1,0", "-181,0,0,1"]),
        (values.broker, ["", "host", "host:", ":1", "host:0", "host:65536", "a:1,,b:2"]),
    ],
)
def test_an_error_quotes_what_is_not_a_value(parse: Callable[[str], object], texts: list[str]) -> None:
    for text in texts:
        with pytest.raises(UsageError) as raised:
            parse(text)
        assert repr(text) in raised.value.message
