"""What a replay works with: the options as given, and the settings, fences and watchlists that they name."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from geofences.catalogue import load_catalogue
from geofences.fence import FenceError, load_fences
from geofences.surroundings import Surroundings
from models.box import Box, read_box
from models.time import BEGINNING, END, Millis, from_text
from models.watchlist import Watchlist, WatchlistError, shipped_watchlist
from streams.cli.errors import UsageError
from streams.output.format import Format
from streams.stages import settings as settings_file
from streams.stages.core import Core, ReportFilter
from streams.stages.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says, as it says it."""

    files: list[str]
    out: str | None = None
    form: Format = Format.JSONL
    report: str | None = None
    rejects: str | None = None
    start: str | None = None
    end: str | None = None
    mmsis: frozenset[int] = frozenset()
    bbox: str | None = None
    fences: Sequence[str] = ()
    watchlists: Sequence[str] = ()
    settings: str | None = None
    base_time: str | None = None


@dataclass(frozen=True, slots=True)
class Inputs:
    settings: Settings
    places: Surroundings
    watchlist: Watchlist
    selection: ReportFilter
    base_time: Millis | None

    def core(self, names: Sequence[str]) -> Core:
        """The stages behind sources of these names."""
        return Core(names, self.places, self.watchlist, self.settings, self.selection, self.base_time)


def read_inputs(options: Options) -> Inputs:
    """Settings, fences and watchlists: ours, and those in the user's files. Raises UsageError."""
    selection = ReportFilter(
        _time("--start", options.start, BEGINNING), _time("--end", options.end, END), _box(options.bbox)
    )
    if selection.start >= selection.end:
        raise UsageError(
            f"--start {options.start}, --end {options.end}: nothing lies between them; swap them"
        )
    base = None if options.base_time is None else _time("--base-time", options.base_time, 0)
    try:
        settings = (
            settings_file.load(Path(options.settings)) if options.settings else settings_file.Settings()
        )
        fences = {fence.id: fence for fence in load_catalogue()}
        for path in options.fences:
            for fence in load_fences(path):
                fences[fence.id] = fence  # a user's fence of the same id replaces ours
        watchlist = shipped_watchlist().merge(*(Watchlist.load(path) for path in options.watchlists))
    except (FenceError, WatchlistError) as error:
        raise UsageError(*error.problems) from None
    except settings_file.SettingsError as error:
        raise UsageError(str(error)) from None
    return Inputs(settings, Surroundings(list(fences.values())), watchlist, selection, base)


def _time(option: str, text: str | None, default: Millis) -> Millis:
    if text is None:
        return default
    try:
        time = from_text(text)
        if time < 0:
            raise ValueError("before 1970")
        return time
    except ValueError:
        raise UsageError(
            f"{option}: {text!r} is no time; give ISO 8601 like 2026-03-01T12:00:00Z (UTC without a zone)"
        ) from None


def _box(text: str | None) -> Box | None:
    try:
        return None if text is None else read_box(text)
    except ValueError as error:
        raise UsageError(f"--bbox: {error}") from None
