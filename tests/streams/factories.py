"""One simple event, vessel, encounter and tick to vary, and random events of every kind."""

from typing import Any, Final

import msgspec
import numpy as np
from hypothesis import strategies as st

from models.event import (
    Detector,
    Distances,
    Encounter,
    Event,
    EventType,
    Evidence,
    FenceRelation,
    Level,
    PortVisit,
    Position,
    Reason,
    Sample,
    Status,
    Vessel,
)
from models.report import Rows
from models.tick import TICK
from models.time import MINUTE, from_text, to_text
from models.vessel import WatchlistHit

START: Final = from_text("2026-03-01T00:00:00Z")
STEP: Final = 5 * MINUTE


def vessel(mmsi: int, **changes: Any) -> Vessel:
    name = f"{mmsi:09d}"
    return msgspec.structs.replace(Vessel(id=name, ssvid=name), **changes)


def event(number: int = 0, revision: int = 1, minutes: int = 0, **changes: Any) -> Event:
    """A port visit of the vessel with this number, detected so many minutes after START."""
    mmsi = 273_000_000 + number
    made = Event(
        id=f"{number:024x}",
        type=EventType.PORT_VISIT,
        revision=revision,
        status=Status.OPEN,
        level=Level.POSSIBLE,
        start=to_text(START),
        end=None,
        detected=to_text(START + minutes * MINUTE),
        position=Position(lat=42.7, lon=133.0),
        bounding_box=(132.9, 42.6, 133.1, 42.8),
        distances=Distances(start_distance_from_shore_km=1.5),
        vessel=vessel(mmsi, name="OCEAN STAR", flag="RU", type="tanker"),
        port_visit=PortVisit(
            port="RUVYP",
            port_name="Vostochny",
            country="RU",
            confidence=2,
            duration_hours=1.0,
            stopped_hours=0.5,
            entry_seen=False,
            exit_seen=False,
        ),
        score=0.5,
        reasons=(Reason(code="stopped", text="Stopped.", weight=0.2),),
        summary="OCEAN STAR called at Vostochny.",
        evidence=Evidence(
            positions=tuple(
                Sample(time=to_text(START + at * MINUTE), ssvid=f"{mmsi:09d}", lat=42.7, lon=133.0 + at / 1e4)
                for at in (0, 5, 10)
            )
        ),
        detector=Detector(name="port_visit", version="1", settings_hash="0" * 8),
    )
    return msgspec.structs.replace(made, **changes)


def tick(mmsi: int, step: int, lon: float = 131.0, lat: float = 42.5, **values: float) -> Rows:
    """One row of TICK, so many steps of the grid after START."""
    row = np.zeros(1, TICK)
    row["time"], row["mmsi"], row["lon"], row["lat"] = START + step * STEP, mmsi, lon, lat
    row["sog"], row["cog"], row["heading"] = 1.5, np.nan, np.nan
    for name, value in values.items():
        row[name] = value
    return row


def met(other: Vessel, **changes: Any) -> Encounter:
    """An encounter of two hours with this vessel."""
    encounter = Encounter(
        vessel=other,
        median_distance_kilometers=0.04,
        median_speed_knots=0.3,
        min_distance_kilometers=0.03,
        min_hull_gap_meters=4.0,
        median_hull_gap_meters=6.0,
        duration_hours=2.0,
        heading_difference_degrees=3.0,
        position_count=24,
        draught_change_meters=None,
        type="tanker-tanker",
    )
    return msgspec.structs.replace(encounter, **changes)


MMSIS: Final = (273_000_001, 445_000_002, 2_000_003)
IMOS: Final = ("9074729", "9006758", None)
FLAGS: Final = ("RU", "KP", None)
LISTS: Final = ("OFAC SDN", "EU 2017/1509", "mine")
FENCES: Final = (("ru-kozmino", "RU"), ("kp-nampo-roads", "KP"), ("sts-japan-sea", None))

hits = st.lists(
    st.builds(WatchlistHit, list=st.sampled_from(LISTS), entry=st.just("1"), matched_on=st.just("imo")),
    max_size=2,
).map(tuple)


@st.composite
def vessels(draw: st.DrawFn) -> Vessel:
    return vessel(
        draw(st.sampled_from(MMSIS)),
        imo=draw(st.sampled_from(IMOS)),
        flag=draw(st.sampled_from(FLAGS)),
        watchlists=draw(hits),
    )


@st.composite
def events(draw: st.DrawFn) -> Event:
    kind = draw(st.sampled_from(EventType))
    first = event()
    fences = draw(st.lists(st.sampled_from(FENCES), max_size=2, unique=True))
    return msgspec.structs.replace(
        first,
        type=kind,
        status=draw(st.sampled_from(Status)),
        level=draw(st.sampled_from(Level)),
        score=draw(st.sampled_from((0.0, 0.3, 0.5, 1.0))),
        position=Position(lat=draw(latitudes), lon=draw(longitudes)),
        vessel=draw(vessels()),
        encounter=met(draw(vessels())) if kind is EventType.ENCOUNTER else None,
        port_visit=(
            msgspec.structs.replace(first.port_visit, country=draw(st.sampled_from(FLAGS)))
            if kind is EventType.PORT_VISIT and first.port_visit
            else None
        ),
        geofences=tuple(
            FenceRelation(id=name, name=name, kind="port", country=country) for name, country in fences
        ),
    )


longitudes = st.one_of(st.sampled_from((-180.0, -179.5, 0.0, 179.5, 180.0)), st.floats(-180, 180))
latitudes = st.one_of(st.sampled_from((-90.0, 0.0, 42.5, 90.0)), st.floats(-90, 90))
