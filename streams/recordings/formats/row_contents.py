"""Row contents: the static data that rows have, worked out once for all rows with the same cells."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np

from streams.decoding.lines.sentence import ATTACHED, checksum
from streams.decoding.records import values
from streams.decoding.records.record import Record
from streams.recordings.formats.batch import Batch, Flags, Ints
from streams.recordings.formats.row_reader import RowReader, Rows

_TEXTS: Final = ("imo", "name", "callsign", "destination")
_NUMBERS: Final = ("length", "width", "to_bow", "to_stern", "to_port", "to_starboard", "draught")
_MOST: Final = 1 << 16
"""Rows of different cells that are remembered, unless more vessels need them."""
_PARTS: Final = 24

Content = tuple[Any, ...]
"""The static data of a row, by the columns that there are."""


class Contents(NamedTuple):
    """The contents of rows of a batch: `cells` are the same in rows with the same texts and numbers, `ids` in
    rows that say the same."""

    cells: Ints
    ids: Ints


class RowContents:
    """Of one table, read by `reader`. A content has the same id as long as it is held."""

    def __init__(self, reader: RowReader) -> None:
        self._reader = reader
        self._known: dict[bytes, tuple[int, int]] = {}  # by cells
        self._cells: dict[tuple[bytes, Content], int] = {}
        self._ids: dict[Content, int] = {}
        self._contents: list[Content] = []
        self._full = np.zeros(1024, np.bool_)  # whether there is anything in each
        self._read: tuple[int, tuple[str, ...]] = (-1, ())  # how cells were understood
        self.most = _MOST

    def of(self, batch: Batch) -> Contents:
        has = self._reader.has
        texts: list[str] = [name for name in _TEXTS if name in has]
        numbers = [name for name in _NUMBERS if name in has]
        if "ship_type" in has:
            texts += ["ship_type", "cargo"] if "cargo" in has else ["ship_type"]
        understood = self._reader.changes, (*texts, *numbers)
        if understood != self._read:
            self._forget()
            self._read = understood
        if not understood[1] or not batch.rows:
            same = np.zeros(batch.rows, np.int64)
            return Contents(same, same + self._id(()))
        keys, which = batch.columns.together(texts, numbers)
        new = np.array([i for i, key in enumerate(keys) if key not in self._known], np.int64)
        if len(new):
            first = np.empty(len(keys), np.int64)
            first[which[::-1]] = np.arange(batch.rows)[::-1]
            found = self._contents_of(batch.take(first[new]))
            for key, content in zip([keys[i] for i in new.tolist()], found, strict=True):
                said = (
                    b"\n".join(key.split(b"\n", len(texts))[: len(texts)]),
                    content[len(content) - len(numbers) :],
                )
                self._known[key] = self._cells.setdefault(said, len(self._cells)), self._id(content)
        same, ids = np.array([self._known[key] for key in keys], np.int64).T
        return Contents(same[which], ids[which])

    def full(self, ids: Ints) -> Flags:
        """Which contents have anything."""
        full: Flags = self._full[ids]
        return full

    def spoken(self, ids: Ints, kind: Ints) -> Flags:
        """Which have anything that rows of these message types say."""
        full = self.full(ids)
        for each in np.unique(ids[full & (kind == _PARTS)]).tolist():
            if not self.sentences(each, 1, _PARTS):
                full[(ids == each) & (kind == _PARTS)] = False
        return full

    def sentences(self, content: int, mmsi: int, kind: int) -> bytes:
        """The sentences that say it of a vessel; the first adds to a position before it. None where messages
        of this kind can't say it."""
        said = dict(zip(self._names(), self._contents[content], strict=False))
        return _static_sentences(mmsi, kind, said)

    def keep(self, used: Ints) -> Ints:
        """Forget all contents but these. Returns their new ids."""
        distinct, which = np.unique(used, return_inverse=True)
        self._contents = [self._contents[each] for each in distinct.tolist()]
        self._ids = {content: place for place, content in enumerate(self._contents)}
        self._full[: len(distinct)] = self._full[distinct]
        self._forget()
        self.most = max(_MOST, 2 * len(self._contents))
        return which.reshape(-1).astype(np.int64)

    @property
    def held(self) -> int:
        """How many rows of different cells are remembered."""
        return max(len(self._known), len(self._contents))

    def _forget(self) -> None:
        self._known.clear()
        self._cells.clear()

    def _names(self) -> list[str]:
        return [name for name in (*_TEXTS, "ship_type", *_NUMBERS) if name in self._read[1]]

    def _id(self, content: Content) -> int:
        known = self._ids.setdefault(content, len(self._contents))
        if known == len(self._contents):
            self._contents.append(content)
            if known == len(self._full):
                self._full = np.concatenate((self._full, self._full))
            self._full[known] = any(content)
        return known

    def _contents_of(self, batch: Batch) -> list[Content]:
        """Of each row."""
        columns: list[list[Any]] = []
        for name in _TEXTS:
            if name in self._read[1]:
                read = values.imo if name == "imo" else values.text
                texts, which = batch.texts(name)
                said = [read(text) for text in texts]
                columns.append([said[i] for i in which.tolist()])
        if "ship_type" in self._read[1]:
            kinds, which = batch.texts("ship_type")
            cargo, of = batch.texts("cargo") if "cargo" in self._read[1] else ([""], np.zeros_like(which))
            pairs = zip(which.tolist(), of.tolist(), strict=True)
            columns.append([values.ship_type(kinds[kind], cargo[load]) for kind, load in pairs])
        columns += (
            np.nan_to_num(self._reader.numbers(batch, name), nan=0.0).tolist()
            for name in _NUMBERS
            if name in self._read[1]
        )
        return list(zip(*columns, strict=True))


def silent(rows: Rows, contents: RowContents, ids: Callable[[Ints], Ints]) -> Flags:
    """Which rows tell neither a place nor static data. `ids` gives the contents of some rows."""
    found = rows.own | rows.bad
    chosen = np.flatnonzero(found)
    if len(chosen):
        found[chosen] = ~contents.spoken(ids(chosen), rows.kind[chosen])
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
    return b"".join(sentence(payload.text, payload.fill) for payload in record.payloads())


def sentence(payload: bytes, fill: int, channel: bytes = ATTACHED) -> bytes:
    """A sentence that holds a whole message."""
    body = b"AIVDM,1,1,,%s,%s,%d" % (channel, payload, fill)
    return b"!%s*%02X" % (body, checksum(body))
