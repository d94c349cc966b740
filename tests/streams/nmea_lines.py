"""Lines of NMEA for the tests, built by hand: the decoder is not used to test itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Any

import numpy as np

from models.frame import Frame, Reject
from models.report import Reports, Rows
from models.source_hints import SourceHints
from models.time import Millis
from streams.decoding.decoder import Decoder
from streams.decoding.settings import DecoderSettings

START: Millis = 1_700_000_000_000
"""2023-11-14T22:13:20Z"""

ARMOUR = "0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw"


def payload(*fields: tuple[int, int]) -> tuple[str, int]:
    """Six-bit armour and fill bits of (value, width) fields; negative values in two's complement."""
    bits = "".join(format(value & (1 << width) - 1, f"0{width}b") for value, width in fields)
    fill = -len(bits) % 6
    bits += "0" * fill
    return "".join(ARMOUR[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6)), fill


def class_a(
    mmsi: int,
    *,
    kind: int = 1,
    status: int = 0,
    sog: int = 123,
    lon: int = 79_200_000,
    lat: int = 25_800_000,
    cog: int = 900,
    heading: int = 91,
    second: int = 30,
) -> tuple[str, int]:
    """Type 1, 2 or 3 in the units of the standard: knots/10, degrees/600,000, degrees/10, degrees."""
    return payload(
        (kind, 6), (0, 2), (mmsi, 30), (status, 4), (0, 8), (sog, 10), (0, 1), (lon, 28), (lat, 27),
        (cog, 12), (heading, 9), (second, 6), (0, 25),
    )  # fmt: skip


def static(mmsi: int, *, imo: int = 0, draught: int = 0, dimensions: tuple[int, ...] = (0, 0, 0, 0)) -> str:
    """Type 5 with a name of 20 times A. Its 424 bits need two sentences; the fill is 2."""
    a, b, c, d = dimensions
    text, _ = payload(
        (5, 6), (0, 2), (mmsi, 30), (0, 2), (imo, 30), (0, 42), *[(1, 6)] * 20, (80, 8), (a, 9), (b, 9),
        (c, 6), (d, 6), (0, 4), (0, 4), (0, 5), (24, 5), (60, 6), (draught, 8), (0, 120), (0, 1), (0, 1),
    )  # fmt: skip
    return text


def checksum(body: str) -> str:
    return f"{reduce(xor, body.encode()):02X}"


def sentence(
    text: str,
    fill: int = 0,
    *,
    talker: str = "AIVDM",
    total: int = 1,
    number: int = 1,
    sequence: str = "",
    channel: str = "A",
) -> str:
    body = f"{talker},{total},{number},{sequence},{channel},{text},{fill}"
    return f"!{body}*{checksum(body)}"


def tag(time: Millis | None = None, station: str = "", group: str = "") -> str:
    """A tag block; whole seconds are written as such, others as milliseconds."""
    fields = [f"g:{group}"] if group else []
    fields += [f"s:{station}"] if station else []
    if time is not None:
        fields += [f"c:{time // 1000 if time % 1000 == 0 else time}"]
    body = ",".join(fields)
    return f"\\{body}*{checksum(body)}\\"


def timed(time: Millis, mmsi: int = 273_000_000, second: int = 30, station: str = "") -> str:
    return tag(time, station) + sentence(*class_a(mmsi, second=second))


def pghp(time: Millis, of: str, station: str = "2190067") -> str:
    """The `$PGHP` line for the sentence `of`, on the day of START."""
    seconds, milli = divmod(time - START + (22 * 3600 + 13 * 60 + 20) * 1000, 1000)
    hour, minute, second = seconds // 3600, seconds // 60 % 60, seconds % 60
    body = f"PGHP,1,2023,11,14,{hour},{minute},{second},{milli},219,,{station},1,{of.rpartition('*')[2]}"
    return f"${body}*{checksum(body)}"


@dataclass(frozen=True)
class Result:
    """All that a decoder made of a source, in a form that compares."""

    positions: list[tuple[Any, ...]]
    statics: list[tuple[Any, ...]]
    outcomes: dict[str, int]
    messages: dict[int, int]
    rejects: list[Reject]

    @property
    def lines(self) -> int:
        return sum(self.outcomes.values())


def frames(lines: list[bytes], size: int, source: str = "test") -> list[Frame]:
    return [
        Frame(source, b"".join(line + b"\n" for line in lines[at : at + size]), at + 1)
        for at in range(0, len(lines), size)
    ]


def rows(array: Rows, reports: Reports) -> list[tuple[Any, ...]]:
    """Rows as tuples that compare: station indices replaced by names, NaN by None, arrays by text."""
    result: list[tuple[Any, ...]] = []
    for *values, stations in array.tolist():
        texts = [str(value) if isinstance(value, (list, np.ndarray)) else value for value in values]
        nulls = [None if value != value else value for value in texts]
        result.append((*nulls, reports.stations[stations]))
    return result


def decode(
    lines: Iterable[str | bytes],
    size: int = 50_000,
    *,
    settings: DecoderSettings | None = None,
    base_time: Millis | None = None,
    timezone: str = "",
    restart_at: frozenset[int] = frozenset(),
) -> Result:
    """Run lines through a decoder in frames of `size`, replacing it from its snapshot at some frames."""
    hints = SourceHints(base_time, timezone)
    data = [line.encode() if isinstance(line, str) else line for line in lines]
    decoder = Decoder("test", settings, hints)
    positions: list[tuple[Any, ...]] = []
    statics: list[tuple[Any, ...]] = []
    rejects: list[Reject] = []

    def advance() -> None:
        decoded = decoder.advance(decoder.watermark)
        positions.extend(rows(decoded.reports.positions, decoded.reports))
        statics.extend(rows(decoded.reports.statics, decoded.reports))
        rejects.extend(decoded.rejects)

    for index, frame in enumerate(frames(data, size)):
        decoder.feed(frame)
        if index in restart_at:
            state = decoder.snapshot()
            decoder = Decoder("test", settings, hints)
            decoder.restore(state)
            assert decoder.snapshot() == state
        advance()
    decoder.end()
    advance()
    outcomes = {str(name): count for name, count in decoder.outcomes.items() if count}
    rejects.sort(key=lambda reject: reject.line)
    return Result(positions, statics, outcomes, dict(decoder.messages), rejects)
