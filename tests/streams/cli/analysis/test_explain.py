"""`tankerwatch explain` on a file of events."""

from pathlib import Path

import msgspec
import pytest

from models.event import Event, EventType, to_json
from streams.cli.main import run as command
from tests.streams.detection.chains.stories import A, Story, direct


@pytest.fixture
def chain(tmp_path: Path) -> tuple[str, Event]:
    story = direct(Story())
    story.ship(A, name="<b>\x1b[31mEVIL")
    events = [*story.events, *story.revisions()]
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(to_json(event) + b"\n" for event in events))
    return str(path), next(each for each in reversed(events) if each.type is EventType.CHAIN)


def test_text_and_json_tell_the_same(chain: tuple[str, Event], capsys: pytest.CaptureFixture[str]) -> None:
    path, event = chain
    assert command(["explain", event.id, path]) == 0
    text = capsys.readouterr().out
    assert command(["explain", event.id, path, "--json"]) == 0
    of = msgspec.json.decode(capsys.readouterr().out)
    for reason in (*of["reasons"], *of["against"]):
        assert reason["weightSetting"] in text
    for link in of["links"]:
        assert link["event"] in text
    for rule in of["rules"]:
        assert rule["text"] in text
    assert f"score {event.score:.2f}" in text
    assert "\x1b" not in text


def test_wrong_usage_and_an_unknown_event_are_told(
    chain: tuple[str, Event], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(["explain", "nothing", chain[0]]) == 1
    assert "none of these events has the id 'nothing'" in capsys.readouterr().err
    assert command(["explain", chain[1].id[:6], chain[0]]) == 1
    assert f"(did you mean {chain[1].id}" in capsys.readouterr().err
    near = chain[1].id[:-1] + ("1" if chain[1].id[-1] == "0" else "0")  # another event's, that is not there
    assert command(["explain", near, chain[0]]) == 1
    assert "did you mean" not in capsys.readouterr().err
    assert command(["explain", "nothing"]) == 2
    assert "give --redis" in capsys.readouterr().err
