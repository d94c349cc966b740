"""Record: what one decoded message said, in the units of AIS, and the payloads that say the same.

What a record does not tell is "not available" in the payload. So what comes of it is what would have come of
the message itself, as far as the record has it: positions to 1/10,000 minute, speeds and courses to a tenth.
"""

from typing import Final

import msgspec

from models.time import Millis
from streams.decoding.lines.time_text import TimeProblem
from streams.decoding.records.layout import fill_of, pack, text_values
from streams.decoding.records.values import NO_STATUS

NO_SECOND: Final = 60
_CLASS_B: Final = (18, 19, 24)
STATIC_ONLY: Final = (5, 24)
WITH_POSITION: Final = (1, 2, 3, 4, 9, 11, 17, 18, 19, 21, 27)
"""Message types (ITU-R M.1371-5)."""
_MOST_DRAUGHT: Final = 30.0
"""Metres. No ship draws more, so a larger number is in another unit; which one is not known."""
_SPEED: Final[dict[int, tuple[float, int, int]]] = {9: (1.0, 1022, 1023), 27: (1.0, 62, 63)}
"""By message type: units in a knot, the most, and "not available"."""
_OTHER_SPEED: Final = (10.0, 1022, 1023)


class Payload(msgspec.Struct, array_like=True, gc=False):
    text: bytes
    """In six-bit armour."""
    fill: int


class Record(msgspec.Struct, kw_only=True):
    """Null where the record does not tell it: None, in identifying numbers 0, in texts empty."""

    mmsi: int
    kind: int = 0
    """Message type; 0 where it is not told: then 1, or 18 for class B, and 5 or 24 for static data."""
    class_b: bool = False
    time: Millis | TimeProblem | None = None
    station: str = ""
    lon: float | None = None
    lat: float | None = None
    sog: float | None = None
    """Knots."""
    cog: float | None = None
    heading: float | None = None
    status: int = NO_STATUS
    second: int = NO_SECOND
    """UTC second of the transmission, where it is told."""
    utc: tuple[int, int, int, int, int, int] | None = None
    """Date and time in the message of a base station."""
    imo: int = 0
    name: str = ""
    callsign: str = ""
    destination: str = ""
    ship_type: int = 0
    size: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Metres to bow, stern, port and starboard."""
    draught: float | None = None
    """Metres."""
    eta: tuple[int, int, int, int] = (0, 0, 24, 60)
    part: str = ""
    """Of type 24: A, B, or empty where the record has both."""

    @property
    def placed(self) -> bool:
        return self.lon is not None and self.lat is not None

    @property
    def named(self) -> bool:
        """Whether there is any static data."""
        texts = self.name or self.callsign or self.destination
        return bool(texts or self.imo or self.ship_type or any(self.size) or self.draught)

    def payloads(self) -> list[Payload]:
        """The messages that say what the record says; none where it says nothing about a vessel."""
        found = []
        if self.kind not in STATIC_ONLY and (self.kind or self.placed):
            found.append(self._position())
        if self.kind in STATIC_ONLY or (self.named and self.kind not in (4, 9, 19)):
            found += self._static()
        return found

    def _position(self) -> Payload:
        kind = self.kind or (18 if self.class_b else 1)
        unit, most, none = _SPEED.get(kind, _OTHER_SPEED)
        scale = 600 if kind == 27 else 600_000
        lon, lat = (self.lon, self.lat) if self.placed else (None, None)
        lon = lon if lon is not None and -180 <= lon <= 180 else 181.0
        lat = lat if lat is not None and -90 <= lat <= 90 else 91.0
        sog, cog, heading = self.sog, self.cog, self.heading
        values = {
            "mmsi": self.mmsi,
            "status": self.status,
            "turn": 128,
            "sog": min(round(sog * unit), most) if sog is not None and sog >= 0 else none,
            "lon": round(lon * scale),
            "lat": round(lat * scale),
            "heading": round(heading) % 360 if heading is not None and 0 <= heading < 360 else 511,
            "second": self.second if 0 <= self.second < 64 else NO_SECOND,
        }
        if kind == 27:
            values["cog"] = round(cog) % 360 if cog is not None and 0 <= cog < 360 else 511
        else:
            values["cog"] = round(cog * 10) % 3600 if cog is not None and 0 <= cog < 360 else 3600
        if kind == 4:
            names = ("year", "month", "day", "hour", "minute", "second")
            values |= dict(zip(names, self.utc or (0, 0, 0, 24, 60, 60), strict=True))
        if kind == 19:
            values |= self._common_static() | text_values("name", self.name, 20)
        return Payload(pack(str(kind), values), fill_of(str(kind)))

    def _static(self) -> list[Payload]:
        values = self._common_static()
        name, callsign = text_values("name", self.name, 20), text_values("callsign", self.callsign, 7)
        if self.class_b or self.kind in _CLASS_B:
            parts = []
            if self.part == "A" or (not self.part and self.name):
                parts.append(("24A", {"mmsi": self.mmsi} | name))
            if self.part == "B" or (not self.part and (self.callsign or self.ship_type or any(self.size))):
                parts.append(("24B", values | callsign))
            return [Payload(pack(kind, part), fill_of(kind)) for kind, part in parts]
        month, day, hour, minute = self.eta
        draught = self.draught or 0.0
        values |= name | callsign | text_values("destination", self.destination, 20)
        values |= {"imo": self.imo, "month": month, "day": day, "hour": hour, "minute": minute}
        values["draught"] = min(round(draught * 10), 255) if 0 < draught <= _MOST_DRAUGHT else 0
        return [Payload(pack("5", values), fill_of("5"))]

    def _common_static(self) -> dict[str, int]:
        bow, stern, port, starboard = self.size
        return {
            "mmsi": self.mmsi,
            "ship_type": self.ship_type,
            "to_bow": bow,
            "to_stern": stern,
            "to_port": port,
            "to_starboard": starboard,
        }
