"""Line reader: one line, whatever it holds, taken to pieces: its sentences, and what it says about others.

A line may hold several sentences, each with tag blocks before it, times and stations around it, and rubbish
or cut sentences between them. The first good VDM or VDO sentence speaks for the line: the line is counted
under what becomes of that one. The other pieces that become nothing are rejected beside it.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from models.time import Millis
from streams.decoding.lines.clock_sentence import Pghp, read_clock
from streams.decoding.lines.outcome import Outcome
from streams.decoding.lines.sentence import BODY, Sentence, diagnose, find_any, find_body, is_ais, read_body
from streams.decoding.lines.tag_block import NO_TAG, Tag, name_text, read_tag
from streams.decoding.lines.time_text import Reading, TextRules, epoch, read_time
from streams.decoding.records.record_line import Refused, read_record_line

_SINGLE: Final = re.compile(
    rb"([^\\!$]*+)"  # text before; possessive, so that a line of junk costs no more than its length
    rb"(?:\\([^\\!$]*+)\\)?" + BODY + rb"([^!$\\]*+)",
    re.DOTALL,
)
"""The whole of an ordinary line: at most one tag block, one sentence."""
_START: Final = re.compile(rb"[!$](?=[^,*!$\\\s]{3,8},)")
_LEAST_DIGITS: Final = 10  # of a number of seconds since 1970, from 2001 on
_JSON: Final = re.compile(rb"\s*[\[{]")
_STATION: Final = re.compile(rb"[rb][A-Za-z0-9]{3,}")
_FIRST_NAME: Final = re.compile(rb"[\s\"\[(]*([A-Za-z][\w.-]{0,31}|\d{7,9})[\s\",;|:]+(?=[\s\"\[(]*\d)")
_NO_NAME: Final = re.compile(
    rb"(?i)(?:mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
    rb"|info|warn(?:ing)?|debug|error|trace|note|nmea|ais|udp|tcp|n"
)


class Around(NamedTuple):
    """What a line says about one of its sentences."""

    tag: Tag = NO_TAG
    suffix: Reading = None
    suffix_station: str = ""
    prefix: Reading = None
    prefix_station: str = ""


NOTHING: Final = Around()


class Fault(NamedTuple):
    """A piece of a line that is no good sentence. `lines` is 1 where it speaks for the line, else 0."""

    piece: bytes
    outcome: Outcome
    lines: int


class LineRead(NamedTuple):
    """What a line holds. One without sentences and faults is context."""

    sentences: tuple[tuple[Sentence, Around], ...] = ()
    faults: tuple[Fault, ...] = ()
    tag: Tag | None = None
    """A tag block that stands before no VDM or VDO sentence: it speaks of the next one."""
    pghp: Pghp | None = None
    gps: Millis | None = None
    checked_tags: int = 0
    unchecked_tags: int = 0
    """Tag blocks whose checksum is good, and those whose checksum is missing or wrong."""

    @property
    def is_context(self) -> bool:
        """Whether the line is counted as context: nothing that it holds speaks for it."""
        return not self.sentences and not any(fault.lines for fault in self.faults)

    @property
    def is_boundary(self) -> bool:
        """Whether the line ends what was said about the next sentence."""
        return bool(self.sentences or self.faults) or self.gps is not None


_CONTEXT: Final = LineRead()


class LineReader:
    """Reads the lines of one source. Nothing is remembered from line to line."""

    def __init__(self, text: TextRules, trust_tags: bool = False) -> None:
        """`trust_tags` takes tag blocks without a good checksum as they are."""
        self._text = text
        self._trust = trust_tags

    def read(self, line: bytes, number: int) -> LineRead:
        """The line without its line end, and its number in the source."""
        if not line.strip():
            return _CONTEXT
        match = _SINGLE.fullmatch(line)
        if match is not None:
            before, block, *groups, behind = match.groups()
            sentence = read_body(tuple(groups), number, line)
            if sentence is not None:
                blocks = [] if block is None else [block]
                tag, wrong = self._tag(blocks)
                around = self._around(tag, before, behind)
                return LineRead(((sentence, around),), checked_tags=len(blocks) - wrong, unchecked_tags=wrong)
        return _Pieces(self, line, number).read()

    def _around(self, tag: Tag, before: bytes, behind: bytes) -> Around:
        if not before and not behind:
            return Around(tag) if tag is not NO_TAG else NOTHING
        prefix = read_time(before, self._text) if before else None
        behind = b"" if prefix is not None and _JSON.match(before) else behind  # other fields of the object
        return Around(
            tag,
            _suffix_time(behind, self._text) if behind else None,
            suffix_station(behind) if behind else "",
            prefix,
            _prefix_station(before) if before else "",
        )

    def _tag(self, blocks: list[bytes]) -> tuple[Tag, int]:
        """What tag blocks tell, the last one first, and how many have no good checksum."""
        tag, wrong = NO_TAG, 0
        for block in blocks:
            read, good = read_tag(block)
            wrong += not good
            if good or self._trust:
                tag = read.over(tag)
        return tag, wrong


class _Pieces:
    """Reads a line that is not an ordinary one, piece by piece."""

    def __init__(self, reader: LineReader, line: bytes, number: int) -> None:
        self._reader = reader
        self._line = line.replace(b"\\\\", b"\\") if _JSON.match(line) else line  # JSON doubles backslashes
        self._raw = line
        self._number = number
        self._sentences: list[tuple[Sentence, Around]] = []
        self._faults: list[tuple[bytes, Outcome, bool]] = []  # and whether it is AIS
        self._tag: Tag | None = None
        self._pghp: Pghp | None = None
        self._gps: Millis | None = None
        self._good = self._wrong = 0

    def read(self) -> LineRead:
        starts = [match.start() for match in _START.finditer(self._line)]
        if not starts:
            return self._read_bare()
        places, arounds, done = [], list[Around](), 0
        for start, end in zip(starts, [*starts[1:], len(self._line)], strict=True):
            before, blocks = _split_tags(self._line[done:start])
            tag, wrong = self._reader._tag(blocks)
            self._good, self._wrong = self._good + len(blocks) - wrong, self._wrong + wrong
            done = self._end(start, end)
            behind = _split_tags(self._line[done:end])[0]
            places.append((start, done))
            arounds.append(self._reader._around(tag, before, behind))
        for (start, end), around in zip(places, _shared(arounds), strict=True):
            self._take(start, end, around, len(starts) > 1)
        return self._result()

    def _read_bare(self) -> LineRead:
        """A line without a sentence: context for the next one, or a fault."""
        text = self._line.strip()
        if not text or text.startswith(b"#"):
            return _CONTEXT
        found = read_record_line(text, self._number, self._reader._text)
        if found is Outcome.CONTEXT:
            return _CONTEXT
        if isinstance(found, Outcome):
            return LineRead(faults=(Fault(self._raw, found, 1),))
        if isinstance(found, Refused):
            return LineRead(faults=(Fault(found.row, found.outcome, 1),))
        if found is not None:
            return LineRead(tuple((sentence, Around(tag, prefix=time)) for sentence, tag, time in found))
        rest, blocks = _split_tags(text)
        if not blocks or rest.strip():
            return LineRead(faults=(Fault(self._raw, diagnose(text), 1),))
        tag, wrong = self._reader._tag(blocks)
        if wrong and not self._reader._trust:
            return LineRead(faults=(Fault(self._raw, Outcome.BAD_TAG_BLOCK, 1),), unchecked_tags=wrong)
        return LineRead(tag=tag, checked_tags=len(blocks) - wrong, unchecked_tags=wrong)

    def _end(self, start: int, end: int) -> int:
        """The end of the sentence at `start`: after its checksum, else before tag blocks or `end`."""
        match = find_body(self._line, start) or find_any(self._line, start)
        if match is not None and match.end() <= end:
            return match.end()
        return start + len(_split_tags(self._line[start:end])[0])

    def _take(self, start: int, end: int, around: Around, several: bool) -> None:
        piece = self._line[start:end]
        match = find_body(self._line, start)
        if match is not None and match.end() == end:
            sentence = read_body(match.groups(), self._number, piece if several else self._raw)
            if sentence is not None:
                sentence.lines = 0 if self._sentences else 1
                self._sentences.append((sentence, around))
                return
        clock = read_clock(self._line, start)
        if isinstance(clock, Pghp):
            self._pghp = clock
            self._tag = around.tag if around.tag is not NO_TAG else self._tag
        elif isinstance(clock, Outcome):
            self._faults.append((piece, clock, False))
        elif clock is not None:
            self._gps = clock
        else:
            self._faults.append((piece if several else self._raw, diagnose(piece), is_ais(piece, 0)))

    def _result(self) -> LineRead:
        """The first good sentence speaks for the line, else a broken VDM or VDO, else any other piece."""
        taken = bool(self._sentences)
        if not taken and self._line.lstrip().startswith(b"#"):
            return _CONTEXT
        speaks = -1
        if not taken and self._faults:
            speaks = next((index for index, fault in enumerate(self._faults) if fault[2]), -1)
            if speaks < 0 and self._pghp is None and self._gps is None:
                speaks = 0
        faults = [
            Fault(piece, outcome, int(index == speaks))
            for index, (piece, outcome, _) in enumerate(self._faults)
        ]
        return LineRead(tuple(self._sentences), tuple(faults), self._tag, self._pghp, self._gps, self._wrong)


def _shared(arounds: list[Around]) -> list[Around]:
    """What stands around each of the sentences of a line, where each has a share in what others have.

    The text between two sentences is behind one and before the other. Where a time stands before the first
    sentence, all times stand before theirs, else behind. A sentence without its own is told by its neighbour.
    """
    if len(arounds) == 1:
        return arounds
    leading = arounds[0].prefix is not None
    if not leading:
        for index in range(len(arounds) - 2, -1, -1):
            if arounds[index].suffix is None:
                later = arounds[index + 1]
                arounds[index] = arounds[index]._replace(
                    suffix=later.suffix, suffix_station=later.suffix_station
                )
    result = [arounds[0]]
    for around in arounds[1:]:
        last = result[-1]
        if around.tag is NO_TAG:
            around = around._replace(tag=last.tag)
        if leading and around.prefix is None:
            around = around._replace(prefix=last.prefix, prefix_station=last.prefix_station)
        result.append(around)
    return [
        around._replace(suffix=None) if leading else around._replace(prefix=None, prefix_station="")
        for around in result
    ]


def _split_tags(text: bytes) -> tuple[bytes, list[bytes]]:
    r"""What stands before a sentence: other text, and the contents of its tag blocks in order.

    Blocks are told from the right, so that a cut one (`\s:x,c:17`) before a whole one spoils nothing.
    """
    blocks: list[bytes] = []
    kept = b""
    while True:
        end = text.rfind(b"\\")
        start = text.rfind(b"\\", 0, end) if end > 0 else -1
        if start < 0:
            break
        kept = text[end + 1 :] + kept
        blocks.insert(0, text[start + 1 : end])
        text = text[:start]
    return text + kept, blocks


def _suffix_time(suffix: bytes, rules: TextRules) -> Reading:
    """A time after the checksum: a number in the last field, else whatever a recorder wrote there."""
    last = suffix.rpartition(b",")[2].strip(b" \"'")
    time = epoch(last) if len(last) >= _LEAST_DIGITS else None
    return time if time is not None else read_time(suffix, rules)


@lru_cache(maxsize=4096)
def suffix_station(suffix: bytes) -> str:
    """The receiver (`r...`) or base station (`b...`) that USCG NAIS writes after the checksum."""
    for field in suffix.split(b","):
        if _STATION.fullmatch(field):
            return name_text(field)
    return ""


def _prefix_station(prefix: bytes) -> str:
    """A name that stands first on its line, before the time."""
    match = _FIRST_NAME.match(prefix)
    if match is None or _NO_NAME.fullmatch(match[1]):
        return ""
    return name_text(match[1])
