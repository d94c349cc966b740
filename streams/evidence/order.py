"""Order: the raw frames of a deployment as `order.jsonl` tells them, one a row, without their lines.

The lines of a source are in `lines/N.txt`; a row of kind `lines` takes the next frame of them. So sources can
be read one by one, and still be worked off in the order in which their frames came.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

import msgspec

from geofences.drawn import check_version
from models.drawn_fence import FenceVersion
from models.errors import UNDECODABLE
from models.frame import Frame
from models.sighting import Sighting
from models.source_hints import NO_HINTS
from models.time import Millis
from streams.evidence import members
from streams.evidence.bundle import Bundle
from streams.evidence.errors import EvidenceError
from streams.evidence.live import Step

_LONGEST: Final = 1 << 22


Kind = Literal["lines", "sightings", "idle", "end", "drawn"]


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    source: int
    """Its place in the list of sources, from 1; 0 for drawn fences, which come of none."""
    kind: Kind
    received: Millis | None = None
    sightings: int = 0
    """How many of sightings.jsonl are its own."""
    registers: tuple[str, ...] = ()
    drawn: tuple[FenceVersion, ...] = ()


def row_of(step: Step, source: int) -> bytes:
    """The row of a frame of the source with this number, with its line feed."""
    if step.drawn is not None:
        return msgspec.json.encode(_Row(0, "drawn", drawn=step.drawn)) + b"\n"
    kind: Kind = "idle"
    if step.ends:
        kind = "end"
    elif step.lines is not None:
        kind = "lines"
    elif step.sightings:
        kind = "sightings"
    row = _Row(source, kind, step.received, len(step.sightings), step.registers)
    return msgspec.json.encode(row) + b"\n"


def steps_of(
    bundle: Bundle, order: Iterable[bytes], lines: Sequence[Iterator[Frame]], sightings: Iterable[Sighting]
) -> Iterator[Step]:
    """The frames of a bundle. Raises EvidenceError where its files don't fit together.

    A minimal one tells of fewer lines than there were, so its sources end at last, and nothing is held back.
    """
    seen = iter(sightings)
    for row in _rows(order):
        if row.kind == "drawn":
            yield _drawn(row)
            continue
        if not 0 < row.source <= len(bundle.sources):
            raise _unfit(f"a row names source {row.source} of {len(bundle.sources)}")
        source = bundle.sources[row.source - 1]
        frame = next(lines[row.source - 1], None) if row.kind == "lines" else None
        if row.kind == "lines" and frame is None:
            raise _unfit(f"it names more frames than {members.lines_of(row.source)} has")
        mine = tuple(each for _, each in zip(range(row.sightings), seen, strict=False))
        if len(mine) != row.sightings:
            raise _unfit(f"it names more than {members.SIGHTINGS} has")
        yield Step(
            source=source.name,
            lines=frame,
            sightings=mine,
            received=row.received,
            ends=row.kind == "end",
            hints=source.hints or NO_HINTS,
            registers=row.registers,
        )
    for number, left in enumerate(lines, 1):
        if next(left, None) is not None:
            raise _unfit(f"it names fewer frames than {members.lines_of(number)} has")
    if next(seen, None) is not None:
        raise _unfit(f"it names fewer than {members.SIGHTINGS} has")
    for source in bundle.sources if bundle.minimal else ():
        yield Step(source=source.name, ends=True)


def _drawn(row: _Row) -> Step:
    try:
        for version in row.drawn:
            check_version(version)
    except ValueError as error:
        raise _unfit(f"a drawn fence is none: {error}") from None
    return Step(source="", drawn=row.drawn)


def _rows(pieces: Iterable[bytes]) -> Iterator[_Row]:
    decoder = msgspec.json.Decoder(_Row)
    rest = b""
    for piece in pieces:
        *rows, rest = (rest + piece).split(b"\n")
        if len(rest) > _LONGEST:
            raise _unfit("a row without end")
        for row in rows:
            try:
                yield decoder.decode(row)
            except UNDECODABLE as error:
                raise _unfit(str(error)) from None
    if rest:
        raise _unfit("its last row breaks off")


def _unfit(why: str) -> EvidenceError:
    return EvidenceError(f"{members.ORDER}: does not fit the other files ({why}); the bundle was changed")
