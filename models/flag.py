"""Flag: the country that a list names as a vessel's flag, as a code."""

from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Final, cast

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


@cache
def countries() -> dict[int, tuple[str, str]]:
    """ITU's table of MIDs, the first three digits of a ship's MMSI: code (ISO 3166-1 alpha-2) and name.

    pyais has it, in a module that needs no other. All of pyais would take a twentieth of a small replay.
    """
    package = find_spec("pyais")
    assert package is not None
    assert package.origin is not None
    spec = spec_from_file_location("pyais_constants", Path(package.origin).with_name("constants.py"))
    assert spec is not None
    assert spec.loader is not None
    constants = module_from_spec(spec)
    spec.loader.exec_module(constants)
    return cast("dict[int, tuple[str, str]]", constants.COUNTRY_MAPPING)


def _plain(text: str) -> str:
    """Small letters and single spaces, without marks."""
    words = text.casefold().replace("'", "").replace("’", "").replace("ü", "u")
    return " ".join("".join(c if c.isalnum() else " " for c in words).split())


@cache
def _names() -> dict[str, str]:
    """Codes by name and by themselves."""
    table = {_plain(name): code for code, name in countries().values()}
    table |= {code.lower(): code for code, _ in countries().values()} | _ALSO
    return {name: code for name, code in table.items() if name not in _UNCLEAR}
