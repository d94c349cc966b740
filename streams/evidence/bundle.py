"""Bundle: what a file of evidence says about itself in `bundle.json`."""

from typing import Final

import msgspec

from models.box import Box
from models.errors import UNDECODABLE
from models.source_hints import SourceHints
from models.time import BEGINNING, END, Millis
from streams.evidence import members
from streams.evidence.errors import EvidenceError

FORMAT: Final = "tankerwatch evidence 2"


class InputFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that was given: its role, its name, its size in bytes and its SHA-256; null for a pipe."""

    role: str
    name: str
    bytes: int | None = None
    sha256: str | None = None


class SourceLines(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The lines of one source. They are in `lines/N.txt`, where N is its place in the list, from 1."""

    name: str
    lines: int
    first: Millis | None
    """Its earliest time, where several sources are merged."""
    hints: SourceHints | None = None
    """Of a deployment: what was said about its lines when they came."""


class Selection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `--start`, `--end` and `--bbox` left in."""

    start: Millis = BEGINNING
    end: Millis = END
    bbox: tuple[float, float, float, float] | None = None

    @property
    def box(self) -> Box | None:
        return None if self.bbox is None else Box(*self.bbox)


class Bundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is in a file of evidence, and what made it."""

    format: str = FORMAT
    events: tuple[str, ...]
    """Ids, sorted."""
    vessels: tuple[int, ...]
    """The MMSIs named by these events, sorted."""
    minimal: bool
    """Only the lines of these vessels are in it."""
    snapshot_at: Millis | None
    """It begins with the state of the stages as of this time; null: with the first line."""
    steps: int
    """How often a source was read until the last revision came; an end of a source counts as one."""
    sources: tuple[SourceLines, ...]
    hints: SourceHints
    selection: Selection
    versions: dict[str, str]
    command: str
    """What finds the same events in the original files."""
    inputs: tuple[InputFile, ...]
    live: bool = False
    """The lines came over Kafka, and are worked off in the order of `order.jsonl`."""
    problems: tuple[str, ...]
    """Inputs that could not be read to their end, a sentence each."""


def to_json(bundle: Bundle) -> bytes:
    return msgspec.json.format(msgspec.json.encode(bundle, order="deterministic"), indent=2) + b"\n"


def from_json(data: bytes, where: str) -> Bundle:
    """Raises EvidenceError."""
    try:
        told = msgspec.json.decode(data)
        kind = told.get("format") if isinstance(told, dict) else None
        if kind != FORMAT:
            raise EvidenceError(
                f"{where}: {members.BUNDLE} is of the format {str(kind)[:40]!r}, and this version reads "
                f"{FORMAT!r}; check it with the version that it names"
            )
        return msgspec.json.decode(data, type=Bundle)
    except UNDECODABLE as error:
        raise EvidenceError(f"{where}: {members.BUNDLE} can't be read ({error}); it was changed") from None
