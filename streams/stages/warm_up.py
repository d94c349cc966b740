"""Warm up: has all compiled loops made before the first line comes, where a pause would disturb."""

from typing import Final

import numpy as np

from geofences.distance import shore_distance_km
from geofences.sea_distance import sea_distances_km
from models.frame import Frame
from models.report import POSITION, STATIC, Reports
from models.tick import TICK
from models.time import END, HOUR
from models.watchlist import Watchlist
from streams.decoding.decoder import Decoder
from streams.decoding.lines.byte_spans import ByteSpans
from streams.decoding.lines.line_breaks import line_breaks
from streams.decoding.quick_times import quick_times
from streams.decoding.transmissions import Transmissions
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.encounters.whereabouts import places
from streams.detection.gaps.heard import area
from streams.detection.gaps.reception import Reception
from streams.detection.ticks.nearby import pairs_within
from streams.detection.ticks.neighbours import Fresh
from streams.detection.ticks.packed import Packed, places_of
from streams.stages.rules import Rules
from streams.stages.settings import Settings
from streams.stages.vessel_stage import VesselStage

_LINES: Final = (
    rb"\s:a,c:1700000000*5B\!AIVDM,1,1,,A,144Fps002uaOCARF46Q=tK601NM8,0*70",
    rb"\s:b,c:1700000000*58\!AIVDM,1,1,,A,144Fps002uaOCARF46Q=tK601NM8,0*70",
    rb"\s:a,c:1700000000*5B\!AIVDM,1,1,,A,144Fps002uaOCARF46Q=tK601NM9,0*71",
    rb"\s:a,c:1700000000*5B\!AIVDM,1,1,,A,402;bFQv@kkLc00Dl4LE52100@J6,0*58",
    rb"\s:a,c:1700000060*5D\!AIVDM,1,1,,A,144Fps002uaOCARF46Q=tK601NM:,0*72",
)
"""Sentences of two stations: one transmission that both heard, another of the same moment, a base station."""


_STEPS: Final = 32
"""Of the grid, in which a ship makes way: enough for its positions to be looked at for a grid."""


def unfold_maps() -> None:
    """Have the coastline and the distances by sea ready: the first question takes a fifth of a second."""
    unfold_coastline()
    sea_distances_km(0.0, 0.0)


def unfold_coastline() -> None:
    """The coastline alone, which nearly every run needs."""
    shore_distance_km(np.zeros(1), np.zeros(1))


def warm_up() -> None:
    """Decode lines, follow a ship and look for a meeting; it takes seconds where the loops are not in the
    cache."""
    _decode()
    warm_up_stages()


def _decode() -> None:
    text = b"\n".join(_LINES) + b"\n"
    quick_times(text)
    line_breaks(text)
    decoder = Decoder("")
    decoder.feed(Frame("", text))
    decoder.restore(decoder.snapshot())
    decoder.end()
    decoder.advance(decoder.watermark)
    ByteSpans.of([b""]).compact()
    Transmissions(0).pack()


def warm_up_stages() -> None:
    """The same for what stands behind the Decoder."""
    rules = Rules(Settings(), [], Watchlist())
    fixes = np.zeros(_STEPS, POSITION)
    fixes["time"] = 1 + np.arange(1, 1 + _STEPS) * rules.settings.vessel.grid.step
    fixes["mmsi"], fixes["type"], fixes["lon"] = 230_000_001, 1, np.sqrt(np.arange(_STEPS))
    fixes["lat"], fixes["status"] = fixes["lon"], 15
    fixes["lon"][1] = 90.0  # where it can't have come: for a while it has two tracks
    says = np.zeros(1, STATIC)
    says["time"], says["mmsi"], says["type"] = fixes["time"][0], fixes["mmsi"][0], 5
    follower = VesselStage(rules)
    follower.feed(Reports("", positions=fixes, statics=says))
    follower.advance(END)
    pairs_within(np.eye(3), np.eye(3), 1.0)
    ticks = np.zeros(1, TICK)
    Packed.of(ticks).rows()
    Fresh([0], [0, 1], ticks, np.zeros(1, np.int64), np.ones(1, bool)).together([(0, 0, 0, 0)])
    vessel, time = np.ones(1, np.int64), np.zeros(1, np.int64)
    places(vessel, time, ticks, 1, EncounterSettings())
    places_of(vessel, vessel)
    reception, anywhere = Reception(rules.settings.meeting.reception, HOUR, set()), area(0.0, 0.0)
    for hour in (0, HOUR):
        ticks["time"] = hour
        reception.learn(ticks, hour)
    reception.neighbours(1, HOUR, anywhere, 2 * HOUR)
    reception.seen(anywhere)
