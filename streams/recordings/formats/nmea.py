"""NMEA: text whose lines the Decoder reads as they stand."""

import re
from collections.abc import Iterator
from typing import Final

from models.frame import Frame
from streams.recordings.formats.format import Cutting
from streams.recordings.line_cutter import cut_into_frames


class Nmea:
    """Lines of NMEA 0183, and logs with one record of another format on each line."""

    name = "nmea"
    about = (
        "NMEA 0183 sentences VDM and VDO of any talker, with the time in a tag block, in a $PGHP line, "
        "before the sentence or after its checksum; also logs with a time and a payload in hexadecimal."
    )
    _SENTENCE: Final = re.compile(rb"[!$][A-Z0-9-]{2}[A-Z]{3},|\$P[A-Z]{3}")

    def recognises(self, head: bytes) -> bool:
        return self._SENTENCE.search(head) is not None

    def frames(self, source: str, text: Iterator[bytes], cutting: Cutting) -> Iterator[Frame]:
        return cut_into_frames(source, text, cutting.bytes, cutting.lines)
