"""Stored vessels: what a checkpoint holds of a vessel, its row of the columns and its folded state. A vessel
that sleeps has its state as msgpack instead.

So no object is made of it at either end. What these mean depends on the layout of the columns and on what
states are folded with: a checkpoint holds both beside the vessels. Snapshots, and versions before, have whole
states instead.
"""

from ast import literal_eval
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from models.report import Rows, raw
from streams.detection.vessel_state import interest_of
from streams.stages.fleet import ROW, segments_in
from streams.stages.folding import (
    TYPICAL,
    Folder,
    decoded,
    identity_in,
    is_busy,
    is_silent,
    outline,
    with_track,
)
from streams.tracking.ends import is_ordinary, rows_of
from streams.tracking.resolution import resolution_of
from streams.tracking.track import Segment

_NOT_STORED: Final = {"in_use", "quiet", "looked", "changed", "told"}
"""Columns that are found out again, with the rules of then."""
_STORED: Final = np.dtype([(name, ROW[name]) for name in ROW.names or () if name not in _NOT_STORED])
_AWAKE: Final = b"\x01"
_ASLEEP: Final = b"\x02"
"""Begin what is stored. A whole state is an array of msgpack, which begins with no such byte."""
_BEGIN: Final = 1
_END: Final = _BEGIN + _STORED.itemsize
"""Where the row is; the state follows."""


Vessels = tuple[Rows, list[bytes]]
"""The columns of vessels, ROW, and their states."""


class Layout(msgspec.Struct, frozen=True, array_like=True):
    """What stored vessels are to be read with."""

    columns: str
    """The columns of a row, as numpy describes them."""
    typical: bytes
    """The states that others are folded with."""
    form: int = 1
    """Goes up when a column comes to mean something else, such as what positions are rounded to."""


LAYOUT: Final = Layout(repr(_STORED.descr), TYPICAL)


def stored(rows: Rows, folded: Sequence[bytes]) -> list[bytes]:
    """What a checkpoint holds of each of these vessels; `rows` are ROW."""
    return _stored(_AWAKE, rows, folded)


def stored_asleep(rows: Rows, states: Sequence[bytes]) -> list[bytes]:
    """The same of vessels that sleep; `states` are msgpack, without the tracks that are in columns."""
    return _stored(_ASLEEP, rows, states)


def _stored(mark: bytes, rows: Rows, states: Sequence[bytes]) -> list[bytes]:
    kept, size = np.empty(len(rows), _STORED), _STORED.itemsize
    for name in _STORED.names or ():
        raw(kept[name])[:] = raw(rows[name])
    data = memoryview(kept.tobytes())
    return [b"".join((mark, data[i * size : (i + 1) * size], each)) for i, each in enumerate(states)]


def taken(pieces: Sequence[bytes], layout: Layout | None) -> tuple[Vessels, Vessels]:
    """Vessels that were stored with a layout, or of which the whole states were: those that are awake, with
    folded states, and those that sleep. Raises ValueError, and msgspec's errors, where they can't be read."""
    if layout not in (None, LAYOUT):
        pieces = _whole(pieces, layout)
    rows, folded = _of_states([piece for piece in pieces if piece[:_BEGIN] not in (_AWAKE, _ASLEEP)])
    more, more_folded = _of_stored([piece for piece in pieces if piece.startswith(_AWAKE)])
    awake = np.concatenate([rows, more]), folded + more_folded
    return awake, _of_stored([piece for piece in pieces if piece.startswith(_ASLEEP)])


def _of_stored(pieces: Sequence[bytes]) -> Vessels:
    kept = np.frombuffer(b"".join([piece[_BEGIN:_END] for piece in pieces]), _STORED)
    rows = np.zeros(len(pieces), ROW)
    for name in _STORED.names or ():
        raw(rows[name])[:] = raw(kept[name])
    rows["in_use"] = True
    return rows, [piece[_END:] for piece in pieces]


def _whole(pieces: Sequence[bytes], layout: Layout) -> list[bytes]:
    """The states, as msgpack, of vessels that were stored with another layout."""
    if layout.form != LAYOUT.form:
        raise ValueError("vessels are stored in a form that is not known")
    columns, folder, states = np.dtype(literal_eval(layout.columns)), Folder(layout.typical), list[bytes]()
    for piece in pieces:
        if piece[:_BEGIN] not in (_AWAKE, _ASLEEP):
            states.append(piece)
            continue
        row, state = np.frombuffer(piece, columns, 1, _BEGIN), piece[_BEGIN + columns.itemsize :]
        segments = segments_in(row["ends"], 0) if row["in_columns"][0] else None
        whole = folder.encoded if piece.startswith(_AWAKE) else with_track
        states.append(whole(state, row["last"].item(0), segments))
    return states


def _of_states(states: Sequence[bytes]) -> Vessels:
    """The same of whole states as msgpack, without making objects of them."""
    rows = np.zeros(len(states), ROW)
    if not states:
        return rows, []
    decoded(states[0])  # as nobody else reads all of them
    vessels = list(map(outline, states))
    identities = [identity_in(vessel.identity) for vessel in vessels]
    for name in ("mmsi", "first", "last"):
        rows[name] = [getattr(vessel, name) for vessel in vessels]
    rows["in_use"] = True
    rows["busy"], rows["silent"] = list(map(is_busy, vessels)), list(map(is_silent, vessels))
    rows["class_b"] = [identity.class_b for identity in identities]
    rows["interest"] = list(map(interest_of, identities))
    there, tracks = list[int](), list[Segment]()
    for at, vessel in enumerate(vessels):
        if vessel.rounding:
            rows["step_east"][at], rows["step_north"][at] = resolution_of(vessel.rounding)
            rows["on_lines"][at] = True
        if len(vessel.segments) == 1 and is_ordinary(vessel.segments[0]):
            there.append(at)
            tracks += vessel.segments
            vessel.segments = []
        rows["in_columns"][at] = not vessel.segments
    rows["ends"][there] = rows_of(tracks)
    return rows, list(map(Folder().fold, vessels))
