"""Row statics: the static data that rows repeat, written where it is new and now and then."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.time import MINUTE
from streams.decoding.lines.sentence import ATTACHED, checksum
from streams.decoding.records import values
from streams.decoding.records.record import Record
from streams.recordings.formats.batch import Batch, Floats, Ints

_STATIC_EVERY: Final = 6 * MINUTE
"""How often transponders send static data (ITU-R M.1371-5, annex 1), in milliseconds: a slot."""
_HOUR: Final = 10  # slots
_MOST_VESSELS: Final = 1_000_000


@dataclass(slots=True)
class _Said:
    """The static data of a vessel as it was written last: since when it is the same, and when it was."""

    content: tuple[Any, ...]
    kind: int
    sentences: bytes
    first: int
    slot: int

    def is_due(self, slot: int) -> bool:
        """Whether to write it again: once soon, so that it counts, and then every hour."""
        return slot != self.slot and (slot <= self.first + 1 or slot // _HOUR != self.slot // _HOUR)


@dataclass(slots=True)
class RowStatics:
    """`places` says which columns there are, `numbers` gives one of them in the units of AIS."""

    places: dict[str, int]
    numbers: Callable[[Batch, str], Floats]
    _said: dict[int, _Said] = field(default_factory=dict)  # by MMSI

    def sentences(self, batch: Batch, mmsi: Ints, times: Ints, kind: Ints) -> dict[int, bytes]:
        """By row, sentences with static data: where they are new, six minutes later, and every hour."""
        parts = _static_columns(batch, self.places, self.numbers)
        if not parts or not batch.rows:
            return {}
        table = np.stack([part.index for part in parts], axis=1)
        distinct, which = np.unique(table, axis=0, return_inverse=True)
        which = which.reshape(-1)
        said = [
            tuple(part.values[i] for part, i in zip(parts, row, strict=True)) for row in distinct.tolist()
        ]
        full = np.array([any(found for found in row) for row in said])
        slots = times // _STATIC_EVERY
        wanted = full[which] & (kind != 4) & (kind != 9) & (kind != 27) & (mmsi > 0)
        rows = np.flatnonzero(wanted)
        rows = rows[np.argsort(mmsi[rows], kind="stable")]
        changed = np.ones(len(rows), np.bool_)  # against the row of the same vessel before
        changed[1:] = np.any([each[rows][1:] != each[rows][:-1] for each in (mmsi, which, slots)], axis=0)
        first = rows[changed]
        own = np.flatnonzero(wanted & np.isin(kind, (5, 24)))  # messages of their own are all written
        found: dict[int, bytes] = {}
        names = [part.name for part in parts]
        is_own = set(own.tolist())
        for row in np.union1d(first, own).tolist():
            content, slot, vessel = said[int(which[row])], int(slots[row]), int(mmsi[row])
            last = self._said.get(vessel)
            if last is None or last.content != content or last.kind != int(kind[row]):
                if len(self._said) > _MOST_VESSELS:
                    self._said.clear()
                sentences = _static_sentences(vessel, int(kind[row]), dict(zip(names, content, strict=True)))
                self._said[vessel] = last = _Said(content, int(kind[row]), sentences, slot, slot)
            elif row not in is_own and not last.is_due(slot):
                continue
            last.slot = slot
            found[row] = last.sentences
        return {row: sentences for row, sentences in found.items() if sentences}

    def told(self, batch: Batch) -> npt.NDArray[np.bool_]:
        """Rows with static data. Where it is not written, it was lately: the row is a repeat, not empty."""
        parts = _static_columns(batch, self.places, self.numbers)
        full = np.zeros(batch.rows, np.bool_)
        for part in parts:
            full |= np.array([bool(value) for value in part.values] or [False])[part.index]
        return full


@dataclass(frozen=True, slots=True)
class _Static:
    name: str
    values: list[Any]
    index: Ints


def _static_columns(
    batch: Batch, has: dict[str, int], numbers: Callable[[Batch, str], Floats]
) -> list[_Static]:
    found = []
    for name, read in (("imo", values.imo), ("name", values.text), ("callsign", values.text)):
        if name in has:
            texts, which = batch.texts(name)
            found.append(_Static(name, [read(text) for text in texts], which))
    if "destination" in has:
        texts, which = batch.texts("destination")
        found.append(_Static("destination", [values.text(text) for text in texts], which))
    if "ship_type" in has:
        texts, which = batch.texts("ship_type")
        cargo, of = batch.texts("cargo") if "cargo" in has else ([""], np.zeros(batch.rows, np.int64))
        pairs, index = (
            np.unique(which * len(cargo) + of, return_inverse=True) if batch.rows else (which, which)
        )
        joined = [divmod(pair, len(cargo)) for pair in pairs.tolist()]
        types = [values.ship_type(texts[kind], cargo[load]) for kind, load in joined]
        found.append(_Static("ship_type", types, index.reshape(-1)))
    for name in ("length", "width", "to_bow", "to_stern", "to_port", "to_starboard", "draught"):
        if name in has:
            column = np.nan_to_num(numbers(batch, name), nan=0.0)
            distinct, which = np.unique(column, return_inverse=True)
            found.append(_Static(name, distinct.tolist(), which.reshape(-1)))
    return found


def _static_sentences(mmsi: int, kind: int, said: dict[str, Any]) -> bytes:
    sides = [said.get(f"to_{side}", 0) for side in ("bow", "stern", "port", "starboard")]
    if not any(sides):
        sides = [0, said.get("length", 0), 0, said.get("width", 0)]
    most = (511, 511, 63, 63)
    size = tuple(int(min(max(0, round(side)), top)) for side, top in zip(sides, most, strict=True))
    class_b = kind in (18, 19, 24)
    record = Record(
        mmsi=mmsi,
        kind=24 if class_b else 5,
        class_b=class_b,
        imo=said.get("imo", 0),
        name=said.get("name", ""),
        callsign=said.get("callsign", ""),
        destination=said.get("destination", ""),
        ship_type=said.get("ship_type", 0),
        size=size,  # type: ignore[arg-type]
        draught=said.get("draught"),
    )
    return b"".join(_sentence(payload.text, payload.fill) for payload in record.payloads())


def detached(sentences: bytes) -> bytes:
    """The same where no position stands before them, so that the first one adds to nothing."""
    first, mark, others = sentences[1:].partition(b"!")
    payload, fill = first[: first.index(b"*")].split(b",")[5:]
    return _sentence(payload, int(fill), b"") + mark + others


def _sentence(payload: bytes, fill: int, channel: bytes = ATTACHED) -> bytes:
    body = b"AIVDM,1,1,,%s,%s,%d" % (channel, payload, fill)
    return b"!%s*%02X" % (body, checksum(body))
