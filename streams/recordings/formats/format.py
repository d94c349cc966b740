"""Format: how one kind of text is told from others, and how it becomes frames of lines."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from models.frame import Frame
from models.source_hints import NO_HINTS, SourceHints
from streams.decoding.lines.time_text import TextRules
from streams.recordings.formats.columns import NO_COLUMNS, ColumnOptions
from streams.recordings.formats.table_evidence import TableEvidence


@dataclass(frozen=True, slots=True)
class Cutting:
    """How frames are made: at most `lines` lines and about `bytes` bytes in each.

    `hints` are what the user says about the source, `columns` what about the columns of tables, `evidence` is
    what the rows of earlier readings tell. `note` takes a sentence about how the text is read.
    """

    bytes: int
    lines: int
    hints: SourceHints = NO_HINTS
    columns: ColumnOptions = NO_COLUMNS
    note: Callable[[str], object] = str
    evidence: TableEvidence = field(default_factory=TableEvidence)

    @property
    def rules(self) -> TextRules:
        """How times in the columns of tables are read."""
        return TextRules(self.hints.timezone, self.hints.date_order, self.hints.base_time)


class Format(Protocol):
    """One format. Each of its rows or objects becomes a line of a frame, with an outcome of its own."""

    @property
    def name(self) -> str:
        """As `--input-format` takes it."""
        ...

    @property
    def about(self) -> str:
        """What it is and who writes it, in one sentence."""
        ...

    def recognises(self, head: bytes) -> bool:
        """Whether a text that begins like this is of this format."""
        ...

    def frames(self, source: str, text: Iterator[bytes], cutting: Cutting) -> Iterator[Frame]:
        """The lines of a text.

        Raises SourceError after the last frame that could be read. At Interrupted it ends with the whole
        lines that had come.
        """
        ...
