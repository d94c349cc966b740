from pathlib import Path

import msgspec
import pytest

from models.event import (
    Event,
    EventType,
    Level,
    Status,
    to_json,
)
from models.truth import TrueEvent, Truth
from streams.cli.main import run
from streams.simulator.evaluation import Evaluation, Score, evaluate
from tests.streams.factories import event, met, vessel

A, B, C = 273_000_001, 613_000_002, 352_000_003
BASE = TrueEvent(EventType.ENCOUNTER, (A, B), "2024-05-01T02:00:00Z", "2024-05-01T08:00:00Z")
DRIFT = TrueEvent(EventType.LOITERING, (A,), "2024-05-01T01:00:00Z", None)


def truth(*events: TrueEvent) -> Truth:
    return Truth("hand_made", 1, "none", 3, events)


def found(
    start: str,
    end: str | None,
    *mmsis: int,
    key: str = "one",
    revision: int = 1,
    status: Status = Status.CLOSED,
    level: Level = Level.POSSIBLE,
) -> Event:
    """An event of one vessel (loitering) or of two (encounter); times are hours and minutes of one day."""
    first, *others = (vessel(mmsi) for mmsi in mmsis)
    return event(
        id=key,
        type=EventType.ENCOUNTER if others else EventType.LOITERING,
        revision=revision,
        status=status,
        level=level,
        start=f"2024-05-01T{start}:00Z",
        end=None if end is None else f"2024-05-01T{end}:00Z",
        vessel=first,
        encounter=met(*others) if others else None,
        port_visit=None,
    )


def only(result: Evaluation) -> Score:
    (score,) = result.scores
    return score


def test_a_match_measures_the_errors() -> None:
    events = [found("02:05", "07:50", B, A)]  # in whatever order the vessels come
    score = only(evaluate([(events, truth(BASE))]))
    assert (score.true, score.found, score.matched, score.precision, score.recall) == (1, 1, 1, 1.0, 1.0)
    assert (score.start_error, score.start_bias, score.end_error, score.end_bias) == (5.0, 5.0, 10.0, -10.0)


def test_signed_errors_may_cancel_out_absolute_ones_do_not() -> None:
    later = msgspec.structs.replace(BASE, mmsis=(C, B))
    events = [found("02:05", "08:00", A, B), found("01:55", "08:00", B, C, key="two")]
    score = only(evaluate([(events, truth(BASE, later))]))
    assert (score.start_error, score.start_bias) == (5.0, 0.0)


def test_what_is_not_found_is_missed() -> None:
    result = evaluate([([], truth(BASE))])
    score = only(result)
    assert (score.recall, score.precision, score.start_error) == (0.0, None, None)
    assert [miss.mmsis for miss in result.missed] == [(A, B)]


@pytest.mark.parametrize(
    "event",
    [
        found("02:00", "08:00", A, C, level=Level.PROBABLE),  # another pair
        found("08:01", "09:00", A, B, level=Level.PROBABLE),  # no overlap
    ],
)
def test_what_did_not_happen_is_false(event: Event) -> None:
    result = evaluate([([event], truth(BASE))])
    score = only(result)
    assert (score.precision, score.recall, score.matched, score.false_probable) == (0.0, 0.0, 0, 1)
    assert [(miss.id, miss.level) for miss in result.false] == [("one", Level.PROBABLE)]


def test_an_event_below_the_true_level_is_missed_and_not_false() -> None:
    probable = msgspec.structs.replace(BASE, level=Level.PROBABLE)
    result = evaluate([([found("02:05", "07:50", A, B)], truth(probable))])
    assert (only(result).recall, only(result).precision) == (0.0, None)
    assert [(miss.level, miss.id) for miss in result.missed] == [(Level.POSSIBLE, "one")]
    assert not result.false
    high = found("02:05", "07:50", A, B, level=Level.PROBABLE)
    assert only(evaluate([([high], truth(probable))])).recall == 1.0


