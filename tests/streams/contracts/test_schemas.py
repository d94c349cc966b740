"""The published schemas are up to date, match real messages, and are strict enough to notice a change."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from models.event import Event, to_json
from streams.contracts import schemas
from streams.contracts.field_texts import Text
from streams.output.reject_files import to_json as reject_to_json
from streams.store.event_log_writer import whereabouts
from tests.streams.contracts import recorded
from tests.streams.contracts.validators import FOLDER, errors, schema

pytestmark = pytest.mark.xdist_group("contracts")  # one process simulates and replays for all of them
SCENARIOS = ("cho_do", "dark_partner", "anchorage")


def content(event: Event) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(to_json(event))
    return decoded


def test_the_committed_files_are_what_is_generated() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(schemas.DOCUMENTS)
    for name, make in schemas.DOCUMENTS.items():
        committed = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
        assert committed == schemas.to_text(make()), (
            "run python -m streams.contracts.schemas --out docs/schemas"
        )


@pytest.mark.parametrize("name", sorted(schemas.DOCUMENTS))
def test_each_is_a_schema_that_describes_every_field(name: str) -> None:
    document = schema(name)
    Draft202012Validator.check_schema(document)
    for part in (document, *document.get("$defs", {}).values()):
        for field, about in part.get("properties", {}).items():
            assert about["description"], field
        if part.get("type") == "object":
            assert part["additionalProperties"] is False


# --- events


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_real_events_are_valid(scenario: str) -> None:
    found = recorded.events(scenario)
    assert found
    for event in found:
        assert not errors("event", content(event))


def test_closed_and_retracted_events_are_valid() -> None:
    for found, status in (
        (recorded.closed(), "closed"),
        (recorded.taken_back(), "retracted"),
        (recorded.gaps(), "closed"),
        (recorded.dark_visits(), "closed"),
    ):
        assert status in {event.status for event in found if event.encounter or event.gap}
        for event in found:
            assert not errors("event", content(event))


def test_every_type_status_and_level_is_among_them() -> None:
    found = [
        *recorded.closed(),
        *recorded.taken_back(),
        *recorded.gaps(),
        *recorded.chains(),
        *recorded.dark_visits(),
        *recorded.dark_encounters(),
        *recorded.sighted(),
        *recorded.identities(),
        *recorded.position_anomalies(),
        *recorded.crossings(),
        *(e for name in SCENARIOS for e in recorded.events(name)),
    ]
    for field, choices in (("type", "EventType"), ("status", "Status"), ("level", "Level")):
        seen = {str(getattr(event, field)) for event in found}
        assert seen == set(schema("event")["$defs"][choices]["enum"])


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from objects(each)
    elif isinstance(value, list):
        for each in value[:1]:
            yield from objects(each)


def test_a_missing_or_extra_field_anywhere_is_noticed() -> None:
    event = content(next(e for e in recorded.closed() if e.encounter and e.evidence.positions))
    count = len(list(objects(event)))
    assert count > 8
    for number in range(count):
        for name in (*list(objects(event))[number], "new"):
            changed = copy.deepcopy(event)
            target = list(objects(changed))[number]
            if name == "new":
                target[name] = 1
            else:
                del target[name]
            assert errors("event", changed), name


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", "A970"),
        ("type", "rendezvous"),
        ("type", "loitering"),
        ("encounter", None),
        ("revision", 0),
        ("revision", "1"),
        ("status", "OPEN"),
        ("status", "open"),
        ("end", None),
        ("start", "2024-01-21 05:50:00"),
        ("detected", "2024-01-21T05:50:00+09:00"),
        ("score", 1.2),
        ("boundingBox", [1.0, 2.0, 3.0]),
        ("position.lat", 91.0),
        ("position.lon", None),
        ("vessel.ssvid", "12345678"),
        ("vessel.imo", 9074729),
        ("vessel.flag", "North Korea"),
        ("vessel.type", "cargo"),
        ("vessel.lengthMeters", 71.5),
        ("encounter.type", "tanker"),
        ("encounter.durationHours", -1.0),
        ("encounter.medianDistanceKilometers", None),
        ("reasons.0.code", "Two words"),
        ("reasons.0.weight", None),
        ("geofences.0.relation", "at"),
        ("geofences.0.kind", "sea"),
        ("evidence.positions.0.course", 361.0),
    ],
)
def test_a_wrong_value_is_noticed(path: str, value: Any) -> None:
    event = content(next(e for e in recorded.closed() if e.encounter and e.status == "closed"))
    *way, last = path.split(".")
    target: Any = event
    for step in way:
        target = target[int(step)] if step.isdecimal() else target[step]
    target[last] = value
    assert errors("event", event)


def test_headers_of_events() -> None:
    outs = recorded.published([*recorded.closed(), *recorded.events("anchorage")])
    assert outs
    for out in outs:
        assert not errors("event-headers", recorded.headers(out))
        assert out.topic == recorded.TOPICS.events
    lacking = recorded.headers(outs[0])
    del lacking["ce_id"]
    assert errors("event-headers", lacking)


# --- rejects


def test_lines_of_rejects() -> None:
    lines = [reject_to_json(reject) for reject in recorded.rejects()]
    outcomes = {json.loads(line)["outcome"] for line in lines}
    assert len(outcomes) > 5
    for line in lines:
        assert not errors("reject-line", json.loads(line))
    assert {"head", "head_base64"} <= {name for line in lines for name in json.loads(line)}
    for change in ({"outcome": "message"}, {"new": 1}, {"line": 0}, {"head": "a", "head_base64": "YQ=="}):
        assert errors("reject-line", json.loads(lines[0]) | change)


def test_headers_of_dead_letters() -> None:
    outs = recorded.dead_letters()
    reasons = {recorded.headers(out)["reason"].partition(":")[0] for out in outs}
    assert "no_frame" in reasons
    assert len(reasons) > 5
    for out in outs:
        assert not errors("reject-headers", recorded.headers(out))
    for change in ({"offset": "-1"}, {"reason": "whim: none"}, {"new": "1"}):
        assert errors("reject-headers", recorded.headers(outs[0]) | change)


# --- vessels


def test_positions_and_identities_as_the_sink_keeps_them() -> None:
    ticks = [tick for instant in recorded.instants() for tick in instant.ticks]
    assert ticks
    for tick in ticks:
        where = msgspec.json.decode(msgspec.json.encode(whereabouts(tick, {"0": int(tick["time"])})))
        assert not errors("vessel", where)
    for change in ({"lat": 91.0}, {"status": 15}, {"new": 1}, {"segments": {"0": "now"}}):
        assert errors("vessel", where | change)
    identities = [identity for instant in recorded.instants() for identity in instant.identities]
    assert {identity.dimensions is None for identity in identities} >= {False}
    for each in identities:
        who = msgspec.json.decode(msgspec.json.encode(each))
        assert not errors("identity", who)
    for wrong in ({"role": "cargo"}, {"imo": 12}, {"new": 1}, {"watchlists": None}):
        assert errors("identity", who | wrong)


# --- what writers send


def test_registrations_and_frames() -> None:
    assert not errors("source", recorded.as_json(recorded.registration()))
    assert errors("source", recorded.as_json(recorded.registration()) | {"version": 2})
    for frame in recorded.raw_frames():
        assert not errors("raw-frame", recorded.as_json(frame))
    for change in ({"kind": "line"}, {"new": 1}, {"registry": -1}, {"received": "now"}):
        assert errors("raw-frame", recorded.as_json(recorded.raw_frames()[0]) | change)


# --- the generator


class _Inner(msgspec.Struct):
    value: int


class _Outer(msgspec.Struct):
    inner: _Inner


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ({"_Outer": {"inner": Text("x")}}, "_Inner"),
        ({"_Outer": {}, "_Inner": {"value": Text("x")}}, "inner"),
        ({"_Outer": {"inner": Text("x"), "gone": Text("x")}, "_Inner": {"value": Text("x")}}, "gone"),
    ],
)
def test_a_field_without_text_or_a_text_without_field_is_named(
    words: dict[str, dict[str, Text]], named: str
) -> None:
    with pytest.raises(schemas.SchemaError, match=named):
        schemas.from_model("x", _Outer, words, "")
