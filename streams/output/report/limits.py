"""The limits of the rules, as set for a run, for the plots: which line a value has to stay under."""

from collections.abc import Mapping

from models.event import EventType
from streams.stages.settings import Settings

Limits = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Lines in the plots: event type, plot ("distance" in metres, "speed" in knots), name, value."""


def limits_of(settings: Settings) -> Limits:
    encounter, loitering = settings.meeting.encounter, settings.vessel.detectors.loitering
    return {
        EventType.ENCOUNTER.value: {
            "distance": {"Contact begins": encounter.near_metres},
            "speed": {"Slow": encounter.slow_knots},
        },
        EventType.LOITERING.value: {"speed": {"Slow": loitering.slow_knots}},
    }
