"""Payloads into rows: the same values as pyais gives, and null where the standard says "not available"."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyais.bit_vector import bit_vector
from pyais.messages import MSG_CLASS

from models.report import Rows
from streams.decoding.dedup import HELD
from streams.decoding.lines.byte_spans import ByteSpans
from streams.decoding.lines.outcome import Outcome
from streams.decoding.payload import (
    LENGTHS,
    ONE_SLOT,
    POSITION_TYPES,
    STATIC_TYPES,
    Content,
    decode_payloads,
    mmsi_of,
    read_content,
)
from streams.decoding.payload_columns import decode_columns, read_heads
from tests.streams.nmea_lines import (
    ARMOUR,
    START,
    class_a,
    payload,
    static,
)


def decode(*texts: tuple[str, int]) -> tuple[Rows, Rows, list[int]]:
    payloads = [text.encode() for text, _ in texts]
    rows = np.zeros(len(texts), HELD)
    rows["time"] = START
    rows["type"] = [ARMOUR.index(text[0]) for text, _ in texts]
    rows["fill"] = [fill for _, fill in texts]
    return decode_payloads(rows, payloads, np.arange(len(texts), dtype=np.int32))


def columns_equal_pyais(contents: list[Content]) -> None:
    """Rows that the compiled loops make are those of pyais, to the last bit."""
    rows = np.zeros(len(contents), HELD)
    rows["time"] = np.arange(len(contents)) + START
    rows["type"] = [content.kind for content in contents]
    rows["fill"] = [content.fill for content in contents]
    payloads = ByteSpans.of([content.payload for content in contents])
    heads = read_heads(payloads, rows["fill"].astype(np.int64))
    assert heads.kind.tolist() == rows["type"].tolist()
    assert heads.mmsi.tolist() == [mmsi_of(content.payload) for content in contents]
    rows["mmsi"] = heads.mmsi
    stations = np.arange(len(contents), dtype=np.int32)
    *expected, failed = decode_payloads(rows, payloads.pieces(), stations)
    assert not failed
    for made, right in zip(decode_columns(rows, payloads, stations), expected, strict=True):
        for name in right.dtype.names or ():
            assert made[name].tobytes() == right[name].tobytes(), name


def valid(kind: int, text: str) -> bool:
    return kind != 24 or ARMOUR.index(text[6]) >> 2 & 3 < 2


@st.composite
def random_payload(draw: st.DrawFn) -> tuple[str, int]:
    """Random bits of a valid length: every type in turn, every field anywhere in its range."""
    kind = draw(st.sampled_from(sorted(LENGTHS)))
    bits = draw(st.sampled_from([length for span in LENGTHS[kind] for length in span if length <= 430]))
    if kind == 24 or kind in ONE_SLOT:
        bits = 168
    if kind == 5:
        bits = 424
    characters = -(-bits // 6)
    text = ARMOUR[kind] + draw(st.text(ARMOUR, min_size=characters - 1, max_size=characters - 1))
    return text, characters * 6 - bits


def none(value: float, *, where: bool) -> float:
    return math.nan if where else value


def equals_pyais(content: Content) -> None:
    """Each field of a message's row is what pyais reads, but for what the standard calls not available.

    The deviations: positions out of range or at 0/0 are null, both coordinates; speeds, courses and headings
    that mean "not available" (or more than 102.1 knots) are null; texts end at the first `@`; the number of a
    ship type stays what it is where pyais has no name for it.
    """
    kind, text, fill = content.kind, content.payload.decode(), content.fill
    said: Any = MSG_CLASS[kind].from_vector(bit_vector(text.encode(), fill))
    assert mmsi_of(text.encode()) == said.mmsi
    positions, statics, failed = decode((text, fill))
    assert not failed
    assert len(positions) == (kind in POSITION_TYPES)
    assert len(statics) == (kind in STATIC_TYPES)
    for row in positions:
        out = abs(said.lon) > 180 or abs(said.lat) > 90 or max(abs(said.lon), abs(said.lat)) <= 0.01
        moving = kind != 4
        tenths = kind not in (9, 27)
        stop = 102.15 if tenths else 63 if kind == 27 else 1022
        expected = {
            "time": START,
            "mmsi": said.mmsi,
            "type": kind,
            "lon": none(said.lon, where=out),
            "lat": none(said.lat, where=out),
            "sog": none(said.speed, where=said.speed >= stop) if moving else math.nan,
            "cog": none(said.course, where=said.course >= 360) if moving else math.nan,
            "heading": none(said.heading, where=said.heading >= 360) if moving and tenths else math.nan,
            "status": int(said.status) if kind in (1, 2, 3, 27) else 15,
        }
        for name, value in expected.items():
            assert row[name] == pytest.approx(value, rel=1e-6, nan_ok=True), name
    for row in statics:
        part = said.partno + 1 if kind == 24 else 0
        boat = hasattr(said, "to_bow")
        assert row["part"] == part
        assert row["name"].decode() == whole(getattr(said, "shipname", ""))
        assert row["callsign"].decode() == whole(getattr(said, "callsign", ""))
        number = bit_vector(text.encode(), fill).get_num({5: 232, 19: 263, 24: 40}[kind], 8)
        assert row["ship_type"] == (0 if part == 1 else number)
        assert row["destination"].decode() == whole(getattr(said, "destination", ""))
        assert row["imo"] == getattr(said, "imo", 0)
        for name in ("to_bow", "to_stern", "to_port", "to_starboard"):
            assert row[name] == (getattr(said, name) if boat else 0)
        if kind == 5:
            assert row["draught"] == pytest.approx(said.draught or math.nan, nan_ok=True)
            assert row["eta"].tolist() == [said.month, said.day, said.hour, said.minute]


@settings(max_examples=600, deadline=None)
@given(random_payload())
def test_rows_equal_pyais(text_and_fill: tuple[str, int]) -> None:
    text, fill = text_and_fill
    kind = ARMOUR.index(text[0])
    content = read_content(text.encode(), fill)
    if mmsi_of(text.encode()) == 0 and valid(kind, text):
        assert content is Outcome.NO_MMSI
        return
    if not valid(kind, text):
        assert content is Outcome.UNDECODABLE
        return
    assert content == Content(kind, text.encode(), fill)
    equals_pyais(content)


def whole(text: str) -> str:
    """pyais reads on behind the `@` that ends a text."""
    return text.partition("@")[0].strip()


# Sentinels, against values written by hand after ITU-R M.1371-5


@pytest.mark.parametrize(
    ("fields", "column", "value"),
    [
        ({"lon": 181 * 600_000}, "lon", math.nan),
        ({"lon": 181 * 600_000}, "lat", math.nan),
        ({"lat": 91 * 600_000}, "lon", math.nan),
        ({"lat": -91 * 600_000}, "lat", math.nan),
        ({"lon": -180 * 600_000}, "lon", -180.0),
        ({"lat": 90 * 600_000}, "lat", 90.0),
        ({"lon": 0, "lat": 0}, "lon", math.nan),
        ({"lon": 6_000, "lat": -6_000}, "lat", math.nan),
        ({"lon": 6_001, "lat": 0}, "lat", 0.0),
        ({"lon": 0}, "lon", 0.0),
        ({"sog": 1023}, "sog", math.nan),
        ({"sog": 1022}, "sog", math.nan),
        ({"sog": 1022}, "lon", 132.0),
        ({"sog": 1021}, "sog", 102.1),
        ({"cog": 3600}, "cog", math.nan),
        ({"cog": 3599}, "cog", 359.9),
        ({"heading": 511}, "heading", math.nan),
        ({"heading": 359}, "heading", 359.0),
        ({"status": 15}, "status", 15),
        ({"status": 1}, "status", 1),
    ],
)
def test_class_a(fields: dict[str, int], column: str, value: float) -> None:
    (row,), _, _ = decode(class_a(273_000_000, **fields))
    assert row[column] == pytest.approx(value, nan_ok=True)


def long_range(sog: int = 10, cog: int = 90, lon: int = 132 * 600) -> tuple[str, int]:
    return payload(
        (27, 6), (0, 2), (1, 30), (0, 2), (5, 4), (lon, 18), (43 * 600, 17), (sog, 6), (cog, 9), (0, 2)
    )


def aircraft(sog: int = 100, cog: int = 900) -> tuple[str, int]:
    return payload(
        (9, 6), (0, 2), (111_000_001, 30), (100, 12), (sog, 10), (0, 1), (132 * 600_000, 28),
        (43 * 600_000, 27), (cog, 12), (0, 40),
    )  # fmt: skip


def class_b(mmsi: int, sog: int = 50) -> tuple[str, int]:
    return payload(
        (18, 6), (0, 2), (mmsi, 30), (0, 8), (sog, 10), (0, 1), (132 * 600_000, 28), (43 * 600_000, 27),
        (900, 12), (511, 9), (60, 6), (0, 29),
    )  # fmt: skip


def base_station() -> tuple[str, int]:
    return payload(
        (4, 6), (0, 2), (2_734_410, 30), (2023, 14), (0, 26), (0, 1), (132 * 600_000, 28),
        (43 * 600_000, 27), (0, 34),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (long_range(), (132, 43, 10, 90, None, 5)),
        (long_range(sog=63, cog=511), (132, 43, None, None, None, 5)),
        (long_range(lon=181 * 600), (None, None, 10, 90, None, 5)),
        (aircraft(), (132, 43, 100, 90, None, 15)),
        (aircraft(sog=1023), (132, 43, None, 90, None, 15)),
        (aircraft(sog=1022, cog=3600), (132, 43, None, None, None, 15)),
        (class_b(1), (132, 43, 5, 90, None, 15)),
        (class_b(1, sog=1023), (132, 43, None, 90, None, 15)),
        (base_station(), (132, 43, None, None, None, 15)),
    ],
)
def test_other_positions(text: tuple[str, int], expected: tuple[float | None, ...]) -> None:
    (row,), _, _ = decode(text)
    values = row[["lon", "lat", "sog", "cog", "heading", "status"]].item()
    assert tuple(None if math.isnan(value) else value for value in values) == expected


def test_static_data_of_class_a() -> None:
    _, (row,), _ = decode((static(273_000_000, imo=9_074_729, dimensions=(0, 120, 0, 18)), 2))
    assert row["name"] == b"A" * 20
    assert row[["part", "imo", "ship_type"]].item() == (0, 9_074_729, 80)
    assert row[["to_bow", "to_stern", "to_port", "to_starboard"]].item() == (0, 120, 0, 18)
    assert math.isnan(row["draught"])
    assert row["eta"].tolist() == [0, 0, 24, 60]
    _, (row,), _ = decode((static(273_000_000, draught=75), 2))
    assert row["draught"] == pytest.approx(7.5)


def test_parts_of_type_24() -> None:
    head = ((24, 6), (0, 2))
    sizes = ((10, 9), (5, 9), (2, 6), (3, 6), (0, 6))
    name = payload(*head, (503_000_001, 30), (0, 2), (1, 6), *[(0, 6)] * 19)
    boat = payload(*head, (503_000_001, 30), (1, 2), (36, 8), (0, 42), (2, 6), *[(0, 6)] * 6, *sizes)
    tender = payload(*head, (982_730_001, 30), (1, 2), (36, 8), (0, 42), (2, 6), *[(0, 6)] * 6, *sizes)
    _, statics, _ = decode(name, boat, tender)
    columns = ["part", "name", "callsign", "ship_type", "to_bow", "to_starboard"]
    assert statics[columns].tolist() == [
        (1, b"A", b"", 0, 0, 0),
        (2, b"", b"B", 36, 10, 3),
        (2, b"", b"B", 36, 0, 0),  # an auxiliary craft has its mother ship's MMSI in that place
    ]


def test_type_19_is_position_and_static_data() -> None:
    text = payload(
        (19, 6), (0, 2), (7, 30), (0, 8), (50, 10), (0, 1), (132 * 600_000, 28), (43 * 600_000, 27),
        (900, 12), (90, 9), (60, 6), (0, 4), (3, 6), *[(0, 6)] * 19, (37, 8), (4, 9), (6, 9), (1, 6), (2, 6),
        (0, 9),
    )  # fmt: skip
    (position,), (row,), _ = decode(text)
    assert position[["mmsi", "type", "lon", "sog", "heading"]].item() == (7, 19, 132.0, 5.0, 90.0)
    assert row[["part", "name", "ship_type", "to_bow", "to_starboard"]].item() == (0, b"C", 37, 4, 2)


@pytest.mark.parametrize(
    ("kind", "bits", "expected"),
    [
        (1, 168, (28, 0)),
        (1, 166, Outcome.BAD_LENGTH),
        (3, 174, (28, 0)),
        (18, 204, (28, 0)),
        (5, 424, (71, 2)),
        (5, 422, (71, 2)),
        (5, 426, (71, 0)),
        (5, 420, (71, 2)),
        (5, 419, Outcome.BAD_LENGTH),
        (5, 427, Outcome.BAD_LENGTH),
        (19, 306, Outcome.BAD_LENGTH),
        (21, 268, (45, 2)),
        (21, 267, Outcome.BAD_LENGTH),
        (24, 160, (27, 2)),
        (24, 158, (27, 2)),
        (24, 157, Outcome.BAD_LENGTH),
        (27, 96, (16, 0)),
        (27, 168, (28, 0)),
        (27, 120, Outcome.BAD_LENGTH),
        (0, 168, Outcome.UNKNOWN_TYPE),
        (28, 168, Outcome.UNKNOWN_TYPE),
    ],
)
def test_lengths(kind: int, bits: int, expected: tuple[int, int] | Outcome) -> None:
    """Too long a message of one slot is cut, a message without its last bits filled up."""
    characters = -(-bits // 6)
    text = ARMOUR[kind] + "w" + "0" * (characters - 2)
    content = read_content(text.encode(), characters * 6 - bits)
    assert (content if isinstance(content, Outcome) else (len(content.payload), content.fill)) == expected


@pytest.mark.parametrize(("bits", "expected"), [(161, Outcome.BAD_LENGTH), (162, (28, 0)), (168, (28, 0))])
def test_length_of_part_b(bits: int, expected: tuple[int, int] | Outcome) -> None:
    text = "Hw0000400000000000000000000w"[: -(-bits // 6)]
    content = read_content(text.encode(), len(text) * 6 - bits)
    assert (content if isinstance(content, Outcome) else (len(content.payload), content.fill)) == expected


def test_the_bits_beyond_the_end_of_a_message_are_zero() -> None:
    text = static(273_000_000)[:-1]  # 421 bits, the last of them and the fill bits set
    content = read_content((text + "w").encode(), 5)
    assert content == Content(5, (text + "P").encode(), 2)


@settings(max_examples=200, deadline=None)
@given(st.lists(random_payload(), min_size=1, max_size=40))
def test_columns_equal_pyais(texts: list[tuple[str, int]]) -> None:
    found = [read_content(text.encode(), fill) for text, fill in texts]
    columns_equal_pyais([content for content in found if isinstance(content, Content)])


@settings(max_examples=200, deadline=None)
@given(st.text(ARMOUR, max_size=80), st.integers(0, 6))
def test_heads_tell_what_is_a_message_as_it_is(text: str, fill: int) -> None:
    """Where they do, `read_content` gives the payload unchanged."""
    heads = read_heads(ByteSpans.of([text.encode()]), np.array([fill]))
    content = read_content(text.encode(), fill)
    as_it_is = isinstance(content, Content) and content == (content.kind, text.encode(), fill)
    assert bool(heads.whole[0]) == as_it_is