def test_what_the_truth_allows_counts_neither_way_up_to_its_level() -> None:
    """As a `possible` gap where no receiver was in reach."""
    low = msgspec.structs.replace(DRIFT, level=Level.POSSIBLE)
    quiet = msgspec.structs.replace(truth(), allowed=(low,))
    drift = found("01:30", "05:00", A)
    result = evaluate([([drift], quiet)])
    assert (only(result).found, only(result).true, only(result).allowed) == (0, 0, 1)
    assert not result.false
    high = found("01:30", "05:00", A, level=Level.PROBABLE)
    assert only(evaluate([([high], quiet)])).false_probable == 1
    twice = evaluate([([drift, found("06:00", "07:00", A, key="two")], quiet)])
    assert (only(twice).found, only(twice).allowed) == (1, 1)


def test_a_double_is_false_and_the_largest_overlap_matches() -> None:
    events = [found("02:00", "03:00", A, B, key="short"), found("03:10", "08:00", A, B, key="long")]
    result = evaluate([(events, truth(BASE))])
    assert (only(result).matched, only(result).found) == (1, 2)
    assert [miss.id for miss in result.false] == ["short"]


def test_the_highest_revision_counts_and_retracted_ones_do_not() -> None:
    events = [
        found("02:05", "07:55", A, B, revision=3),
        found("02:30", None, A, B, revision=2, status=Status.OPEN),
        found("02:00", None, A, C, key="two", status=Status.OPEN),
        found("02:00", "03:00", A, C, key="two", revision=2, status=Status.RETRACTED),
    ]
    result = evaluate([(events, truth(BASE))])
    assert not result.false
    assert only(result).start_error == 5.0


def test_an_event_that_the_recording_cuts_off_has_no_error_of_its_end() -> None:
    score = only(evaluate([([found("01:00", "23:00", A)], truth(DRIFT))]))
    assert (score.matched, score.end_error) == (1, None)


def test_recordings_are_counted_together_but_matched_apart() -> None:
    event = found("02:00", "08:00", A, B)
    result = evaluate([([event], truth(BASE)), ([event], truth()), ([], truth(BASE, DRIFT))])
    assert [(score.type, score.true, score.found, score.matched) for score in result.scores] == [
        (EventType.ENCOUNTER, 2, 2, 1),
        (EventType.LOITERING, 1, 0, 0),
    ]
    assert (result.scores[0].precision, result.scores[0].recall) == (0.5, 0.5)


def test_the_command_reads_files_and_prints_both_forms(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    event = found("02:05", "07:50", A, B)
    (tmp_path / "events.jsonl").write_bytes(to_json(event) + b"\n\n")
    (tmp_path / "truth.json").write_bytes(msgspec.json.encode(truth(BASE, DRIFT)))
    args = ["evaluate", str(tmp_path / "events.jsonl"), "--truth", str(tmp_path / "truth.json")]
    assert run([*args, "--format", "json"]) == 0
    expected = evaluate([([event], truth(BASE, DRIFT))])
    assert msgspec.json.decode(capsys.readouterr().out, type=Evaluation) == expected
    assert run(args) == 0
    table = capsys.readouterr().out
    assert "1.000" in table
    assert "missed: loitering of 273000001, 2024-05-01T01:00:00Z to the end" in table


@pytest.mark.parametrize(
    ("events", "truths", "code", "words"),
    [
        ("missing.jsonl", ["truth.json"], 1, "missing.jsonl: cannot be read"),
        ("events.jsonl", ["missing.json"], 1, "missing.json: cannot be read"),
        ("truth.json", ["truth.json"], 1, "truth.json: line 1 is not an event"),
        ("events.jsonl", ["broken.json"], 1, "broken.json: is not the truth of a simulation"),
        (
            "events.jsonl",
            ["truth.json", "truth.json"],
            2,
            "1 files of events need as many files of truth, not 2",
        ),
    ],
)
def test_bad_input_is_named_in_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    events: str,
    truths: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("events.jsonl").touch()
    Path("truth.json").write_bytes(msgspec.json.encode(truth()))
    Path("broken.json").write_text('{"scenario": 3}')
    assert run(["evaluate", events, *(part for one in truths for part in ("--truth", one))]) == code
    (error,) = capsys.readouterr().err.splitlines()
    assert words in error
