"""Warm up: has all compiled loops made before the first line comes, where a pause would disturb."""

from typing import Final

from models.frame import Frame
from streams.decoding.decoder import Decoder

_LINES: Final = (
    rb"\s:a,c:1700000000*5B\!AIVDM,1,1,,A,144Fps002uaOCARF46Q=tK601NM8,0*70",
    rb"\s:b,c:1700000000*58\!AIVDM,1,1,,A,144Fps002uaOCARF46Q=tK601NM8,0*70",
    rb"\s:a,c:1700000000*5B\!AIVDM,1,1,,A,144Fps002uaOCARF46Q=tK601NM9,0*71",
    rb"\s:a,c:1700000000*5B\!AIVDM,1,1,,A,402;bFQv@kkLc00Dl4LE52100@J6,0*58",
    rb"\s:a,c:1700000060*5D\!AIVDM,1,1,,A,144Fps002uaOCARF46Q=tK601NM:,0*72",
)
"""Sentences of two stations: one transmission that both heard, another of the same moment, a base station."""


def warm_up() -> None:
    """Decode a few lines, which takes seconds where their loops are not in the cache."""
    decoder = Decoder("")
    decoder.feed(Frame("", b"\n".join(_LINES) + b"\n"))
    decoder.restore(decoder.snapshot())
    decoder.end()
    decoder.advance(decoder.watermark)
