"""Position anomalies, from made-up identities of MeetingStage, and from reports of VesselStage."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.event import Event, EventType, Level, Status, to_json
from models.report import Rows
from models.tick import Instant
from models.time import END, MINUTE, to_text
from models.vessel import Crossing, Identity, OffTrack, Places, Role, Stay
from streams.detection.positions.circling import Circling, observe, turning
from streams.simulator.scenario import simulate
from streams.stages.core import Core
from streams.stages.meeting_stage import MeetingStage
from tests.scenarios.runs import RULES, find, frames
from tests.streams.track_factories import (
    A,
    B,
    at,
    fixes,
    identity,
    instants,
    latest,
    lon_lat,
    meeting_stage,
    minute_of,
    only,
    ticks,
)

DAY_LONG = np.arange(0, 20 * 60, 15)
AREA = (25.0, 60.0)
FALSE = (29.0, 59.9)


def told(
    rows: Sequence[Rows], identities: Iterable[Identity], *, restored: bool = False, apart: bool = False
) -> list[Event]:
    """All revisions of position anomalies.

    With `restored` the stage is replaced by its copy at each instant; with `apart` each vessel comes in an
    instant of its own, as from a partition.
    """
    stage, events = meeting_stage(), []
    for whole in instants(rows, identities):
        for instant in _parts(whole) if apart else [whole]:
            stage.feed(instant)
        events += stage.advance(whole.time + 1)
        if restored:
            stage = _copy(stage)
    events += stage.advance(END)
    return [event for event in events if event.type is EventType.POSITION_ANOMALY]


def _parts(whole: Instant) -> list[Instant]:
    return [
        replace(
            whole,
            ticks=whole.ticks[whole.ticks["mmsi"] == mmsi],
            identities=tuple(one for one in whole.identities if one.mmsi == mmsi),
        )
        for mmsi in sorted({*whole.ticks["mmsi"].tolist(), *(one.mmsi for one in whole.identities)})[::-1]
    ]


def _copy(stage: MeetingStage) -> MeetingStage:
    copy = meeting_stage()
    copy.restore(stage.snapshot())
    return copy


def run(
    start: float,
    end: float,
    *,
    home: tuple[float, float] = AREA,
    false: tuple[float, float] = FALSE,
    positions: int = 20,
    km: float = 200.0,
    knots: float = 900.0,
    meanwhile: int = 0,
) -> OffTrack:
    """Positions off a track between two minutes."""
    place = (*false, 7, *home)
    return OffTrack(at(start), at(end), positions, km, *place, knots, at(start), meanwhile)


def jumping(mmsi: int, *runs: OffTrack, role: Role = Role.TANKER, shared: bool = False) -> list[Identity]:
    """What is known of a vessel before, during and after each of its jumps."""
    step = 5 * MINUTE
    known = [identity(mmsi, role)]
    done: tuple[OffTrack, ...] = ()
    for off in runs:
        begun = Places(shared, 0, done, jump=replace_end(off))
        done = (*done, off)
        for time, places in ((off.start, begun), (off.end, Places(shared, 0, done))):
            minute = (-(-time // step) * step - at(0)) / MINUTE
            known.append(identity(mmsi, role, minute, places=places))
    return known


def replace_end(off: OffTrack) -> OffTrack:
    return OffTrack(off.start, off.start, min(3, off.positions), *_rest(off))


def _rest(off: OffTrack) -> tuple[Any, ...]:
    return (off.kilometers, off.lon, off.lat, off.segment, off.track_lon, off.track_lat, off.knots, off.at)


def fleet(count: int, spread: float = 0.02, **more: Any) -> list[Identity]:
    """So many ships of one area, a few minutes after one another."""
    return [
        one
        for i in range(count)
        for one in jumping(
            A + i,
            run(100 + i, 160 + i, home=(AREA[0] + spread * i, AREA[1]), **more),
            role=Role.TANKER if i % 2 == 0 else Role.OTHER,
        )
    ]


def heard(count: int) -> list[Rows]:
    """Ticks of so many ships, far enough apart not to meet."""
    return [ticks(A + i, DAY_LONG, 5000.0 * i, sog=8.0, origin=AREA) for i in range(count)]


def test_one_jump_of_minutes_is_possible() -> None:
    event = only(told(heard(1), jumping(A, run(100, 115, positions=4))))
    assert (event.level, event.status) == (Level.POSSIBLE, Status.CLOSED)
    assert event.position_anomaly is not None
    assert (event.position_anomaly.kind, event.position_anomaly.positions) == ("jumps", 4)
    assert [reason.code for reason in event.reasons] == ["jumped"]


@pytest.mark.parametrize(
    "runs", [[run(100, 150)], [run(100, 110, positions=4), run(300, 310, positions=4)]], ids=["long", "twice"]
)
def test_jumps_that_last_or_come_again_are_probable_and_one_event(runs: list[OffTrack]) -> None:
    event = only(told(heard(1), jumping(A, *runs)))
    assert event.level is Level.PROBABLE
    assert event.position_anomaly is not None
    assert event.position_anomaly.jumps == len(runs)


def test_after_the_hours_of_an_episode_a_jump_is_another_event() -> None:
    events = latest(told(heard(1), jumping(A, run(100, 110), run(700, 710))))
    assert [event.status for event in events] == [Status.CLOSED, Status.CLOSED]


@pytest.mark.parametrize(
    "off",
    [run(100, 150, km=9.0), run(100, 150, knots=40.0), run(100, 150, positions=2)],
    ids=["near", "slow", "few"],
)
def test_errors_of_every_day_are_none(off: OffTrack) -> None:
    assert told(heard(1), jumping(A, off)) == []


def test_a_ship_that_is_heard_on_its_track_meanwhile_may_be_two() -> None:
    event = only(told(heard(1), jumping(A, run(100, 150, meanwhile=5))))
    assert event.level is Level.POSSIBLE
    assert event.against[0].code == "heard_meanwhile"


def test_two_ships_under_one_number_have_no_jumps() -> None:
    assert told(heard(1), jumping(A, run(100, 150), shared=True)) == []


def test_vessels_that_do_not_count_have_no_event_of_their_own() -> None:
    assert told(heard(1), jumping(A, run(100, 150), role=Role.OTHER)) == []


@pytest.mark.parametrize(("count", "level"), [(3, Level.POSSIBLE), (8, Level.PROBABLE)])
def test_ships_that_jump_to_one_place_are_one_event(count: int, level: Level) -> None:
    event = only(told(heard(count), fleet(count)))
    assert (event.level, event.status) == (level, Status.CLOSED)
    anomaly = event.position_anomaly
    assert anomaly is not None
    assert (anomaly.kind, anomaly.vessel_count, len(event.vessels)) == ("region", count, count)
    assert anomaly.false_position is not None
    assert (anomaly.false_position.lon, anomaly.false_position.lat) == FALSE


def test_ships_of_one_area_that_jump_wherever_to_are_one_event() -> None:
    ships = [
        one
        for i in range(5)
        for one in jumping(A + i, run(100 + i, 160, false=(20.0 + 3 * i, 55.0 + i), km=300.0))
    ]
    event = only(told(heard(5), ships))
    assert event.position_anomaly is not None
    assert event.position_anomaly.vessel_count == 5
    assert event.position_anomaly.false_position is None


def test_ships_that_jump_elsewhere_at_other_times_make_no_region() -> None:
    ships = [
        one
        for i in range(6)
        for one in jumping(A + i, run(100 + 80 * i, 150 + 80 * i, false=(20.0 + 3 * i, 55.0)))
    ]
    events = latest(told(heard(6), ships))
    assert {event.position_anomaly.kind for event in events if event.position_anomaly} == {"jumps"}


def test_the_event_of_one_ship_is_taken_back_when_others_follow() -> None:
    first = jumping(A, run(100, 130))
    others = [one for i in (1, 2, 3) for one in jumping(A + i, run(160 + i, 190))]
    events = latest(told(heard(4), [*first, *others]))
    kinds = {event.position_anomaly.kind: event for event in events if event.position_anomaly}
    assert kinds["jumps"].status is Status.RETRACTED
    assert kinds["region"].id in kinds["jumps"].against[-1].text
    assert kinds["region"].position_anomaly is not None
    assert kinds["region"].position_anomaly.vessel_count == 4


def test_a_region_names_at_most_twenty_ships_and_those_that_count_first() -> None:
    event = only(told(heard(30), fleet(30, spread=0.001)))
    assert event.position_anomaly is not None
    assert event.position_anomaly.vessel_count == 30
    assert len(event.vessels) == 20
    assert [vessel.type for vessel in event.vessels[:15]] == ["tanker"] * 15


def test_nothing_depends_on_partitions_and_checkpoints() -> None:
    ships = [*fleet(7), *jumping(A + 20, run(120, 130), run(400, 460), role=Role.TANKER)]
    rows = [*heard(7), ticks(A + 20, DAY_LONG, 90_000.0, origin=AREA)]
    events = [to_json(event) for event in told(rows, ships)]
    assert len(events) > 3
    assert [to_json(event) for event in told(rows, ships, restored=True)] == events
    assert [to_json(event) for event in told(rows, ships, apart=True)] == events


@pytest.mark.parametrize(
    ("knots", "end", "level"),
    [(11.0, 300, Level.PROBABLE), (5.0, 300, Level.POSSIBLE), (11.0, 150, Level.POSSIBLE), (11.0, 100, None)],
)
def test_a_position_that_is_frozen_with_speed(knots: float, end: float, level: Level | None) -> None:
    events = told([ticks(A, DAY_LONG, origin=(135.5, 40.5))], frozen_at((135.5, 40.5), knots, end))
    assert [event.level for event in latest(events)] == ([] if level is None else [level])


def frozen_at(place: tuple[float, float], knots: float, end: float) -> list[Identity]:
    stay = Stay(at(60), *place, knots)
    return [identity(A), identity(A, minute=80, places=Places(frozen=stay)), identity(A, minute=end)]


@pytest.mark.parametrize(("steady", "level"), [(True, Level.PROBABLE), (False, Level.POSSIBLE)])
def test_a_circle_is_probable_with_a_steady_heading(steady: bool, level: Level) -> None:
    stay = Stay(at(60), *AREA, 12.0, 1500.0, steady)
    known = [identity(A), identity(A, minute=95, places=Places(circle=stay)), identity(A, minute=300)]
    event = only(told(heard(1), known))
    assert (event.level, event.status) == (level, Status.CLOSED)
    assert event.position_anomaly is not None
    assert event.position_anomaly.radius_km == 1.5


def circle(minutes: np.ndarray[Any, Any], period: float, radius: float, noise: float = 0.0) -> Any:
    random = np.random.default_rng(1)
    angle = 2 * np.pi * minutes / period
    x, y = radius * np.sin(angle), radius * np.cos(angle)
    return x + random.normal(0, noise, len(x)), y + random.normal(0, noise, len(x))


@pytest.mark.parametrize(
    ("period", "radius", "noise", "lasts", "every", "found"),
    [
        (15, 1000, 15, 75, 1.0, True),
        (25, 3000, 0, 75, 1.0, True),
        (34, 1500, 10, 100, 0.25, True),
        (40, 1500, 10, 120, 2.0, True),
        (15, 60, 5, 75, 1.0, False),
        (90, 3000, 0, 75, 1.0, False),
        (15, 1000, 400, 75, 1.0, False),
    ],
    ids=["circle", "wide", "slow", "slow, heard rarely", "at anchor", "one turn", "scattered"],
)
def test_what_a_circle_is(
    period: float, radius: float, noise: float, lasts: float, every: float, found: bool
) -> None:
    minutes = np.arange(0, lasts, every)
    lon, lat = lon_lat(*circle(minutes, period, radius, noise))
    circling: Circling | None = None
    for step in np.array_split(np.arange(len(minutes)), round(lasts / 5)):
        rows = fixes(A, minutes[step])
        rows["lon"], rows["lat"], rows["heading"] = lon[step], lat[step], 90.0
        circling = observe(circling, rows, turns=True)
    assert circling is not None
    stay = circling.found
    assert (stay is not None) is found
    if stay is not None:
        assert stay.radius_metres == pytest.approx(radius, rel=0.05)
        assert stay.knots == pytest.approx(2 * np.pi * radius / (period * 60) / 0.5144, rel=0.05)
        assert stay.steady_heading


@pytest.mark.parametrize("every", [1.0, 1 / 6])
def test_which_tracks_turn(every: float) -> None:
    minutes = np.arange(0, 6, every)
    round_it = fixes(A, minutes, *circle(minutes, 20, 500))
    rows = np.concatenate([round_it, fixes(B, minutes, 300 * minutes), round_it[:2], fixes(B, minutes)])
    starts = np.array([0, 1, 2, 2]) * len(minutes) + [0, 0, 0, 2]
    assert turning(rows, starts).tolist() == [True, False, False, False]


def test_a_jump_is_over_when_the_ship_is_back_from_several_false_places() -> None:
    here, there = run(100, 130), run(120, 150, false=(FALSE[0] + 1, FALSE[1]))
    both = run(100, 150, positions=40)
    known = [
        identity(A, minute=minute, places=places)
        for minute, places in (
            (100, Places(jump=replace_end(here))),
            (120, Places(jump=replace_end(there))),
            (155, Places(off_track=(both,))),
        )
    ]
    event = only(told(heard(1), [identity(A), *known]))
    assert event.status is Status.CLOSED
    assert minute_of(event.detected) <= 150 + 6 * 60 + 60  # not as if it had stayed at the second one


@pytest.mark.parametrize(
    "name",
    ["spoofed_twice", "spoofed_circle", "frozen_position", "turning_circles", "shared_mmsi", "wild_fix"],
)
@pytest.mark.parametrize("noise", ["none", "normal"])
def test_scenarios(name: str, noise: str) -> None:
    recording = simulate(name, 1, noise)
    found = [
        event for event in latest_of(find({"a": frames("a", recording.lines)})) if event.position_anomaly
    ]
    wanted = [one.mmsis for one in recording.truth.events if one.type is EventType.POSITION_ANOMALY]
    assert [event.mmsis for event in found if event.level is Level.PROBABLE] == wanted


@pytest.mark.parametrize(
    ("name", "code"), [("spoofed_grid", "grid"), ("spoofed_loop", "repeated"), ("across_land", "unreached")]
)
def test_what_no_ship_sails_is_one_event(name: str, code: str) -> None:
    recording = simulate(name, 1, "normal")
    event = only(e for e in find({"a": frames("a", recording.lines)}) if e.position_anomaly)
    assert code in {reason.code for reason in event.reasons}


def test_a_ship_that_sails_round_the_land_is_no_anomaly() -> None:
    recording = simulate("round_land", 1, "normal")
    assert not [e for e in find({"a": frames("a", recording.lines)}) if e.position_anomaly]


def test_a_silence_across_land_soon_after_another_is_told_beside_it() -> None:
    west, east = (124.95, 36.75), (130.0, 37.4)
    there = Crossing(at(0), *west, at(300), *east)
    back = Crossing(at(302), *east, at(340), *west)
    known = [
        identity(A, Role.TANKER),
        identity(A, Role.TANKER, 300, places=Places(crossing=there)),
        identity(A, Role.TANKER, 340, places=Places(crossing=back)),
        identity(A, Role.TANKER, 900, places=Places(crossing=back)),  # told once
    ]
    for restored in (False, True):
        events = told([ticks(A, DAY_LONG, origin=west)], known, restored=restored)
        assert [event.start for event in events] == [to_text(there.time), to_text(back.time)]


def latest_of(events: Iterable[Event]) -> list[Event]:
    """The highest revision of each event that is not taken back."""
    last = {event.id: event for event in events}
    return [event for event in last.values() if event.status is not Status.RETRACTED]


@pytest.mark.parametrize("name", ["spoofed_circle", "frozen_position", "across_land"])
def test_snapshots_and_frames_change_nothing(name: str) -> None:
    lines = simulate(name, 3, "normal").lines
    whole = [to_json(event) for event in find({"a": frames("a", lines)})]
    core, events = Core(["a"], RULES), list[Event]()
    for frame in frames("a", lines, 97):
        events += core.feed(frame).events
        state, core = core.snapshot(), Core(["a"], RULES)
        core.restore(state)
    events += core.end("a").events
    assert [to_json(event) for event in events] == whole
    assert any(event.position_anomaly for event in events)


def test_a_jammed_region_is_one_event_that_others_name() -> None:
    recording = simulate("jammed_region", 1, "normal")
    event = only(e for e in find({"a": frames("a", recording.lines)}) if e.position_anomaly)
    (wanted,) = [one for one in recording.truth.events if one.type is EventType.POSITION_ANOMALY]
    assert (event.level, event.mmsis) == (Level.PROBABLE, wanted.mmsis)
