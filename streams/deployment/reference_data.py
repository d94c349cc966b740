"""Reference data of a run: the fences and watchlists of the package, and those in the user's files.

Replay, worker, rebuild and feed all load them here, so the same files mean the same everywhere.
"""

from dataclasses import dataclass

from geofences.catalogue import load_catalogue
from geofences.fence import Fence, FenceError, load_fences
from models.errors import InputError
from models.watchlist import Watchlist
from streams.deployment.config import RunFiles
from streams.watchlists.files import load_watchlist
from streams.watchlists.reading import WatchlistError
from streams.watchlists.shipped import shipped_watchlist


class ReferenceDataError(InputError):
    """Files of fences or watchlists that can't be used: `problems` has a sentence for each mistake found."""


@dataclass(frozen=True, slots=True)
class ReferenceData:
    fences: tuple[Fence, ...]  # sorted by id and version
    watchlist: Watchlist


def load_reference_data(files: RunFiles) -> ReferenceData:
    """The fences and the watchlist of a run.

    Raises ReferenceDataError with all mistakes of all files: file, line or feature, and remedy.
    """
    problems: list[str] = []
    fences = _fences(files, problems)
    own = Watchlist()
    try:
        own = load_watchlist(files.watchlists)
    except WatchlistError as error:
        problems += error.problems
    if problems:
        raise ReferenceDataError(*problems)
    return ReferenceData(tuple(fences), shipped_watchlist().merge(own))


def load_all_fences(files: RunFiles) -> tuple[Fence, ...]:
    """The fences of a run, sorted by id. Raises ReferenceDataError."""
    problems: list[str] = []
    fences = _fences(files, problems)
    if problems:
        raise ReferenceDataError(*problems)
    return tuple(fences)


def _fences(files: RunFiles, problems: list[str]) -> list[Fence]:
    fences = {fence.key: fence for fence in load_catalogue()}
    for path in files.fences:
        try:
            # a user's fence replaces the shipped one of the same id; versions of a drawn one stand together
            fences |= {fence.key: fence for fence in load_fences(path)}
        except FenceError as error:
            problems += error.problems
    return [fences[key] for key in sorted(fences)]
