"""Columns: whatever the lines, they give what reading line by line gives, to the byte of a snapshot."""

import random
from collections.abc import Iterator
from functools import reduce
from operator import xor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.frame import Cut, Frame
from models.source_hints import SourceHints
from models.time import BEGINNING, DAY, HOUR, MINUTE, Millis
from streams.decoding.decoder import Decoder
from streams.decoding.lines.line_columns import scan_lines
from streams.decoding.settings import DecoderSettings
from tests.streams.decoding.line_by_line import line_by_line
from tests.streams.nmea_lines import (
    ARMOUR,
    START,
    class_a,
    payload,
    pghp,
    rows,
    sentence,
    static,
    tag,
)

# A source made up of every kind of line, whole and broken


class Maker:
    """Lines from random numbers; far faster than a strategy for each of them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.settings = DecoderSettings(
            lateness_seconds=self.one_of(120, 0, 5),
            duplicate_window_seconds=self.one_of(10, 0, 3),
            part_timeout_seconds=self.one_of(30, 2),
            agreeing_lines=self.one_of(3, 1),
            max_held_lines=self.one_of(1000, 5),
            opening_lines=self.one_of(0, 0, 20, 500),
            max_line_bytes=self.one_of(4096, 250),
        )
        self.base_time = self.one_of(None, START)
        self.lines = [self.spoilt(line) for line in self.whole()]
        if self.chance(0.2):
            self.lines = [line + b"\r" for line in self.lines]

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def one_of(self, *values: Any) -> Any:
        return self.random.choice(values)

    def frames(self) -> Iterator[Frame]:
        most = self.one_of(1, 5, 50, 1000)
        live = self.chance(0.25)
        at = 0
        while at < len(self.lines):
            lines = self.lines[at : at + self.random.randint(1, most)]
            data = b"\n".join(lines) + (b"" if lines[-1] and self.chance(0.1) else b"\n")
            received = None
            if live or self.chance(0.02):
                received = np.array(
                    [START + (at + n) * 500 + self.random.randint(-3000, 3000) for n in range(len(lines))]
                )
            cuts = (Cut(len(lines) - 1, 10**6, "digest"),) if self.chance(0.02) else ()
            yield Frame("test", data, at + 1, received, cuts)
            at += len(lines)

    def whole(self) -> Iterator[bytes]:
        time, step, jumping = START, self.one_of(0, 100, 1000, 3000, 20_000), self.chance(0.3)
        form = self.one_of("tag", "bare", "pghp", "suffix", "prefix", "none", "mixed", "mixed")
        for _ in range(self.random.randint(1, self.one_of(10, 40, 120))):
            time += self.random.randint(-step, step * 2) if self.chance(0.3) else step
            if jumping and self.chance(0.03):
                time += self.one_of(1, -1) * self.one_of(3 * MINUTE, 25 * HOUR, 3 * DAY)
            group = str(self.random.randint(1, 5))
            message = self.message()
            for number, text in enumerate(message, 1):
                own = (
                    form
                    if form != "mixed"
                    else self.one_of("tag", "bare", "pghp", "suffix", "prefix", "none")
                )
                told = time if number == 1 or self.chance(0.2) else None
                among = f"{number}-{len(message)}-{group}" if len(message) > 1 and self.chance(0.7) else ""
                for line in self.with_context(text, own, told, among):
                    yield line.encode("latin-1")

    def message(self) -> list[str]:
        """The sentences of one, nearly always good."""
        sender = 273_000_000 + self.random.randint(0, 5)
        talker = self.one_of("AIVDM", "BSVDM", "ABVDO", "XXVDM")
        channel = self.one_of("A", "A", "B", "1", "2", "", "C", "AB", "A\0", "\0")
        if self.chance(0.2):
            text, cut, sequence = (
                static(sender),
                self.one_of(60, 56, 30),
                self.one_of("", "1", "2", "10", "x"),
            )
            cuts = [0, cut, 71] if self.chance(0.8) else [0, 20, 45, 71]
            total = len(cuts) - 1
            pieces = [
                sentence(
                    text[cuts[n] : cuts[n + 1]], 2 if n + 1 == total else 0, talker=talker, total=total,
                    number=n + 1, sequence=sequence, channel=channel,
                )
                for n in range(total)
            ]  # fmt: skip
            if self.chance(0.1):
                self.random.shuffle(pieces)
            if self.chance(0.1):
                pieces.pop()
            return [*pieces, *pieces[: self.chance(0.05)]]
        head = ((0, 2), (sender, 30))
        text, fill = self.one_of(
            class_a(sender, second=self.random.randint(0, 1)),
            class_a(sender, kind=3),
            payload((18, 6), *head, *[(self.random.getrandbits(26), 26)] * 5),
            payload(
                (24, 6), *head, (self.random.randint(0, 3), 2), (self.random.getrandbits(120), 120), (0, 8)
            ),
            payload((self.one_of(4, 9, 27, 19), 6), *head, *[(self.random.getrandbits(10), 10)] * 13),
            (
                "".join(self.random.choices(ARMOUR + "xX!,", k=self.one_of(0, 5, 27, 28, 71))),
                self.random.randint(0, 7),
            ),
        )
        return [sentence(text, fill, talker=talker, channel=channel, sequence=self.one_of("", "", "3"))]

    def with_context(self, text: str, form: str, time: Millis | None, group: str) -> Iterator[str]:
        """A sentence with what tells of it, in one form or another."""
        station = self.one_of("", "a", "b", "2190067", "x-y z", "long" * 30)
        if form == "tag" and (time is not None or station or group):
            text = tag(time, station, group) + text
        elif form == "bare" and (time is not None or station or group):
            yield tag(time, station, group)
        elif form == "pghp" and time is not None:
            if self.chance(0.7):
                yield r"\si:AISD*3F" + "\\"
            near = time if abs(time - START) < HOUR else START
            line = pghp(near, text if self.chance(0.9) else "*00", self.one_of("2190067", "", "a_b"))
            yield line.replace("2023,11,14", "2023,11,31") if self.chance(0.05) else line
        elif form == "suffix" and time is not None:
            seconds = time // 1000
            text += self.one_of(
                f",{seconds}", f",{seconds}", f",{time}", f",r{station},{seconds}", f",{seconds}.5", ",abc",
                ",", f",d-077,S1234,r07RPAL1,x*2,{seconds}", f",b2003669,{time}", " ", f" ,{time}",
                f"*1,{time}",
            )  # fmt: skip
        elif form == "prefix" and time is not None:
            text = self.one_of(f"{time};N;", f"{time // 1000} ", "2023-11-14T22:13:26Z ", "junk ") + text
        yield text

    def spoilt(self, line: bytes) -> bytes:
        """A few have bytes changed, with or without the checksum, or are another line altogether."""
        what = self.random.random()
        data = bytearray(line)
        if what < 0.02 and line:
            for _ in range(self.random.randint(1, 3)):
                data[self.random.randrange(len(data))] = self.one_of(self.random.randrange(256), *b",*\\!$0")
        elif what < 0.03 and b"*" in line:
            start, star = line.find(b"!") + 1, line.rfind(b"*")
            if start < star:
                data[self.random.randrange(start, star)] = self.one_of(self.random.randrange(256), *b",01")
                data[star + 1 : star + 3] = b"%02X" % reduce(xor, data[start:star])
        elif what < 0.045:
            data = bytearray(
                self.one_of(b"", b"# x", b"$GPGGA,1*00", b"\\s:x*00\\", b"\\s:x*01\\", b" \\s:p*00\\ ")
            )
        elif what < 0.05:
            data = bytearray(self.random.randbytes(self.random.randrange(90)))
        elif what < 0.07:
            data += b"\r"
        return bytes(data).replace(b"\n", b"")


def everything(maker: Maker) -> list[Any]:
    """All that can be seen of a decoder, frame by frame, its state too."""
    decoder = Decoder("test", maker.settings, SourceHints(maker.base_time))
    seen: list[Any] = []

    def advance() -> None:
        decoded = decoder.advance(
            decoder.watermark - lag if decoder.watermark > BEGINNING + lag else BEGINNING
        )
        reports = decoded.reports
        seen.append((rows(reports.positions, reports), rows(reports.statics, reports), reports.stations))
        seen.append((decoded.rejects, +decoder.outcomes, +decoder.messages, decoder.watermark))

    for frame in maker.frames():
        decoder.feed(frame)
        seen.append(decoder.snapshot())
        lag = maker.one_of(0, 0, 0, 20_000)
        if maker.chance(0.1):
            state = decoder.snapshot()
            decoder = Decoder("test", maker.settings, SourceHints(maker.base_time))
            decoder.restore(state)
            assert decoder.snapshot() == state
        if maker.chance(0.8):
            advance()
    decoder.end()
    lag = 0
    advance()
    assert decoder.outcomes.total() == len(maker.lines)
    return seen


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_columns_give_what_the_line_path_gives(seed: int) -> None:
    by_columns = everything(Maker(seed))
    with line_by_line():
        assert everything(Maker(seed)) == by_columns


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (sentence(*class_a(1)), "sentence"),
        (sentence(*class_a(1)) + "\r", "sentence"),
        (sentence(*class_a(1)) + ",1700000000", "sentence"),
        (sentence(*class_a(1)) + ",d-077,r07RPAL1,1700000000123", "sentence"),
        (tag(START, "x-y", "1-2-3") + sentence(*class_a(1), channel="", sequence="10"), "sentence"),
        (sentence("1" * 30, 0, total=2, number=1, sequence="1"), "sentence"),
        (sentence(*class_a(1)) + ",17000000", "odd"),
        (sentence(*class_a(1)) + ",0001700000000", "odd"),
        (tag(START, "x").replace("s:x", "s:x,c"), "odd"),
        (sentence(*class_a(1)).replace("*", "*1"), "odd"),
        (" " + sentence(*class_a(1)), "odd"),
        (tag(START, "x").replace("x", "y") + sentence(*class_a(1)), "odd"),
        (tag(START, "x"), "tag"),
        (tag(START, "x") + " ", "odd"),
        (pghp(START, "*00") + ",1327992119157", "pghp"),
        (pghp(START, "*00").replace("PGHP,1", "PGHP,2"), "odd"),
        ("", "odd"),
    ],
)
def test_what_is_plain(line: str, kind: str) -> None:
    """So that the property above does not hold for want of plain lines."""
    scan = scan_lines(line.encode() + b"\n", 4096, [])
    found = (len(scan.bare.line), len(scan.sentences.line), len(scan.pghps.line))
    kinds = {"tag": (1, 0, 0), "sentence": (0, 1, 0), "pghp": (0, 0, 1), "odd": (0, 0, 0)}
    assert found == kinds[kind]
