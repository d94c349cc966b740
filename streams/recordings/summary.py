"""The summary of a run: every line by its outcome, and what was found."""

from collections import Counter
from dataclasses import dataclass, field

from models.time import Millis
from streams.recordings.diagnosis import holds_no_record


@dataclass(slots=True)
class Summary:
    """What a replay ends with. `outcomes` counts the lines of each source and sums to the lines read."""

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    lines: int = 0
    messages: Counter[int] = field(default_factory=Counter)  # decoded messages by message type
    positions: int = 0  # of those that `--start`, `--end` and `--bbox` leave
    left_out: int = 0  # positions that these leave out
    vessels: int = 0
    tankers: int = 0
    wanted: set[int] = field(
        default_factory=set
    )  # MMSIs that were heard, of those of which events are wanted
    overtaken: int = 0
    events: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # type, level, status: final state
    first: Millis | None = None
    last: Millis | None = None
    reached: Millis | None = None  # how far the sources are merged
    seconds: float = 0.0
    compiling: float = 0.0  # seconds beside these, in the first run after an installation
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By source, what was decided about its times and what else is worth knowing, in sentences."""
    problems: list[str] = field(default_factory=list)  # inputs that could not be read whole

    @property
    def empty(self) -> bool:
        """Whether no source held anything that may tell of a vessel: all were read, and none was refused."""
        return not self.problems and all(map(holds_no_record, self.outcomes.values()))

    @property
    def rate(self) -> float:
        """Lines a second of wall clock."""
        return self.lines / self.seconds if self.seconds else 0.0
