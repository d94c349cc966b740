"""No secret is said aloud: wherever it stands, whoever wrote the text, by way of logs or messages."""

import logging
from pathlib import Path

import pytest

from streams.cli.main import run
from streams.deployment import config
from streams.runtime import environment, secrecy
from streams.runtime.environment import VariableError, variable
from streams.runtime.logs import get_logger
from streams.runtime.redis_client import RedisAddressError, connect
from streams.runtime.secrecy import address_of, hide, password_in


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests have kept values of theirs."""
    monkeypatch.setattr(secrecy, "_kept", set())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("redis://:hunter2@127.0.0.1:6379/0", "redis://***@127.0.0.1:6379/0"),
        ("redis://me:hun@ter/2@[::1]:6379/0", "redis://***@[::1]:6379/0"),
        ("redis://h:6379/0?password=hunter2&ssl=1", "redis://h:6379/0?password=***&ssl=1"),
        ("unix:///run/redis.sock?password=hunter2", "unix:///run/redis.sock?password=***"),
        ("https://example.org/hook?api_key=hunter2#x", "https://example.org/hook?api_key=***#x"),
        ('{"APIKey": "hunter2", "BoundingBoxes": []}', '{"APIKey": "***", "BoundingBoxes": []}'),
        ("sasl_plain_password='hunter2', x=1", "sasl_plain_password=***, x=1"),
        ("Authorization: Bearer hunter2.abc", "Authorization: Bearer ***"),
        ("no secret: a@example.org, redis://h:6379/0", "no secret: a@example.org, redis://h:6379/0"),
        ("needs a key in AISSTREAM_API_KEY", "needs a key in AISSTREAM_API_KEY"),
    ],
)
def test_by_where_it_stands(text: str, expected: str) -> None:
    assert hide(text, {}) == expected


def test_by_what_it_is() -> None:
    """A provider that repeats the key in an error, and a password as part of an address."""
    known = {
        "AISSTREAM_API_KEY": "k-123456",
        "X": "redis://:pw%2Fsecret@h/0",
        "TANKERWATCH_FEED_READ_TOKENS": "abcdef, ghijkl",
    }
    assert hide("Invalid key k-123456!", known) == "Invalid key ***!"
    assert hide("WRONGPASS pw/secret, pw%2Fsecret", known) == "WRONGPASS ***, ***"
    assert hide("ghijkl", known) == "***"


def test_an_address_without_what_is_secret() -> None:
    assert address_of("redis://:a@h:6379/0?password=b") == "h:6379/0"
    assert address_of("h:9092") == "h:9092"
    assert password_in("redis://:p%40w@h") == "p@w"
    assert password_in("redis://h/0?password=p%40w") == "p@w"
    assert password_in("redis://user@h") is password_in("a@b:c") is None


def test_logs_of_ours_and_of_libraries(logged: pytest.LogCaptureFixture) -> None:
    log = get_logger("streams.test_secrecy")
    log.warning("away", at="redis://:hunter2@h/0", more={"url": ["redis://:hunter2@h/0"]})
    try:
        raise ValueError("redis://:hunter2@h/0")
    except ValueError:
        log.exception("failed")
    logging.getLogger("streams.library").warning("no way to %s", "redis://:hunter2@h/0")
    assert logged.text.count("***@h/0") == 5
    assert "hunter2" not in logged.text


def test_a_value_can_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrecy, "_kept", set())
    path = tmp_path / "redis"
    path.write_text("redis://:from-a-file@h:6379/1\n")
    given = {"TANKERWATCH_REDIS_FILE": str(path)}
    assert config.from_environment(given).redis == "redis://:from-a-file@h:6379/1"
    assert hide("from-a-file", {}) == "***"
    with pytest.raises(VariableError, match="both set"):
        config.from_environment(given | {"TANKERWATCH_REDIS": "redis://h:6379/1"})
    for name in ("none", "."):
        with pytest.raises(VariableError, match=r"TANKERWATCH_REDIS_FILE: .* can't be read"):
            variable("TANKERWATCH_REDIS", {"TANKERWATCH_REDIS_FILE": str(tmp_path / name)})
    path.write_bytes(b"x" * (environment.LONGEST + 1))
    with pytest.raises(VariableError, match="longer than"):
        variable("TANKERWATCH_REDIS", given)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:pass#word@h:6379/0",
        "redis://:hunter2@h:port/0",
        "http://:hunter2@h/0",
        "hunter2",
        "redis://[",
    ],
)
def test_a_bad_address_is_a_sentence_without_the_secret(url: str) -> None:
    with pytest.raises(VariableError) as raised:
        config.from_environment({"TANKERWATCH_REDIS": url})
    assert "hunter2" not in str(raised.value)
    assert "word" not in str(raised.value).replace("password", "")


def test_a_bad_parameter_of_an_address_too() -> None:
    with pytest.raises(RedisAddressError, match="no address of Redis") as raised:
        connect("redis://:hunter2@h:6379/0?socket_timeout=soon")
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("broker", ["h", "h:0", "h:70000", "h:9092,", "kafka://h:9092", "h:²"])
def test_a_bad_broker_is_a_sentence(broker: str) -> None:
    with pytest.raises(VariableError, match=r"^TANKERWATCH_BROKER is no address"):
        config.from_environment({"TANKERWATCH_BROKER": broker})


def test_a_password_on_the_command_line_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["events", "tail", "--source", "redis://:hunter2@127.0.0.1:1/0", "--once"]) != 0
    told = capsys.readouterr().err
    assert "a password stands on the command line" in told
    assert "Redis at 127.0.0.1:1/0" in told
    assert "hunter2" not in told
