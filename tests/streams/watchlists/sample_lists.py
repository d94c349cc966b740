"""Small lists in every layout that is read, with made-up ships: STAR, MOON, BOAT, and what is no ship."""

from pathlib import Path
from typing import Final

STAR, MOON = 9074729, 9562233
"""IMO numbers with right check digits."""
STAR_MMSI, MOON_MMSI = 445000123, 620233000
BOAT: Final = "MADE UP BOAT"
"""It has a name only."""


def _text(name: str) -> str:
    return (Path(__file__).parent / "samples" / name).read_text("utf-8")


PLAIN: Final = _text("plain.csv")
SDN: Final = _text("sdn.csv")
ALT: Final = _text("alt.csv")
EU: Final = _text("eu.csv")
UN: Final = _text("un.csv")
MARITIME: Final = _text("maritime.csv")
FTM: Final = _text("entities.ftm.json")
XML: Final = _text("sdn_advanced.xml")
