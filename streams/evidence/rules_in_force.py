"""Rules in force: settings, fences, watchlists and sightings of a run, as members of a bundle.

They are written as they were used, those of the package included, so that another clone needs no files.
"""

from collections.abc import Callable, Iterable
from pathlib import PurePath

import msgspec

from geofences.fence import dump_fences, read_fences
from models.errors import UNDECODABLE, InputError
from models.sighting import Sighting
from models.watchlist import Entry, Watchlist
from streams.evidence import members
from streams.evidence.errors import EvidenceError
from streams.stages.rules import Rules
from streams.stages.settings import Settings, show

RULES: tuple[str, ...] = (members.SETTINGS, members.FENCES, members.WATCHLIST, members.SIGHTINGS)
"""The members, by name."""


def dump(rules: Rules, sightings: Iterable[Sighting]) -> dict[str, bytes]:
    """The members, by name."""
    return {
        members.SETTINGS: show(rules.settings).encode(),
        members.FENCES: dump_fences((*rules.surroundings.fences, *rules.drawn)).encode(),
        members.WATCHLIST: _lines(rules.watchlist.entries),
        members.SIGHTINGS: _lines(sightings),
    }


def load(read: Callable[[str], bytes]) -> tuple[Rules, tuple[Sighting, ...]]:
    """The rules and the sightings in these members. Raises EvidenceError."""
    name = ""
    try:
        name = members.SETTINGS
        settings = msgspec.toml.decode(read(name), type=Settings)
        name = members.FENCES
        fences = read_fences(read(name), PurePath(name).name)
        name = members.WATCHLIST
        entries = msgspec.json.Decoder(Entry).decode_lines(read(name))
        name = members.SIGHTINGS
        sightings = msgspec.json.Decoder(Sighting).decode_lines(read(name))
    except (InputError, *UNDECODABLE, ValueError) as error:
        raise EvidenceError(
            f"{name}: can't be used here ({error}); it was changed, or is of another version"
        ) from None
    return Rules(settings, fences, Watchlist(entries)), tuple(sightings)


def _lines(rows: Iterable[Entry] | Iterable[Sighting]) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
