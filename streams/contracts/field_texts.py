"""What each field of the published schemas means: a sentence, its unit, its caveat, and what values it takes.

Beside the models and not in them, since this is the contract with outsiders: a change here is a change of the
published schemas. Every field of a model has an entry; `streams/contracts/schemas.py` refuses to go without.
"""

from typing import Any, Final, NamedTuple

from geofences.fence import FenceKind
from models.vessel import Role

Limits = dict[str, Any]


class Text(NamedTuple):
    """`limits` are keywords of JSON Schema for the value where it is not null."""

    text: str
    unit: str | None = None
    limits: Limits | None = None


TIME: Final[Limits] = {
    "format": "date-time",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$",
}
MMSI: Final[Limits] = {"pattern": "^[0-9]{9}$"}
COUNTRY: Final[Limits] = {"pattern": "^[A-Z]{2}$"}
NOT_NEGATIVE: Final[Limits] = {"minimum": 0}
LATITUDE: Final[Limits] = {"minimum": -90, "maximum": 90}
LONGITUDE: Final[Limits] = {"minimum": -180, "maximum": 180}
_CIRCLE: Final[Limits] = {"minimum": 0, "maximum": 360}
_SHIP_ROLES: Final = sorted(role.value for role in Role)

EVENT: Final = {
    "Event": {
        "id": Text(
            "Hash of type, vessels, first contact and place as known at revision 1, then frozen. The same in "
            "every replay of the same data, and the key of the message.",
            limits={"pattern": "^[0-9a-f]{24}$"},
        ),
        "type": Text("What was seen. Exactly the object of that name is filled in, the others are null."),
        "revision": Text(
            "1, 2, … for one id. Keep the highest; a lower or equal one that comes later is a repetition.",
            limits={"minimum": 1},
        ),
        "status": Text(
            "`open` while it goes on (or where the data end), `closed` when over, `retracted` when taken "
            "back: the event no longer counts, and `against` says why."
        ),
        "level": Text("How much of the rule is met. Neither is a proof."),
        "start": Text("First instant at which the rule was met.", "UTC", TIME),
        "end": Text("Last instant at which it was met; null while open.", "UTC", TIME),
        "detected": Text(
            "Event time of this revision: the instant of the grid whose closing produced it. No clock: "
            "live, the message comes later by the allowed lateness.",
            "UTC",
            TIME,
        ),
        "position": Text("Middle of the positions seen."),
        "boundingBox": Text(
            "West, south, east, north of the positions seen. West is greater than east across 180°.",
            "degrees",
        ),
        "distances": Text("How far from shore and port it began and ended."),
        "vessel": Text(
            "The vessel. Of the two in an encounter the one on a watchlist, else the tanker, else the one "
            "with the lower MMSI."
        ),
        "encounter": Text("Two vessels close and slow: the suspected transfer. Null for other types."),
        "loitering": Text("One vessel slow at sea. Null for other types."),
        "portVisit": Text("A call at a port. Null for other types."),
        "geofences": Text("Fences that the event touches; empty where there are none."),
        "score": Text(
            "A base, plus the weights of `reasons`, less those of `against`, kept between 0 and 1. An order "
            "for people to look in, not a probability.",
            limits={"minimum": 0, "maximum": 1},
        ),
        "reasons": Text("What speaks for it, each with the value met and its threshold."),
        "against": Text("What speaks against it; for a retracted event the ground of the retraction too."),
        "summary": Text(
            "One sentence in English. It may hold names sent by radio: escape it like any foreign text."
        ),
        "evidence": Text("What it rests on."),
        "detector": Text("What judged it."),
    },
    "Position": {
        "lat": Text("Latitude, WGS 84, north positive.", "degrees", LATITUDE),
        "lon": Text("Longitude, WGS 84, east positive.", "degrees", LONGITUDE),
    },
    "Distances": {
        "startDistanceFromShoreKm": Text(
            "From the nearest shore at the start. From a generalized coastline: right to about a kilometre.",
            "km",
            NOT_NEGATIVE,
        ),
        "endDistanceFromShoreKm": Text("From the nearest shore at the end.", "km", NOT_NEGATIVE),
        "startDistanceFromPortKm": Text(
            "From the nearest port of the catalogue at the start; ports that are not in it do not count.",
            "km",
            NOT_NEGATIVE,
        ),
        "endDistanceFromPortKm": Text(
            "From the nearest port of the catalogue at the end.", "km", NOT_NEGATIVE
        ),
    },
    "Vessel": {
        "id": Text("The MMSI with nine digits. Ships change it, and several may use one.", limits=MMSI),
        "ssvid": Text("The same, under Global Fishing Watch's name for it.", limits=MMSI),
        "name": Text(
            "As the vessel sends it: foreign text, up to 20 characters. Not checked against a register."
        ),
        "flag": Text(
            "ISO 3166-1 alpha-2, from the first digits of the MMSI: the state that the number belongs to, "
            "which need not be the ship's register.",
            limits=COUNTRY,
        ),
        "type": Text(
            "What the vessel can be in an event, from its AIS ship type. `unknown` until it is confirmed.",
            limits={"enum": _SHIP_ROLES},
        ),
        "imo": Text(
            "IMO number as sent; its check digit is right, whether it is the ship's own is not known.",
            limits={"pattern": "^[0-9]{7}$"},
        ),
        "callsign": Text("As the vessel sends it: foreign text, up to 7 characters."),
        "lengthMeters": Text("From the antenna offsets as sent.", "m", {"minimum": 1}),
        "beamMeters": Text("From the antenna offsets as sent.", "m", NOT_NEGATIVE),
        "aisShipType": Text(
            "ITU-R M.1371 table 53; 80 to 89 are tankers.", limits={"minimum": 0, "maximum": 255}
        ),
        "draughtMeters": Text(
            "As the crew entered it: often out of date or untrue. A reason at best, never a proof.",
            "m",
            {"exclusiveMinimum": 0, "maximum": 25.5},
        ),
        "watchlists": Text("Entries of watchlists that match; empty where there are none."),
    },
    "WatchlistHit": {
        "list": Text("Name of the list."),
        "entry": Text("The entry in it."),
        "matchedOn": Text(
            "The number that matched. An MMSI is reassigned and copied more easily than an IMO number.",
            limits={"enum": ["imo", "mmsi"]},
        ),
    },
    "Encounter": {
        "vessel": Text("The other vessel."),
        "medianDistanceKilometers": Text(
            "Median distance between the two antennas, not the hulls, over the instants in contact.",
            "km",
            NOT_NEGATIVE,
        ),
        "medianSpeedKnots": Text("Median of the mean speed of both, in contact.", "kn", NOT_NEGATIVE),
        "minDistanceKilometers": Text("Least distance between the two antennas.", "km", NOT_NEGATIVE),
        "minHullGapMeters": Text(
            "Least distance between the two hulls, drawn from antenna offsets and heading. 0 where the drawn "
            "hulls touch; right to some tens of metres. Null where size or heading of one is not known.",
            "m",
            NOT_NEGATIVE,
        ),
        "medianHullGapMeters": Text("Median distance between the two hulls, likewise.", "m", NOT_NEGATIVE),
        "durationHours": Text(
            "Time in contact alone: silences and partings between `start` and `end` do not count.",
            "h",
            NOT_NEGATIVE,
        ),
        "headingDifferenceDegrees": Text(
            "Median angle between the two headings: near 0 or 180 for ships alongside. Null where not sent.",
            "degrees",
            {"minimum": 0, "maximum": 180},
        ),
        "positionCount": Text(
            "Instants of the five-minute grid in contact. Positions between fixes are interpolated.",
            limits={"minimum": 1},
        ),
        "draughtChangeMeters": Text(
            "Of the first vessel, since before the contact; positive for deeper. Self-reported.", "m"
        ),
        "type": Text(
            "What the two are, sorted, with a hyphen.",
            limits={"pattern": f"^({'|'.join(_SHIP_ROLES)})-({'|'.join(_SHIP_ROLES)})$"},
        ),
        "others": Text("MMSIs of further vessels in the same raft; each pair has an event of its own."),
    },
    "Loitering": {
        "totalTimeHours": Text("From the first slow fix to the last.", "h", NOT_NEGATIVE),
        "totalDistanceKm": Text(
            "Length of the path through the positions kept as evidence: at least so much.", "km", NOT_NEGATIVE
        ),
        "averageSpeedKnots": Text(
            "Mean of the speeds sent; of the path where none were.", "kn", NOT_NEGATIVE
        ),
        "averageDistanceFromShoreKm": Text("Mean over the positions kept.", "km", NOT_NEGATIVE),
    },
    "PortVisit": {
        "port": Text("Code of the port: all fences with one UN/LOCODE are one port."),
        "portName": Text("Name of the fence that says best where: the berth before the roads."),
        "country": Text("ISO 3166-1 alpha-2 of the port.", limits=COUNTRY),
        "confidence": Text(
            "After Global Fishing Watch: 2 a stop or a silence inside alone, 3 with the arrival or the "
            "departure seen, 4 with both.",
            limits={"minimum": 1, "maximum": 4},
        ),
        "durationHours": Text(
            "From the first fix inside to the last so far; the ship may have come earlier or left later.",
            "h",
            NOT_NEGATIVE,
        ),
        "stoppedHours": Text("Of that, lying still.", "h", NOT_NEGATIVE),
        "entrySeen": Text("Whether it was heard coming in."),
        "exitSeen": Text("Whether it was heard leaving."),
    },
    "FenceRelation": {
        "id": Text("Id of the fence in the catalogue or a user's file: `tankerwatch fences list`."),
        "name": Text("Its name."),
        "kind": Text("What it is drawn round.", limits={"enum": [kind.value for kind in FenceKind]}),
        "country": Text(
            "ISO 3166-1 alpha-2, where it lies in one's waters or belongs to a port.", limits=COUNTRY
        ),
        "relation": Text(
            "`inside`, or `near`: within a kilometre of it.", limits={"enum": ["inside", "near"]}
        ),
    },
    "Reason": {
        "code": Text(
            "Stable name of the ground. New ones come with new rules: handle those you know.",
            limits={"pattern": "^[a-z][a-z0-9_]*$"},
        ),
        "text": Text("The ground in words."),
        "value": Text("The value met; a name where the ground is no number."),
        "threshold": Text("What the value was compared with; null where it was compared with nothing."),
        "unit": Text(
            "Of value and threshold; null where they are no measure: a name, a code, a share.",
            limits={"enum": ["h", "m", "km"]},
        ),
        "weight": Text("What it adds to the score, or takes from it in `against`.", limits=NOT_NEGATIVE),
    },
    "Evidence": {
        "positions": Text("Thinned to a bounded number, in order of time; the first and the last are kept."),
        "receivers": Text("Stations that heard the vessels, sorted, at most 32."),
    },
    "Sample": {
        "time": Text("Of the fix, or of the instant of the grid in encounters.", "UTC", TIME),
        "ssvid": Text("MMSI of the vessel.", limits=MMSI),
        "lat": Text("Latitude, WGS 84.", "degrees", LATITUDE),
        "lon": Text("Longitude, WGS 84.", "degrees", LONGITUDE),
        "speedKnots": Text("Over ground.", "kn", NOT_NEGATIVE),
        "course": Text("Over ground, from true north. Meaningless for a ship at rest.", "degrees", _CIRCLE),
        "heading": Text("True heading, of the bow.", "degrees", _CIRCLE),
        "distanceMeters": Text("Between the two antennas, in encounters.", "m", NOT_NEGATIVE),
        "hullGapMeters": Text("Between the two hulls, in encounters.", "m", NOT_NEGATIVE),
    },
    "Detector": {
        "name": Text("Of the detector."),
        "version": Text("Of tankerwatch."),
        "settingsHash": Text(
            "Of all thresholds that the verdict depends on: events with equal hashes were judged alike."
        ),
    },
}

