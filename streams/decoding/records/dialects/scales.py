"""Scales: the services whose JSON gives numbers in other units than knots, degrees and metres.

Told by the names and types of fields, which are the same in all records of such a service: the numbers of one
record do not tell, because many writers drop the `.0` of a whole number.

MarineTraffic (API services, `protocol:jsono`, whose values are texts): speeds and draughts are ten times
those in knots and metres.
AISHub (https://www.aishub.net/api, format 0): numbers are those of the messages, 600,000 to the degree.
BarentsWatch (https://developer.barentswatch.no, live AIS): draughts are those of the messages, whole
decimetres.
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
_MARINETRAFFIC: Final = frozenset(("LAT", "LON", "SPEED", "TIMESTAMP"))
_MARINETRAFFIC_TOO: Final = frozenset(("DSRC", "SHIP_ID", "COURSE"))
"""One of these is beside them in all of its services: the positions of fleets and the tracks of vessels."""
_BARENTSWATCH: Final = (
    frozenset(("msgtime", "draught", "positionFixingDeviceType")),
    frozenset(("msgtime", "draught", "speedOverGround", "trueHeading")),
)
"""Of static data, and of positions with static data."""


def scales_of(found: Object, held: Mapping[str, Any]) -> Mapping[str, float]:
    """By field, what its number is multiplied by. `held` has the values by field, `found` by their names."""
    if found.keys() >= _MARINETRAFFIC and found.keys() & _MARINETRAFFIC_TOO:
        speed = found["SPEED"]
        return TENTHS if isinstance(speed, str) and "." not in speed else _NONE
    if {"NAVSTAT", "LONGITUDE", "LATITUDE"} <= found.keys() and _is_as_sent(held.get("lon"), held.get("lat")):
        return AS_SENT
    if any(names <= found.keys() for names in _BARENTSWATCH):
        return {"draught": 0.1}
    return _NONE


def _is_as_sent(lon: Any, lat: Any) -> bool:
    """Whether a position is one in 1/600,000 degree: whole numbers, no degrees, nor 181 and 91 for none."""
    west, north = values.whole(lon), values.whole(lat)
    return west is not None and north is not None and (abs(west) > 181 or abs(north) > 91)
