"""From when on a vessel counts as a facilitator, and what an innocent explanation rests on."""

import msgspec

from models.time import HOUR, Millis


class FacilitatorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    flags: tuple[str, ...] = ("KP",)
    """Flags (ISO 3166-1 alpha-2) of vessels that count as listed ones do."""
    least_times: int = 2
    """A vessel that dealt with such vessels this often is a facilitator. Source: judgement; once may be
    chance."""
    apart_hours: float = 24.0
    """Meetings that begin less than this after the one before are one time. Source: judgement; a raft, and a
    round of a bunker barge, last less than a day."""
    many_partners: int = 8
    """A vessel that met this many others, listed or not, serves ships. Source: judgement."""
    small_metres: float = 60.0
    """A vessel shorter than this is of the size of craft that serve ships. Source: judgement, by bunker
    barges and pilot boats of Asian ports."""
    same_place_km: float = 20.0
    """Meetings within this distance of the middle of all of them are at one place: the width of an anchorage.
    Source: judgement."""
    same_place_share: float = 0.8
    """Share of the meetings that must be there for a vessel to work at one place. Source: judgement."""
    innocent_signs: int = 2
    """So many of the three signs (many partners, small, one place) make the explanation. Source: judgement; a
    tanker of any size may lie at one place twice."""

    @property
    def apart(self) -> Millis:
        return int(self.apart_hours * HOUR)