_EPOCH: Final = "ms since 1970-01-01T00:00:00Z"

VESSEL: Final = {
    "Whereabouts": {
        "mmsi": Text("The MMSI, and the field of the hash.", limits={"minimum": 0, "maximum": 999_999_999}),
        "time": Text(
            "Of the latest tick: an instant of the five-minute grid, up to that older than the last fix.",
            _EPOCH,
        ),
        "lat": Text("Latitude, WGS 84. Interpolated between fixes.", "degrees", LATITUDE),
        "lon": Text("Longitude, WGS 84. Interpolated between fixes.", "degrees", LONGITUDE),
        "speedKnots": Text("Over ground.", "kn", NOT_NEGATIVE),
        "course": Text("Over ground, from true north. Meaningless for a ship at rest.", "degrees", _CIRCLE),
        "heading": Text("True heading, of the bow.", "degrees", _CIRCLE),
        "status": Text(
            "Navigational status of ITU-R M.1371 as the crew set it; null for 15, not defined.",
            limits={"minimum": 0, "maximum": 14},
        ),
        "segments": Text(
            "Latest tick of each track segment: more than one recent means that the MMSI is in two places.",
            _EPOCH,
        ),
    },
}

IDENTITY: Final = {
    "Identity": {
        "mmsi": Text("The MMSI, and the field of the hash.", limits={"minimum": 0, "maximum": 999_999_999}),
        "time": Text("From when on this is confirmed.", _EPOCH),
        "role": Text("What the vessel can be in an event, from its AIS ship type."),
        "name": EVENT["Vessel"]["name"],
        "callsign": EVENT["Vessel"]["callsign"],
        "imo": Text(
            "IMO number as sent; its check digit is right, whether it is the ship's own is not known.",
            limits={"minimum": 1_000_000, "maximum": 9_999_999},
        ),
        "ship_type": EVENT["Vessel"]["aisShipType"],
        "dimensions": Text("Of the hull, from the antenna, as sent."),
        "draught": EVENT["Vessel"]["draughtMeters"],
        "class_b": Text("Whether it has a transponder of class B, which sends no IMO number and no draught."),
        "shared": Text("Whether the MMSI is heard from two places at once."),
        "gone": Text("Whether it has not been heard of for long and is forgotten."),
        "watchlists": EVENT["Vessel"]["watchlists"],
    },
    "Dimensions": {
        "to_bow": Text("From the antenna to the bow.", "m", NOT_NEGATIVE),
        "to_stern": Text("From the antenna to the stern.", "m", NOT_NEGATIVE),
        "to_port": Text("From the antenna to the port side.", "m", NOT_NEGATIVE),
        "to_starboard": Text("From the antenna to the starboard side.", "m", NOT_NEGATIVE),
    },
    "WatchlistHit": EVENT["WatchlistHit"],
}

