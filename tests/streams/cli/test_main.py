"""The command line as a whole: help for everything, one line for what is wrong."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest
import typer

from streams.cli.main import app, run

Streams = pytest.CaptureFixture[str]

HEAVY = {"numba", "numpy", "scipy", "shapely", "pyproj", "pyais", "rich"}


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command and group, with the words that call it."""
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, (*path, name))


COMMANDS = dict(commands(typer.main.get_command(app)))


def test_all_commands_are_there() -> None:
    assert {" ".join(path) for path in COMMANDS} >= {
        "", "replay", "serve", "publish", "ingest", "simulate", "evaluate", "fences", "fences list",
        "fences show", "fences check", "fences export", "settings", "settings show",
    }  # fmt: skip


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(path) or "tankerwatch")
def test_every_command_and_option_has_help(path: tuple[str, ...], capsys: Streams) -> None:
    command = COMMANDS[path]
    assert command.help
    for parameter in command.params:
        assert parameter.help, parameter.name
    assert run([*path, "--help"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert shown.out.startswith(f"Usage: {' '.join(['tankerwatch', *path])} ")
    assert max(map(len, shown.out.splitlines())) <= 80
    assert not re.findall(r"^  [a-z].*\.\.\.$", shown.out, re.MULTILINE), "a summary is cut; give short_help"
    for parameter in command.params:
        assert all(name in shown.out for name in parameter.opts if name.startswith("--"))


def test_help_does_not_wait_for_the_libraries() -> None:
    code = f"import sys, streams.cli; print({HEAVY!r} & sys.modules.keys() or 'none')"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert asked.stdout == "none\n"


def test_version(capsys: Streams) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"tankerwatch {version('tankerwatch')}\n"


@pytest.mark.parametrize("path", [(), ("fences",), ("settings",)])
def test_a_group_without_a_command_shows_its_help(path: tuple[str, ...], capsys: Streams) -> None:
    assert run(path) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Commands:" in shown.err


def test_a_variable_that_nothing_reads_is_told(capsys: Streams, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BROKR", "REDIS_PASSWORD_FILE", "WORKERS", "FEED_HOSTS", "DATA"):
        monkeypatch.setenv(f"TANKERWATCH_{name}", "secret")
    assert run(["--version"]) == 0
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1, told
    (line,) = told
    assert line.startswith("tankerwatch: TANKERWATCH_BROKR: nothing reads this variable")
    assert "(did you mean TANKERWATCH_BROKER" in line
    assert "secret" not in line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["replya"], "No such command 'replya'"),
        (["replay"], "Missing argument 'FILE'"),
        (["replay", "x", "--fences", "y"], "No such option: --fences"),
        (["replay", "x", "--format", "xml"], "'--format': 'xml' is not one of 'jsonl', 'geojson', 'csv'"),
        (
            ["replay", "x", "--mmsi", "1234567890"],
            "--mmsi: '1234567890' is not an MMSI; give its nine digits",
        ),
        (["ask", "near", "demo", "-42,133", "2024-10-28"], "of which one begins with a minus, put --"),
        (["events", "tail", "--source", "events.jsonl"], "Events in a file: `tankerwatch explain ID FILE`"),
        (["fences", "show", "nowhere"], "no fence has the id 'nowhere'"),
        (["fences", "export", "--out", "no/such/place"], "no/such/place: can't be written"),
        (["settings", "show", "--settings", "none.toml"], "none.toml: can't be read"),
        (["simulate", "calm"], "give --out FILE for the recording"),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], words: str, capsys: Streams) -> None:
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    (line,) = shown.err.splitlines()
    assert line.startswith("tankerwatch: error: ")
    assert words in line
