"""Rerun: the replay of what is in a bundle, the same when it is made and when it is checked."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from geofences.land import land_clip
from models.errors import UNDECODABLE
from models.event import Event
from models.frame import Frame
from models.sighting import Sighting
from models.time import to_text
from streams.evidence import claims, members
from streams.evidence.bundle import Bundle
from streams.evidence.errors import EvidenceError
from streams.evidence.live import live_arrivals
from streams.evidence.order import steps_of
from streams.evidence.witness import Witness, ignore
from streams.output.report import plot_thresholds, render
from streams.recordings.arrivals import Source
from streams.recordings.summary import Summary
from streams.stages.core import Core
from streams.stages.intake import ReportFilter
from streams.stages.rules import Rules

_WHOLE: Final = "This is the report of evidence: other events in the recordings are left out."
_MINIMAL: Final = (
    "This is the report of a minimal bundle: only positions and contacts are claimed (claims.json). Levels, "
    "scores and reasons are as they were published, and not proved by it."
)


@dataclass(frozen=True, slots=True)
class Rerun:
    """What came out: all revisions of the events, and the members that are made from them."""

    events: tuple[Event, ...]
    made: Mapping[str, bytes]


@dataclass(slots=True)
class Steps:
    """Counts how often sources were read."""

    count: int = 0

    def counted(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        while True:
            self.count += 1
            frame = next(frames, None)
            if frame is None:
                return
            yield frame


def rerun(
    bundle: Bundle,
    rules: Rules,
    sightings: Sequence[Sighting],
    lines: Sequence[Iterator[Frame]],
    order: Iterable[bytes],
    state: bytes | None,
    published: Sequence[Event],
    on_progress: Callable[[Summary], None] = ignore,
) -> Rerun:
    """Replay the lines of each source of a bundle, and make the report of what comes out.

    `order` has the rows of order.jsonl, if it is of a deployment, and `state` is the snapshot that it begins
    with. Raises EvidenceError where that can't be read.
    """
    names = () if bundle.live else [source.name for source in bundle.sources]
    core = core_of(names, bundle, rules, sightings, state)
    heard, steps = Witness.of(published, fixes=bundle.minimal), Steps()
    if bundle.live:
        worked_off = live_arrivals(core.intake, steps_of(bundle, order, lines, sightings))
        summary = heard.listening(core, on_progress=on_progress).follow(worked_off)
    else:
        sources = [
            Source(source.name, steps.counted(frames), lambda first=source.first: first)  # type: ignore[misc]
            for source, frames in zip(bundle.sources, lines, strict=True)
        ]
        cut = bool if bundle.minimal else lambda: steps.count >= bundle.steps
        summary = heard.replay(core, sources, cut, on_progress)
    summary.problems = list(bundle.problems)
    shown = published if bundle.minimal else heard.events
    settings = rules.settings
    page = render(
        shown,
        heard.tracks(),
        rules.surroundings.fences,
        summary,
        land_clip,
        plot_thresholds(settings),
        settings.ledger,
        _MINIMAL if bundle.minimal else _WHOLE,
    )
    made = {members.REPORT: page.encode("utf-8", "backslashreplace")}
    if bundle.minimal:
        made[members.CLAIMS] = claims.to_json(claims.claims(published, heard))
    return Rerun(tuple(heard.events), made)


def core_of(
    names: Sequence[str], bundle: Bundle, rules: Rules, sightings: Sequence[Sighting], state: bytes | None
) -> Core:
    """The stages at the start of a bundle. Raises EvidenceError where the state can't be read."""
    selection = ReportFilter(bundle.selection.start, bundle.selection.end, bundle.selection.box)
    try:
        core = Core(names, rules, selection, bundle.hints)
    except ValueError as error:  # a zone that is not known here
        raise EvidenceError(f"{members.BUNDLE}: {error}") from None
    if state is None:
        core.see(() if bundle.live else sightings)
        return core
    try:
        core.restore(state)
    except (*UNDECODABLE, ValueError, LookupError, TypeError) as error:
        at = "" if bundle.snapshot_at is None else f" of {to_text(bundle.snapshot_at)}"
        raise EvidenceError(
            f"{members.SNAPSHOT}: the state of the stages{at} can't be read by this version ({error}); check "
            "the bundle with the version that made it, or have one made from the first line on"
        ) from None
    return core
