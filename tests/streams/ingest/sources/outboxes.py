"""An outbox without Kafka that keeps what sources put, and what the Decoder makes of it."""

import asyncio
from dataclasses import dataclass, field

from models.report import Rows
from streams.decoding.decoder import Decoder
from streams.deployment.wire import RawFrame, Registration
from streams.ingest.counters import Counters
from streams.ingest.intake import Intake
from streams.ingest.outbox import Outbox
from tests.streams.nmea_lines import frames


class KeptOutbox(Outbox):
    """Takes what is put while it is open, and keeps it in a list."""

    def __init__(self, counters: Counters) -> None:
        super().__init__(None, counters)
        self.frames: list[RawFrame] = []
        self.opened = asyncio.Event()
        self.opened.set()

    async def put(self, content: Registration | RawFrame, *, patient: bool = False) -> bool:
        while not self.opened.is_set():
            if self.closing:
                return False
            await asyncio.sleep(0.01)
        if isinstance(content, RawFrame):
            self.frames.append(content)
        return True


@dataclass
class Kept:
    """An intake, and what it has put."""

    counters: Counters = field(default_factory=Counters)

    def __post_init__(self) -> None:
        self.outbox = KeptOutbox(self.counters)
        self.intake = Intake("a", self.outbox, self.counters)

    @property
    def lines(self) -> list[bytes]:
        """The lines that are safe by now."""
        return [line for frame in self.outbox.frames for line in frame.data.splitlines()]


def decoded(lines: list[bytes]) -> tuple[Decoder, Rows, Rows]:
    """The positions and static data in these lines. Every line has an outcome."""
    decoder = Decoder("a")
    for frame in frames(lines, 1_000):
        decoder.feed(frame)
    decoder.end()
    out = decoder.advance(decoder.watermark)
    assert sum(decoder.outcomes.values()) == len(lines)
    return decoder, out.reports.positions, out.reports.statics
