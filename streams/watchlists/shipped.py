"""The list in the package: vessels in sanctions lists against North Korea (models/data/SOURCES.md)."""

import io
from functools import cache
from importlib import resources
from typing import Final

from models.watchlist import Watchlist
from streams.watchlists import plain
from streams.watchlists.reading import Reading, WatchlistError

FILE: Final = "dprk_vessels.csv"


@cache
def shipped_watchlist() -> Watchlist:
    """The list in the package."""
    reading = Reading(FILE)
    data = resources.files("models").joinpath("data", FILE).read_bytes()
    plain.FORMAT.read(io.BytesIO(data), reading)
    if reading.problems:
        raise WatchlistError(*reading.problems)
    return Watchlist(reading.entries)
