"""Flag: the country that a list names as a vessel's flag, as a code."""

from functools import cache
from typing import Final

_ALSO: Final = {
    "korea north": "KP",
    "north korea": "KP",
    "dprk": "KP",
    "democratic peoples republic of korea": "KP",
    "korea democratic peoples republic of": "KP",
    "korea south": "KR",
    "south korea": "KR",
    "republic of korea": "KR",
    "russian federation": "RU",
    "united republic of tanzania": "TZ",
    "viet nam": "VN",
    "islamic republic of iran": "IR",
    "hong kong china": "HK",
    "cook islands": "CK",
    "marshall islands": "MH",
    "the gambia": "GM",
    "sierra leone": "SL",
    "saint kitts and nevis": "KN",
    "st kitts and nevis": "KN",
    "saint vincent and the grenadines": "VC",
    "antigua and barbuda": "AG",
    "sao tome and principe": "ST",
    "democratic republic of the congo": "CD",
    "equatorial guinea": "GQ",
    "syrian arab republic": "SY",
    "turkiye": "TR",
}
"""Names as lists write them, beside those of the ITU's table."""
_UNCLEAR: Final = frozenset({"korea", "congo"})
"""Names that two countries have."""


def country_codes(text: str | None) -> frozenset[str]:
    """The ISO 3166-1 alpha-2 codes of the countries that a list names, separated by commas or semicolons.

    Empty where one of them is not known for sure: then nothing can be compared with it.
    """
    whole = _plain(text or "")
    if (code := _names().get(whole)) is not None:  # "Korea, North"
        return frozenset({code})
    parts = [part for part in map(_plain, (text or "").replace(";", ",").split(",")) if part]
    codes = {_names().get(part) for part in parts}
    return frozenset(code for code in codes if code) if None not in codes else frozenset()


def _plain(text: str) -> str:
    """Small letters and single spaces, without marks."""
    words = text.casefold().replace("'", "").replace("’", "").replace("ü", "u")
    return " ".join("".join(c if c.isalnum() else " " for c in words).split())


@cache
def _names() -> dict[str, str]:
    """Codes by name and by themselves."""
    from pyais.constants import COUNTRY_MAPPING  # imported late: it loads the whole of pyais

    table = {_plain(name): code for code, name in COUNTRY_MAPPING.values()}
    table |= {code.lower(): code for code, _ in COUNTRY_MAPPING.values()} | _ALSO
    return {name: code for name, code in table.items() if name not in _UNCLEAR}
