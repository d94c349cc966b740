"""Lines with records, decoded."""

from models.frame import Frame
from models.report import Rows
from streams.decoding.decoder import Decoder

TIME = "2023-11-14T22:13:20Z"


def decoded(*lines: str | bytes) -> tuple[Decoder, Rows, Rows]:
    decoder = Decoder("a")
    raw = b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)
    decoder.feed(Frame("a", raw + b"\n"))
    decoder.end()
    out = decoder.advance(decoder.watermark)
    assert sum(decoder.outcomes.values()) == len(lines)
    return decoder, out.reports.positions, out.reports.statics
