import pytest

from streams.cli.main import run
from streams.cli.old_spellings import current_spelling

Streams = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("replay a --serve --port 0", "serve a --port 0"),
        ("replay --serve --rate 600 a b", "serve --rate 600 a b"),
        ("replay a --to kafka --broker h:1", "publish a --broker h:1"),
        ("replay --to=kafka a", "publish a"),
    ],
)
def test_an_old_spelling_means_the_new_command_and_says_so(old: str, new: str, capsys: Streams) -> None:
    assert current_spelling(old.split()) == new.split()
    told = capsys.readouterr()
    assert told.out == ""
    (line,) = told.err.splitlines()
    assert f"is now `{new.split()[0]}`" in line


@pytest.mark.parametrize(
    "words", ["", "replay a --out b", "replay -- --serve", "serve a", "evaluate --serve", "replay --to redis"]
)
def test_everything_else_is_left_as_it_is(words: str, capsys: Streams) -> None:
    assert current_spelling(words.split()) == words.split()
    assert capsys.readouterr().err == ""


def test_an_old_spelling_runs(capsys: Streams) -> None:
    assert run(["replay", "none.nmea", "--to", "kafka", "--broker", "nowhere"]) == 2
    notice, error = capsys.readouterr().err.splitlines()
    assert "`replay --to kafka` is now `publish`" in notice
    assert "--broker: 'nowhere' is not HOST:PORT" in error


def test_a_worker_that_was_told_not_to_restart_itself_runs(capsys: Streams) -> None:
    assert current_spelling(["worker", "--no-restart"]) == ["worker"]
    assert "never restarts itself" in capsys.readouterr().err