SOURCE: Final = {
    "Registration": {
        "version": Text("Of this message.", limits={"const": 1}),
        "source": Text(
            "Name of the source, as in its frames, and the key of the message. For one session only: a name "
            "that has ended never comes back.",
            limits={"minLength": 1},
        ),
        "origin": Text("What was opened: a path, tcp://host:port, …"),
    },
}

RAW_FRAME: Final = {
    "RawFrame": {
        "type": Text("Kind of message."),
        "version": Text("Of this message. Another one is refused as a dead letter.", limits={"const": 1}),
        "source": Text(
            "Name of the source, registered before, and the key of the message.", limits={"minLength": 1}
        ),
        "kind": Text(
            "`lines`; `idle` where nothing came for some seconds, which lets time go on; `end` at the end.",
            limits={"enum": ["lines", "idle", "end"]},
        ),
        "registry": Text(
            "Offset in `ais.sources` of the last registration that the sender knew of, its own at least.",
            limits=NOT_NEGATIVE,
        ),
        "first_line": Text("Number of the first line in its source, from 1.", limits={"minimum": 1}),
        "data": Text(
            "NMEA 0183 lines, each ended by a line feed, at most 500. MessagePack binary; base64 in JSON."
        ),
        "received": Text(
            "Time of receipt, one a line, or that of `idle`; null for a recording, whose own times stand in.",
            _EPOCH,
        ),
        "base_time": Text("Time for lines that carry none; null where they must carry one.", _EPOCH),
        "cuts": Text(
            "Lines longer than 4 KiB, of which `data` has the head only: index in the frame from 0, length "
            "of the whole in bytes, its SHA-256 in hexadecimal."
        ),
    },
}
