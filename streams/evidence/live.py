"""Live: what the raw frames of a deployment decode to, worked off in the order in which they came.

Recordings are merged by their times, because all of them are known from the start. The sources of a
deployment come and go: they are registered, end, and speak again, and that is data too.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from models.drawn_fence import FenceVersion
from models.frame import Frame
from models.report import Reports
from models.sighting import Sighting
from models.source_hints import NO_HINTS, SourceHints
from models.time import BEGINNING, Millis
from streams.recordings.arrivals import Arrival
from streams.stages.intake import Arrived, Intake


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One raw frame: lines of a source, what others saw, or only the news that it lives or has ended.

    Or fences that were drawn on the map; then it says nothing of any source.
    """

    source: str
    lines: Frame | None = None
    sightings: tuple[Sighting, ...] = ()
    received: Millis | None = None
    """Without lines: when it was received, if that moves the source on."""
    ends: bool = False
    hints: SourceHints = NO_HINTS
    """Of the source; those of its first frame count."""
    registers: tuple[str, ...] = ()
    """Sources that are known with this frame, and were not before."""
    drawn: tuple[FenceVersion, ...] | None = None
    """Versions of drawn fences; None for any other frame."""


def live_arrivals(intake: Intake, steps: Iterable[Step]) -> Iterator[Arrival]:
    """Work off raw frames as the operators of a deployment do."""
    for step in steps:
        if step.drawn is not None:  # no watermark moves, so they count from the next instant on
            yield Arrival(Arrived(Reports("", drawn=step.drawn), (), BEGINNING), "", {})
            continue
        for source in step.registers:
            intake.register(source)
        try:
            arrived = _arrived(intake, step)
        except (ValueError, OverflowError):  # a dead letter to the operators, too: it changes nothing
            continue
        if step.sightings:
            arrived = replace(arrived, reports=replace(arrived.reports, sightings=step.sightings))
        yield Arrival(arrived, step.source, dict(intake.decoders[step.source].outcomes))


def _arrived(intake: Intake, step: Step) -> Arrived:
    intake.open(step.source, step.hints)
    if step.ends:
        return intake.end(step.source)
    if step.lines is not None:
        return intake.feed(step.lines)
    return intake.idle(step.source, step.received)
