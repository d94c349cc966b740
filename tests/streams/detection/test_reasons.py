"""The tables of reasons: what the event, the page's legend and docs/reference/reasons.md are made from."""

import string
from pathlib import Path

import msgspec
import pytest

from models.event import Reason, Scoring
from streams.detection import legend
from streams.detection.encounters.settings import EncounterSettings, EncounterWeights
from streams.detection.reasons import ReasonTable, ReasonType, Side, Weights, measure, score, unit_of
from streams.stages.settings import Settings

ROOT = Path(__file__).parents[3]
TABLES = legend.tables()


def test_the_legend_is_what_the_tables_say() -> None:
    assert (ROOT / legend.PATH).read_text("utf-8") == legend.script(), "run `make docs`"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.type)
def test_every_weight_is_that_of_a_reason(table: ReasonTable) -> None:
    weights = set(type(table.defaults.weights).__struct_fields__) - {"base", "probable", "border", "cap"}
    shared = [each for each in TABLES if type(each.defaults) is type(table.defaults)]
    used = {row.weight for each in shared for row in each.rows}
    if len(shared) > 1:  # crossings of drawn fences are observations, which are never taken back
        weights.discard("retraction")
    assert used == weights


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.type)
def test_a_threshold_is_a_setting_in_the_unit_that_is_named(table: ReasonTable) -> None:
    for row in table.rows:
        assert {unit_of(name) for name in row.thresholds} <= {row.unit}
        for name in row.thresholds:
            assert measure(table.defaults, name) > 0
        named = {field for _, field, _, _ in string.Formatter().parse(row.text) if field}
        assert not ("threshold" in named and not row.thresholds), row


def test_the_tables_hold_the_defaults() -> None:
    s = Settings()
    vessel = s.vessel.detectors
    defaults = (
        s.meeting.encounter,
        vessel.loitering,
        vessel.port_visit,
        vessel.gap,
        s.case.chain,
        s.meeting.dark_port_visit,
        s.meeting.identity,
        s.meeting.position,
        s.meeting.dark_encounter,
        s.meeting.sighting,
        s.fence_crossing,
        s.fence_crossing,
    )
    assert tuple(table.defaults for table in TABLES) == defaults


def test_one_code_means_one_thing_on_each_side() -> None:
    row = TABLES[0].rows[0]
    with pytest.raises(ValueError, match=row.code):
        ReasonTable(TABLES[0].type, EncounterSettings(), (row, row))


def reason(weight: float) -> Reason:
    return Reason(code="x", text="x", weight=weight)


@pytest.mark.parametrize(
    ("base", "cap", "reasons", "against", "expected"),
    [
        (0.2, 1.0, [0.25, 0.2, 0.1], [0.05], 0.7),
        (0.1, 1.0, [0.1, 0.1], [], 0.3),  # 0.30000000000000004 as floats
        (0.3, 1.0, [0.29, 0.28], [0.57], 0.3),
        (0.2, 0.8, [0.5, 0.5], [0.1], 0.8),
        (0.2, 1.0, [], [0.5], 0.0),
    ],
)
def test_a_score_adds_up_exactly(
    base: float, cap: float, reasons: list[float], against: list[float], expected: float
) -> None:
    scoring = Scoring(base=base, cap=cap)
    assert score(scoring, [reason(w) for w in reasons], [reason(w) for w in against]) == expected


def test_weights_and_thresholds_of_the_settings_are_those_of_the_event() -> None:
    (row,) = [row for row in TABLES[0].rows if row.code == "near_port"]
    settings = EncounterSettings(port_km=5.0, weights=EncounterWeights(near_port=0.123))
    made = row.reason(settings, 4.25)
    assert (made.weight, made.threshold, made.value, made.unit) == (0.12, 5.0, 4.25, "km")
    assert made.text.startswith("began 4.2 km from a port, closer than 5 km")


def test_minutes_are_stated_as_hours() -> None:
    row = ReasonType(
        code="x", side=Side.FOR, text="{threshold}", weight="flag", thresholds=("possible_minutes",)
    )
    assert row.reason(EncounterSettings(possible_minutes=45.0)).threshold == 0.75


def test_names_sent_by_radio_are_no_templates() -> None:
    (row,) = [row for row in TABLES[0].rows if row.code == "watchlist"]
    made = row.reason(
        EncounterSettings(), "{0}", vessel="{value}{x}", entry="%s", number="MMSI", since="{1}", age=""
    )
    assert made.text == "{value}{x} is on {0} (%s), matched by MMSI{1}"


@pytest.mark.parametrize(
    "values", [{"base": -0.1}, {"flag": 1.1}, {"base": 0.5, "border": 0.5}, {"retraction": float("nan")}]
)
def test_impossible_weights(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        EncounterWeights(**values)


def test_weights_are_read_from_a_settings_file() -> None:
    text = "[meeting.encounter.weights]\nflag = 0.5\n"
    read = msgspec.toml.decode(text, type=Settings)
    assert read.meeting.encounter.weights == EncounterWeights(flag=0.5)
    assert isinstance(read.meeting.encounter.weights, Weights)
