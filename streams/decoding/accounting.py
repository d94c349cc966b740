"""Line accounting: how many lines of a source had which outcome, and a reject for all that became nothing."""

import hashlib
from collections import Counter

import msgspec

from models.frame import Cut, Reject
from models.time import Millis
from streams.decoding.lines.outcome import REASONS, Outcome


class Rejected(msgspec.Struct, array_like=True):
    line: int
    outcome: str
    head: bytes
    length: int
    sha256: str
    time: Millis | None


class LineAccounting:
    """Counts each line once: one with several sentences as what becomes of its first good one."""

    def __init__(self, source: str) -> None:
        self.outcomes: Counter[str] = Counter()
        self.pieces: Counter[str] = Counter()
        """By outcome, what was rejected of lines that another sentence speaks for."""
        self._source = source
        self._rejected: list[Rejected] = []

    def count(self, outcome: Outcome, lines: int = 1) -> None:
        self.outcomes[outcome] += lines

    def reject(
        self, line: bytes, number: int, outcome: Outcome, time: Millis | None = None, lines: int = 1
    ) -> None:
        """A line, or a piece of one that another sentence speaks for: then `lines` is 0."""
        if lines:
            self.outcomes[outcome] += lines
        else:
            self.pieces[outcome] += 1
        digest = hashlib.sha256(line).hexdigest()
        self._rejected.append(Rejected(number, outcome, line, len(line), digest, time))

    def cut(self, head: bytes, number: int, cut: Cut) -> None:
        """A line that is too long, or whose source has kept only the head of it."""
        self.outcomes[Outcome.TOO_LONG] += 1
        self._rejected.append(Rejected(number, Outcome.TOO_LONG, head, cut.length, cut.sha256, None))

    def take(self) -> tuple[Reject, ...]:
        """The rejects since the last call, in order of their lines."""
        taken = self.rejected
        self._rejected = []
        return tuple(
            Reject(
                source=self._source,
                line=reject.line,
                outcome=reject.outcome,
                reason=REASONS[Outcome(reject.outcome)],
                head=reject.head,
                length=reject.length,
                sha256=reject.sha256,
                time=reject.time,
            )
            for reject in taken
        )

    @property
    def rejected(self) -> list[Rejected]:
        return sorted(self._rejected, key=lambda reject: reject.line)

    def load(self, outcomes: dict[str, int], pieces: dict[str, int], rejected: list[Rejected]) -> None:
        self.outcomes, self.pieces = Counter(outcomes), Counter(pieces)
        self._rejected = rejected
