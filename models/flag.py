"""The flag a vessel sails under, as far as its MMSI tells (maritime identification digits, ITU)."""

from functools import lru_cache


@lru_cache(maxsize=65_536)
def flag_of(mmsi: int) -> str | None:
    """ISO 3166-1 alpha-2 code of a ship's MMSI, or None where its first three digits are not allocated."""
    from pyais.constants import COUNTRY_MAPPING  # late: events can be named without waiting for a decoder

    entry = COUNTRY_MAPPING.get(mmsi // 1_000_000)
    return entry[0] if entry else None
