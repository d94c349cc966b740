"""The watermark of several sources: how far event time has come in the slowest of them."""

from models.time import BEGINNING, END, Millis


class Watermarks:
    """Minimum over registered sources. One that has told no time yet holds all back; an ended one nobody."""

    def __init__(self) -> None:
        self._of: dict[str, Millis] = {}

    def register(self, source: str) -> None:
        self._of.setdefault(source, BEGINNING)

    def update(self, source: str, watermark: Millis) -> None:
        """Move a source on. A watermark goes back only where one that had ended speaks again."""
        known = self._of[source]
        self._of[source] = watermark if known == END else max(known, watermark)

    def end(self, source: str) -> None:
        self._of[source] = END

    @property
    def low(self) -> Millis:
        """The least of all; END when every source has ended (or none was registered)."""
        return min(self._of.values(), default=END)

    def slowest(self) -> str | None:
        """The source that holds the others back, None when all have ended; ties by name."""
        waiting = [(mark, source) for source, mark in self._of.items() if mark != END]
        return min(waiting)[1] if waiting else None

    def dump(self) -> dict[str, Millis]:
        return dict(self._of)

    def load(self, marks: dict[str, Millis]) -> None:
        self._of = dict(marks)
