"""Settings files: read, shown, and refused with a sentence that helps."""

import re
from pathlib import Path

import pytest

from streams.stages.settings import (
    Settings,
    SettingsError,
    load,
    show,
)


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "mine.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_what_is_shown_reads_back(tmp_path: Path) -> None:
    assert load(written(tmp_path, show(Settings()))) == Settings()
    other = load(written(tmp_path, "[meeting.encounter]\nnear_metres = 250\n[vessel]\nidle_days = 9.5\n"))
    assert other.meeting.encounter.near_metres == 250
    assert other.vessel.idle_days == 9.5
    assert other.vessel.track == Settings().vessel.track
    assert load(written(tmp_path, show(other))) == other


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    assert load(written(tmp_path, "")) == Settings()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "[meeting.encounter]\nnear_meters = 250",
            ["meeting.encounter", "near_meters", "near_metres", "slow_knots"],
        ),
        ("[vessels]\nidle_days = 3", ["top level", "vessels", "vessel", "meeting", "decoder"]),
        ("[vessel.detectors.loitering]\nslow = 1", ["vessel.detectors.loitering", "slow_knots"]),
        ('[meeting.encounter]\nnear_metres = "far"', ["meeting.encounter.near_metres", "settings show"]),
        ("[meeting.encounter]\nnear_metres = 800", ["meeting.encounter", "near_metres", "keep_metres"]),
        ("[vessel.grid]\nstep_minutes = 7", ["vessel.grid", "step_minutes"]),
        ("[vessel.track]\njitter_metres = -1", ["vessel.track.jitter_metres", "at least 0"]),
        ("[meeting.encounter]\nmerge_hours = inf", ["meeting.encounter.merge_hours", "at least 0"]),
        ("[vessel.track]\nidle_hours = nan", ["vessel.track.idle_hours"]),
        ("[vessel.grid]\ninterpolate_minutes = 120", ["keep_minutes", "interpolate_minutes"]),
        ("[vessel]\nidle_days = 1", ["idle_days", "candidate_hours", "merge_hours"]),
        ("[vessel\nidle_days = 1", ["TOML", "line 1"]),
        (b"\xff\xfe", ["UTF-8", "settings show"]),
    ],
)
def test_a_mistake_names_file_place_and_remedy(tmp_path: Path, text: str | bytes, words: list[str]) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert [word for word in words if word not in message] == []


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=re.escape("none.toml: can't be read (No such file")):
        load(tmp_path / "none.toml")
