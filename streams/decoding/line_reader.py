"""The reader: one line after another into sentences, each with what the lines before it told about it."""

from typing import Final

import msgspec

from models.time import Millis
from streams.decoding.outcome import Outcome
from streams.decoding.sentence import (
    SENTENCE,
    Pghp,
    Sentence,
    Tag,
    checksum,
    diagnose,
    leading_tag,
    prefix_time,
    read_bare_tag,
    read_pghp,
    read_tag,
    suffix_station,
    suffix_time,
)

_NO_TAG: Final = Tag(None, "", b"", "")


class LineReader:
    """Reads the lines of one source. Remembers a bare tag block and a `$PGHP` until the next sentence.

    `zone` is the UTC offset, in milliseconds, of times written as text before the sentence.
    """

    def __init__(self, zone: Millis) -> None:
        self._zone = zone
        self._tag = _NO_TAG
        self._pghp: Pghp | None = None

    def read(self, line: bytes, number: int, received: Millis | None) -> Sentence | Outcome:
        """The sentence of a line, CONTEXT, or why the line is rejected. Times, the best first: tag block,
        `$PGHP`, epoch after the checksum, prefix."""
        match = SENTENCE.fullmatch(line)
        if match is None:
            return self._read_other(line.strip())
        prefix, tag, body, talker, total, part, sequence, channel, payload, fill, given, suffix = (
            match.groups()
        )
        expected, parts, position, ignored = int(given, 16), int(total), int(part), int(fill)
        if checksum(body) != expected or position > parts or (ignored and position < parts):
            self.forget()
            return diagnose(line)
        about = (read_tag(tag) if tag is not None else None) or _NO_TAG
        before, pghp = self._tag, self._pghp
        if pghp and pghp.checksum != expected and parts == 1 and talker.endswith(b"VDM"):
            pghp = None  # it spoke of another sentence
        self.forget()
        time = about.time if about.time is not None else before.time
        if time is None and pghp:
            time = pghp.time
        if time is None and suffix:
            time = suffix_time(suffix)
        if time is None and prefix:
            time = prefix_time(prefix, self._zone)
        station = (
            about.station
            or (pghp and pghp.station)
            or before.station
            or (suffix and suffix_station(suffix))
            or about.info
            or before.info
        )
        return Sentence(
            line=number,
            raw=line,
            talker=talker,
            total=parts,
            number=position,
            sequence=sequence,
            channel=channel,
            group=about.group or before.group,
            payload=payload,
            fill=ignored,
            time=time,
            station=station or "",
            received=received,
        )

    @property
    def open(self) -> bool:
        """Whether something was said about the next sentence."""
        return self._pghp is not None or self._tag != _NO_TAG

    def forget(self) -> None:
        """A line that is no context ends what was said about the next one."""
        self._tag, self._pghp = _NO_TAG, None

    def dump(self) -> bytes:
        return msgspec.msgpack.encode((self._tag, self._pghp))

    def load(self, data: bytes) -> None:
        self._tag, self._pghp = msgspec.msgpack.decode(data, type=tuple[Tag, Pghp | None])

    def _read_other(self, text: bytes) -> Outcome:
        """A line without a VDM or VDO sentence: context for the next one, or a reject."""
        if not text or text.startswith(b"#"):
            return Outcome.CONTEXT
        bare = read_bare_tag(text)
        if bare is not None:
            tag = read_tag(bare)
            if tag is None:
                return Outcome.BAD_TAG_BLOCK
            self._tag = tag
            return Outcome.CONTEXT
        pghp = read_pghp(text)
        if isinstance(pghp, Pghp):
            self._pghp = pghp
            leading = leading_tag(text)
            self._tag = (read_tag(leading) if leading is not None else None) or self._tag
            return Outcome.CONTEXT
        self.forget()
        return pghp or diagnose(text)
