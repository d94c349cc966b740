"""Scales: the services whose JSON gives numbers in other units than knots, degrees and metres.

MarineTraffic (API services, `protocol:jsono`): speeds and draughts are ten times those in knots and metres.
AISHub (https://www.aishub.net/api, format 0): numbers are those of the messages, 600,000 to the degree.
BarentsWatch (https://developer.barentswatch.no, live AIS): draughts are those of the messages, in decimetres.
"""

from collections.abc import Mapping
from typing import Any, Final

from streams.decoding.records import values
from streams.decoding.records.dialects.fields import Object

TENTHS: Final = {"sog": 0.1, "draught": 0.1}
"""MarineTraffic. Courses and headings are in degrees."""
AS_SENT: Final = {"lon": 1 / 600_000, "lat": 1 / 600_000, "sog": 0.1, "cog": 0.1, "draught": 0.1}
"""AISHub."""
_NONE: Final[dict[str, float]] = {}
_MARINETRAFFIC: Final = ({"SHIP_ID", "SPEED"}, {"DSRC", "SPEED"})


def scales_of(found: Object, held: Mapping[str, Any]) -> Mapping[str, float]:
    """By field, what its number is multiplied by. `held` has the values by field, `found` by their names."""
    if any(names <= found.keys() for names in _MARINETRAFFIC) and _is_whole(held.get("sog")):
        return TENTHS
    if {"NAVSTAT", "LONGITUDE", "LATITUDE"} <= found.keys() and is_as_sent(held.get("lon"), held.get("lat")):
        return AS_SENT
    if {"msgtime", "draught"} <= found.keys() and _is_whole(found["draught"]):
        return {"draught": 0.1}
    return _NONE


def is_as_sent(lon: Any, lat: Any) -> bool:
    """Whether a position is one in 1/600,000 degree: whole numbers that are no degrees."""
    west, north = values.whole(lon), values.whole(lat)
    return west is not None and north is not None and (abs(west) > 180 or abs(north) > 90)


def _is_whole(value: Any) -> bool:
    return values.whole(value) is not None and "." not in str(value)
