"""The texts of the published schemas: the meaning of each field, its unit, its caveats and its range of
values.

They are not in the models, because they are the contract with users: a change here changes the published
schemas. Every field of a model has an entry; without one, `streams/contracts/schemas.py` raises an error.
"""

from typing import Any, Final, NamedTuple

from geofences.fence import FenceKind
from models.vessel import Role

Limits = dict[str, Any]


class Text(NamedTuple):
    """`limits` are keywords of JSON Schema that apply to the value unless it is null."""

    text: str
    unit: str | None = None
    limits: Limits | None = None


TIME: Final[Limits] = {
    "format": "date-time",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$",
}
DAY: Final[Limits] = {"format": "date", "pattern": r"^\d{4}-\d\d-\d\d$"}
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
            "Hash of type, vessels, first contact and place as known at revision 1; it never changes later. "
            "Every replay of the same data gives the same id. It is the key of the message.",
            limits={"pattern": "^[0-9a-f]{24}$"},
        ),
        "type": Text(
            "What was seen. The object of this name is filled in; those of the other types are null."
        ),
        "revision": Text(
            "1, 2, … for each id. Keep the highest. A later message with a lower or equal one is a "
            "repetition.",
            limits={"minimum": 1},
        ),
        "status": Text(
            "`open` while it goes on or when the data end, `closed` when it is over. `retracted`: later data "
            "showed that the event does not hold, and `against` says why."
        ),
        "level": Text("How clearly the rule is met. Neither level is a proof."),
        "start": Text("The first instant at which the rule was met.", "UTC", TIME),
        "end": Text("The last instant at which the rule was met; null while the event is open.", "UTC", TIME),
        "detected": Text(
            "Event time of this revision: the instant of the five-minute grid after which it was produced. "
            "Not a clock time: live, the message comes later by the allowed lateness.",
            "UTC",
            TIME,
        ),
        "position": Text("Middle of the positions seen."),
        "boundingBox": Text(
            "West, south, east and north of the positions seen. West is greater than east across 180°.",
            "degrees",
        ),
        "distances": Text("Distances from shore and port at the start and at the end."),
        "vessel": Text(
            "The vessel. In an encounter, the one of the two that is on a watchlist, or else the tanker, or "
            "else the one with the lower MMSI."
        ),
        "encounter": Text(
            "Two vessels close together and slow: the suspected transfer. Null for other types."
        ),
        "loitering": Text("One vessel slow at sea. Null for other types."),
        "portVisit": Text("A call at a port. Null for other types."),
        "gap": Text("One vessel silent for longer than expected. Null for other types."),
        "chain": Text("The suspected way of one cargo of oil. Null for other types."),
        "darkPortVisit": Text("Watched ports that a silent vessel can have called at. Null for other types."),
        "identity": Text(
            "What a vessel says of itself that changed, does not fit, or comes from two places. Null for "
            "other types."
        ),
        "positionAnomaly": Text("Positions that a ship cannot have had. Null for other types."),
        "fenceCrossing": Text("A vessel that came into a drawn fence, or left it. Null for other types."),
        "darkEncounter": Text(
            "Two vessels that can have met while one or both were silent. Null for other types."
        ),
        "darkVessel": Text(
            "A vessel that others saw in a watched fence, and that no vessel that was heard explains. Null "
            "for other types. Where nobody knows its MMSI, `vessel.ssvid` is 000000000."
        ),
        "geofences": Text("Fences that the event touches; empty if there are none."),
        "score": Text(
            "`scoring.base`, plus the weights of `reasons`, less those of `against`; from `scoring.floor` to "
            "`scoring.cap`. "
            "A ranking for people to look at, not a probability.",
            limits={"minimum": 0, "maximum": 1},
        ),
        "scoring": Text("What the score starts from and ends at. Null in events from before it was added."),
        "reasons": Text("What speaks for it, each with the value found and its threshold."),
        "against": Text("What speaks against it; for a retracted event also why it was taken back."),
        "innocentExplanation": Text(
            "The innocent explanation that its own reasons speak for most. Null if no reason supports one, "
            "which does not mean that there is none; also null in events from before it was added."
        ),
        "summary": Text(
            "One sentence in English, or a few. It can contain names sent by radio: escape it like any text "
            "from strangers."
        ),
        "evidence": Text("The data behind the event."),
        "detector": Text("The detector that found the event."),
    },
    "Position": {
        "lat": Text("Latitude, WGS 84, north positive.", "degrees", LATITUDE),
        "lon": Text("Longitude, WGS 84, east positive.", "degrees", LONGITUDE),
    },
    "Distances": {
        "startDistanceFromShoreKm": Text(
            "Distance from the nearest shore at the start, by a generalized coastline: accurate to about 1 "
            "km.",
            "km",
            NOT_NEGATIVE,
        ),
        "endDistanceFromShoreKm": Text(
            "Distance from the nearest shore at the end, likewise.", "km", NOT_NEGATIVE
        ),
        "startDistanceFromPortKm": Text(
            "Distance from the nearest port at the start: the edge of one in the catalogue, or the point "
            "of one in the World Port Index.",
            "km",
            NOT_NEGATIVE,
        ),
        "endDistanceFromPortKm": Text(
            "Distance from the nearest port at the end, likewise.", "km", NOT_NEGATIVE
        ),
    },
    "Vessel": {
        "id": Text(
            "The MMSI that the vessel was known by first, with nine digits: it stays the same where the "
            "vessel is known to go on under another one.",
            limits=MMSI,
        ),
        "ssvid": Text(
            "Its MMSI, under the name that Global Fishing Watch uses. Ships can change it, and several ships "
            "may use the same one.",
            limits=MMSI,
        ),
        "name": Text(
            "As sent by the vessel: text from a stranger, up to 20 characters. Not checked against a "
            "register."
        ),
        "flag": Text(
            "ISO 3166-1 alpha-2 code of the state that the first three digits of the MMSI belong to. The "
            "ship "
            "may be registered elsewhere.",
            limits=COUNTRY,
        ),
        "type": Text(
            "The vessel's role in events, from its AIS ship type. `unknown` until the ship type is "
            "confirmed.",
            limits={"enum": _SHIP_ROLES},
        ),
        "imo": Text(
            "IMO number as sent. Its check digit is correct; whether it is the ship's own is not known.",
            limits={"pattern": "^[0-9]{7}$"},
        ),
        "callsign": Text("As sent by the vessel: text from a stranger, up to 7 characters."),
        "lengthMeters": Text("From the distances between antenna and hull, as sent.", "m", {"minimum": 1}),
        "beamMeters": Text("From the distances between antenna and hull, as sent.", "m", NOT_NEGATIVE),
        "aisShipType": Text(
            "ITU-R M.1371 table 53; 80 to 89 are tankers.", limits={"minimum": 0, "maximum": 255}
        ),
        "draughtMeters": Text(
            "As entered by the crew, often out of date or false. It can be a reason, never a proof.",
            "m",
            {"exclusiveMinimum": 0, "maximum": 25.5},
        ),
        "watchlists": Text("Matching entries of watchlists; empty if there are none."),
        "history": Text(
            "What the vessel gave itself out as before, under this MMSI and under former ones, the latest "
            "last; at most five."
        ),
    },
    "FormerIdentity": {
        "ssvid": Text("The MMSI.", limits=MMSI),
        "name": Text("As sent then; null where none was."),
        "callsign": Text("As sent then; null where none was."),
        "imo": Text("As sent then, with a correct check digit; null where none was."),
        "flag": Text("ISO 3166-1 alpha-2 code, by the MMSI.", limits=COUNTRY),
        "since": Text("When it was first heard with this. UTC."),
        "until": Text("When the next identity was known. It may have been silent before. UTC."),
        "matchedOn": Text(
            "Why it is taken for the same vessel: the same MMSI, the same IMO number, or the same call "
            "sign and size.",
            limits={"enum": ["mmsi", "imo", "callsign"]},
        ),
        "confidence": Text("How sure that is, 0 to 1. Judgement.", limits={"minimum": 0, "maximum": 1}),
    },
    "WatchlistHit": {
        "list": Text("Name of the list."),
        "entry": Text("The entry in it."),
        "matchedOn": Text(
            "What matched: the IMO number, the MMSI, the name together with the call sign, or the name "
            "alone. An MMSI is more easily changed or copied than an IMO number, and ships share names.",
            limits={"enum": ["imo", "mmsi", "callsign", "name"]},
        ),
        "weak": Text(
            "Whether it may well be another ship: a match by name, or by an MMSI while the vessel sends "
            "another IMO number than the entry's. A weak match makes no event `probable`."
        ),
        "status": Text(
            "How the entry stood when this revision was made. `listed_later`: the vessel was listed only "
            "after that. `delisted`: it was taken off before.",
            limits={"enum": ["listed", "listed_later", "delisted"]},
        ),
        "listedOn": Text(
            "The day from which the vessel is listed. Null where the list does not say.", limits=DAY
        ),
        "delistedOn": Text(
            "The first day on which it is no longer listed. Null where there is none.", limits=DAY
        ),
        "asOf": Text(
            "The day, month or year as of which the list stood like this. Null where it does not say. "
            "Entries may have been changed or removed since."
        ),
        "shipType": Text("Type of ship, in the words of the file that the entry comes from."),
        "deadweightTonnes": Text("Deadweight, by the file that the entry comes from.", "t", NOT_NEGATIVE),
        "flag": Text("Flag by the list, in its words."),
    },
    "Encounter": {
        "vessel": Text("The other vessel."),
        "medianDistanceKilometers": Text(
            "Median distance between the antennas (not the hulls) of the two vessels while in contact.",
            "km",
            NOT_NEGATIVE,
        ),
        "medianSpeedKnots": Text(
            "Median, while in contact, of the mean speed of both vessels.", "kn", NOT_NEGATIVE
        ),
        "minDistanceKilometers": Text("Smallest distance between the two antennas.", "km", NOT_NEGATIVE),
        "minHullGapMeters": Text(
            "Smallest distance between the two hulls, computed from antenna positions and headings; accurate "
            "to some tens of metres, and 0 where the computed hulls touch. Null if the size or the heading "
            "of "
            "one vessel is not known.",
            "m",
            NOT_NEGATIVE,
        ),
        "medianHullGapMeters": Text(
            "Median distance between the two hulls over the time in contact, likewise. It decides the level.",
            "m",
            NOT_NEGATIVE,
        ),
        "hullGapP10Meters": Text(
            "Distance between the two hulls that they were closer than for a tenth of the time in contact.",
            "m",
            NOT_NEGATIVE,
        ),
        "hullGapErrorMeters": Text(
            "Standard error of one distance between the hulls: of two positions of 10 m accuracy, or as much "
            "as the distances scatter if that is more.",
            "m",
            NOT_NEGATIVE,
        ),
        "durationHours": Text(
            "Time in contact, with silences of up to 110 minutes. Longer silences and separations between "
            "`start` and `end` do not count.",
            "h",
            NOT_NEGATIVE,
        ),
        "bridgedHours": Text(
            "Silences of up to 24 hours with both vessels alongside before and after, which a drift "
            "explains. They do not count as contact.",
            "h",
            NOT_NEGATIVE,
        ),
        "headingDifferenceDegrees": Text(
            "Median angle between the two headings: near 0 or 180 for ships alongside. Null if not sent.",
            "degrees",
            {"minimum": 0, "maximum": 180},
        ),
        "positionCount": Text(
            "Number of instants of the five-minute grid in contact. Positions between fixes are "
            "interpolated.",
            limits={"minimum": 1},
        ),
        "draughtChangeMeters": Text(
            "Change of the first vessel's draught since before the contact; positive for deeper. "
            "Self-reported.",
            "m",
        ),
        "partnerDraughtChangeMeters": Text(
            "The same of the other vessel. Null in events from before it was added.", "m"
        ),
        "type": Text(
            "The roles of the two vessels, sorted, joined with a hyphen.",
            limits={"pattern": f"^({'|'.join(_SHIP_ROLES)})-({'|'.join(_SHIP_ROLES)})$"},
        ),
        "others": Text("MMSIs of further vessels in the same raft. Each pair has its own event."),
        "identityChanges": Text("What the two vessels changed of their identity during the contact."),
    },
    "IdentityChange": {
        "time": Text(
            "When the new value was confirmed; for an MMSI in an encounter the last time under the old one. "
            "UTC."
        ),
        "ssvid": Text("MMSI of the vessel now."),
        "field": Text("What changed: `mmsi`, `name`, `callsign`, `imo`, `size` or `ship_type`."),
        "before": Text("Value before."),
        "after": Text("Value after."),
    },
    "Loitering": {
        "totalTimeHours": Text("Time from the first slow fix to the last.", "h", NOT_NEGATIVE),
        "totalDistanceKm": Text(
            "Length of the path through the positions in the evidence. The true path is at least as long.",
            "km",
            NOT_NEGATIVE,
        ),
        "averageSpeedKnots": Text(
            "Mean of the speeds sent, or speed along the path if none were sent.", "kn", NOT_NEGATIVE
        ),
        "averageDistanceFromShoreKm": Text(
            "Mean distance from shore of the positions in the evidence.", "km", NOT_NEGATIVE
        ),
    },
    "PortVisit": {
        "port": Text("Code of the port. All fences with the same UN/LOCODE are one port."),
        "portName": Text(
            "Name of the zone that the vessel lay alongside in for longest, or else stopped in for longest."
        ),
        "country": Text("ISO 3166-1 alpha-2 of the port.", limits=COUNTRY),
        "confidence": Text(
            "As defined by Global Fishing Watch: 2 if only a stop or a silence in the port was seen, 3 if "
            "also "
            "the arrival or the departure, 4 if both.",
            limits={"minimum": 1, "maximum": 4},
        ),
        "durationHours": Text(
            "Time from the first fix in the port to the last. The ship may have come earlier or left later.",
            "h",
            NOT_NEGATIVE,
        ),
        "stoppedHours": Text("The part of the duration for which the vessel was stopped.", "h", NOT_NEGATIVE),
        "entrySeen": Text("Whether the vessel was heard arriving."),
        "exitSeen": Text("Whether the vessel was heard leaving."),
        "startAnchorage": Text("The zone that the vessel came in by. Null in older events."),
        "intermediateAnchorage": Text("The zone that `portName` names. Null in older events."),
        "endAnchorage": Text("The zone that the vessel was last in. Null in older events."),
        "draughtBeforeMeters": Text(
            "Draught that the vessel last reported before it came in. Null if none was known.",
            "m",
            NOT_NEGATIVE,
        ),
        "draughtAfterMeters": Text(
            "Draught that the vessel last reported, at the latest when the visit was over.", "m", NOT_NEGATIVE
        ),
        "stops": Text("Stops in order of time. Of more than 32 the longest. Empty in older events."),
        "alongside": Text(
            "Other vessels that lay alongside for at least half an hour, in order of time. Ships lie side by "
            "side at berths, so this alone is no sign of a transfer. Empty in older events."
        ),
    },
    "BesideInPort": {
        "vessel": Text("The other vessel, as known when the revision was made."),
        "start": Text("When both were first seen alongside during the visit, RFC 3339 UTC.", limits=TIME),
        "end": Text("When both were last seen so, RFC 3339 UTC.", limits=TIME),
        "durationHours": Text(
            "From start to end. Silences of up to 110 minutes are part of it.", "h", NOT_NEGATIVE
        ),
    },
    "Gap": {
        "durationHours": Text(
            "How long the vessel was not heard; so far, while it is silent.", "h", NOT_NEGATIVE
        ),
        "expectedHours": Text(
            "The longest silence that is ordinary for the vessel, by its own rhythm.", "h", NOT_NEGATIVE
        ),
        "offPosition": Text("Last position before the silence."),
        "onPosition": Text(
            "First position after it that fits the vessel's track. Null while the vessel is silent, and "
            "where none was heard for two hours after its return."
        ),
        "distanceKm": Text(
            "Distance between the two in a straight line. Null while the vessel is silent.",
            "km",
            NOT_NEGATIVE,
        ),
        "impliedSpeedKnots": Text(
            "Mean speed over that distance. The way it took may be longer.", "kn", NOT_NEGATIVE
        ),
        "speedBeforeKnots": Text("Speed when it was last heard.", "kn", NOT_NEGATIVE),
        "plausibleSpeedKnots": Text(
            "Speed that the vessel can have kept: the 95th percentile of its own under way, at least 10 "
            "knots.",
            "kn",
            NOT_NEGATIVE,
        ),
        "positionsBefore": Text(
            "Five-minute steps with a position in the 12 hours before the silence.", limits=NOT_NEGATIVE
        ),
        "draughtBeforeMeters": Text("Draught reported before the silence. Self-reported.", "m", NOT_NEGATIVE),
        "draughtAfterMeters": Text(
            "Draught reported in two transmissions after it. Null until then. Self-reported.",
            "m",
            NOT_NEGATIVE,
        ),
        "neighboursBefore": Text(
            "Other vessels heard within some 40 km in the hour before the silence.", limits=NOT_NEGATIVE
        ),
        "neighboursHeard": Text("Those of them heard in the hours after it began.", limits=NOT_NEGATIVE),
        "observedHours": Text(
            "Full hours of the silence in which other vessels were heard near the last position. The latest "
            "two are not counted yet.",
            "h",
            NOT_NEGATIVE,
        ),
        "sightings": Text(
            "What others saw of the vessel during the silence, by time, as far as it fits the gap as it "
            "stands."
        ),
        "longestUnseenHours": Text(
            "The longest stretch of the silence in which the vessel was not seen either; so far, while it is "
            "silent. Null without sightings.",
            "h",
            NOT_NEGATIVE,
        ),
    },
    "Chain": {
        "source": Text(
            "`russian_port`: it begins with a call at a Russian port. `unknown`: it begins with a meeting, "
            "and where the oil came from is not known.",
            limits={"enum": ["russian_port", "unknown"]},
        ),
        "delivered": Text(
            "Whether a vessel with the oil was seen at a North Korean port: it was heard there, or others "
            "saw it. Where a leg ends there all the same, the vessel was not heard and may have called."
        ),
        "transfers": Text(
            "Transfers on the likeliest way to a port; while no port is known, the most on any way.",
            limits=NOT_NEGATIVE,
        ),
        "windowEnds": Text("Later arrivals are not taken for this cargo.", "UTC", TIME),
        "vessels": Text("All vessels on its ways, the event's vessel first."),
        "legs": Text("The steps of its ways, each after the one that it follows. At most 40."),
        "holders": Text(
            "Vessels that may have the oil on board, the likeliest first. Empty once it is delivered, and "
            "when the window is over."
        ),
        "arrivals": Text(
            "The earliest arrival at each North Korean port that a holder can reach before the window ends, "
            "the soonest first."
        ),
    },
    "ChainLeg": {
        "kind": Text(
            "`load`: a call at a Russian port. `transfer`: a meeting of two vessels. `discharge`: a call at "
            "a North Korean port. None is a proof that oil was moved.",
            limits={"enum": ["load", "transfer", "discharge"]},
        ),
        "event": Text("Id of the event that the leg rests on.", limits={"pattern": "^[0-9a-f]{24}$"}),
        "revision": Text("Revision of that event which the leg was made from.", limits={"minimum": 1}),
        "type": Text("Type of that event."),
        "level": Text("Level of that event."),
        "start": Text("Start of that event.", "UTC", TIME),
        "end": Text("End of that event; null while it was open.", "UTC", TIME),
        "ssvid": Text(
            "MMSI of the vessel that may have the oil afterwards; of a `discharge`, of the one that brought "
            "it.",
            limits=MMSI,
        ),
        "fromSsvid": Text(
            "MMSI of the vessel that had it before a `transfer`; null for other legs.", limits=MMSI
        ),
        "port": Text("UN/LOCODE or catalogue name of the port of a call; null for a transfer."),
        "portName": Text("Name of the zone that names the call; null for a transfer."),
        "country": Text("Country of the port; null for a transfer.", limits=COUNTRY),
        "position": Text("Position of that event."),
        "confidence": Text(
            "That the cargo came this far on this way: the product of the factors in the settings for every "
            "leg up to this one. A ranking, not a probability.",
            limits={"minimum": 0, "maximum": 1},
        ),
    },
    "ChainHolder": {
        "ssvid": Text("MMSI of the vessel.", limits=MMSI),
        "position": Text("Position of the last event of the vessel that the chain knows."),
        "time": Text("Time of that position.", "UTC", TIME),
        "confidence": Text("As of its leg.", limits={"minimum": 0, "maximum": 1}),
    },
    "ChainArrival": {
        "port": Text("UN/LOCODE or catalogue name of the port."),
        "portName": Text("Name of the port."),
        "ssvid": Text("MMSI of the holder that can be there first.", limits=MMSI),
        "distanceKm": Text(
            "Distance from its last known position to the port by sea, right to about a tenth; along a "
            "great circle where the way by sea is not known.",
            "km",
            NOT_NEGATIVE,
        ),
        "earliestArrival": Text(
            "When it can be there, over that distance at the speed of the settings.", "UTC", TIME
        ),
        "hoursLeft": Text(
            "From `detected` to that time; 0 if it has passed. It shrinks while no new revision comes: "
            "compare `earliestArrival` with the clock.",
            "h",
            NOT_NEGATIVE,
        ),
    },
    "IdentityAnomaly": {
        "kind": Text(
            "`changed`: the vessel changed what it says of itself. `inconsistent`: what it says does not "
            "fit. `duplicated`: one identity comes from two places at once."
        ),
        "changes": Text("What changed, the latest last; empty for other kinds."),
        "others": Text("Vessels under other MMSIs that send the same IMO number, or call sign and size."),
    },
    "FenceCrossing": {
        "fence": Text("Id of the drawn fence."),
        "fenceName": Text("Its name then."),
        "version": Text("Its version: an edit makes a new one.", limits={"minimum": 1}),
        "validFrom": Text("Event time from which that version counts; null if from the beginning."),
        "kind": Text(
            "`seen`: its track was on both sides, with a short time between. `silent`: it was not heard for "
            "long between the two. `first_heard`: no position on the other side is known."
        ),
        "before": Text("Time of its last position on the other side; null if none is known."),
        "after": Text("Time of its first position on this side."),
        "unheardHours": Text("Between these two; null if there is no position before.", "h", NOT_NEGATIVE),
        "speedKnots": Text("Speed at the first position on this side.", "kn", NOT_NEGATIVE),
        "course": Text("Course over ground there.", "degrees"),
        "insideSince": Text("Of an exit: time of its first position inside. Null for an entry."),
        "insideHours": Text(
            "Of an exit: from that time to its last position inside. Null for an entry.", "h", NOT_NEGATIVE
        ),
        "entrySeen": Text("Of an exit: whether it was outside before it was inside. False for an entry."),
    },
    "PositionAnomaly": {
        "kind": Text(
            "`jumps`: positions jumped to where the vessel cannot have been. `frozen`: it reports speed "
            "and stays near one place. `circle`: its positions go round a circle. `pattern`: its positions "
            "repeat a few places exactly. `unreached`: it was silent and heard again beyond land, where it "
            "cannot have come over water. `region`: several ships jumped together."
        ),
        "positions": Text(
            "Positions that lay off the tracks, of all vessels; 0 where none jumped.",
            limits=NOT_NEGATIVE,
        ),
        "jumps": Text("How often vessels jumped; 0 if none did.", limits=NOT_NEGATIVE),
        "farthestKm": Text(
            "Farthest distance of these positions from the track; for `unreached` the straight way across "
            "the land.",
            "km",
            NOT_NEGATIVE,
        ),
        "impliedSpeedKnots": Text(
            "Greatest speed that the way between the track and these positions implies.", "kn", NOT_NEGATIVE
        ),
        "reportedSpeedKnots": Text(
            "Speed that the vessel reports while it stays near one place.", "kn", NOT_NEGATIVE
        ),
        "radiusKm": Text("Radius of the circle, or of the area of repeated places.", "km", NOT_NEGATIVE),
        "falsePosition": Text("Where positions jumped to last; null if to places far apart, or not at all."),
        "vesselCount": Text("How many vessels it is of.", limits={"minimum": 1}),
        "others": Text("Other vessels of the region, those that count first; at most 19."),
    },
    "DarkPortVisit": {
        "gap": Text("Id of the gap's event."),
        "port": Text("Code of the first of `ports`."),
        "portName": Text("Name of the first of `ports`."),
        "country": Text("ISO 3166-1 alpha-2 of the first of `ports`.", limits=COUNTRY),
        "durationHours": Text("Duration of the gap; so far, while it is open.", "h", NOT_NEGATIVE),
        "plausibleSpeedKnots": Text(
            "Speed that is reckoned with: the 95th percentile of the vessel's own under way, at least 10 "
            "knots.",
            "kn",
            NOT_NEGATIVE,
        ),
        "draughtBeforeMeters": Text("Draught reported before the gap. Self-reported.", "m", NOT_NEGATIVE),
        "draughtAfterMeters": Text(
            "Draught reported after the gap. Null until it was sent twice. Self-reported.", "m", NOT_NEGATIVE
        ),
        "ports": Text(
            "Watched ports within reach: first those in which others saw the vessel, then one in which it "
            "fell silent, then by the length of "
            "the way. Of those about equally far (30 km), the more important ones come first. At most 5."
        ),
        "sightings": Text("Those of the gap."),
    },
    "DarkEncounter": {
        "vessel": Text("The other vessel."),
        "type": Text(
            "`both_silent`, or `one_silent`: the other vessel was heard all the time, and loitered."
        ),
        "gap": Text("Id of the event of the vessel's gap."),
        "otherEvent": Text("Id of the event of the other vessel's gap or loitering."),
        "longestHours": Text(
            "The longest time that the two can have been together, from `start` to `end`. Nobody saw them.",
            "h",
            NOT_NEGATIVE,
        ),
        "offDistanceKm": Text(
            "Great circle between the places where the two fell silent; where one loitered, from where the "
            "vessel fell silent to `position`.",
            "km",
            NOT_NEGATIVE,
        ),
        "onDistanceKm": Text("The same of the places where they were heard again.", "km", NOT_NEGATIVE),
        "plausibleSpeedKnots": Text("Speed that is reckoned with, as in the gap.", "kn", NOT_NEGATIVE),
        "partnerPlausibleSpeedKnots": Text(
            "The same of the other vessel. Null if it loitered.", "kn", NOT_NEGATIVE
        ),
        "draughtBeforeMeters": Text("Draught reported before the gap. Self-reported.", "m", NOT_NEGATIVE),
        "draughtAfterMeters": Text(
            "Draught reported after the gap. Null until it was sent twice. Self-reported.", "m", NOT_NEGATIVE
        ),
        "partnerDraughtBeforeMeters": Text(
            "The other vessel's before its gap. Null if it loitered.", "m", NOT_NEGATIVE
        ),
        "partnerDraughtAfterMeters": Text(
            "The other vessel's after its gap. Null if it loitered.", "m", NOT_NEGATIVE
        ),
        "rank": Text("Among the vessels that it can have met in that gap: 1 for the likeliest."),
        "candidates": Text("How many vessels it can have met in that gap, also those without an event."),
    },
    "ReachablePort": {
        "port": Text("Code of the port: its UN/LOCODE, or the catalogue's name."),
        "portName": Text("Name of the port."),
        "country": Text("ISO 3166-1 alpha-2 of the port.", limits=COUNTRY),
        "distanceFromOffKm": Text("Way by sea from the last position to the port.", "km", NOT_NEGATIVE),
        "distanceToOnKm": Text(
            "Way by sea from the port to the first position after the gap. Null while it is open.",
            "km",
            NOT_NEGATIVE,
        ),
        "earliestArrival": Text("Earliest time of arrival at that speed.", "UTC", TIME),
        "latestDeparture": Text(
            "Latest time of departure at that speed. Null while the gap is open.", "UTC", TIME
        ),
        "longestStayHours": Text("Time between the two; so far, while the gap is open.", "h", NOT_NEGATIVE),
        "requiredSpeedKnots": Text(
            "Mean speed that leaves just the shortest stay that counts. Null while the gap is open.",
            "kn",
            NOT_NEGATIVE,
        ),
        "slackHours": Text("Longest stay less the shortest that counts.", "h", NOT_NEGATIVE),
        "seenArriving": Text("Whether the vessel fell silent in the port."),
        "sighted": Text("The last sighting of the vessel in a zone of the port that names it by a number."),
        "fitting": Text(
            "The last sighting in a zone of the port that names nobody, but fits no other silent vessel that "
            "is followed, and nobody who was heard."
        ),
        "sightedAtDock": Text(
            "Whether a sighting that names the vessel lies in a berth, a terminal or a discharge point of "
            "the port."
        ),
    },
    "Seen": {
        "time": Text("When the vessel was seen.", limits=TIME),
        "received": Text("Since when that was known.", limits=TIME),
        "lat": Text("Latitude, WGS 84.", "°", LATITUDE),
        "lon": Text("Longitude, WGS 84.", "°", LONGITUDE),
        "accuracyMeters": Text(
            "By how much the position may be wrong: as told, or else by the settings.", "m", NOT_NEGATIVE
        ),
        "kind": Text("By what it was seen."),
        "lengthMeters": Text("How long it was, as told.", "m", NOT_NEGATIVE),
        "mmsi": Text("MMSI that the sighting gives.", limits=MMSI),
        "imo": Text("IMO number that the sighting gives."),
        "name": Text("Name that the sighting gives."),
        "reference": Text("Where it can be looked up, such as the number of a satellite image."),
        "source": Text("Who saw it."),
        "matchedOn": Text(
            "How it was found to be of the vessel: `imo` or `mmsi` that it gives, or `reach`: of the silent "
            "vessels that are followed, only this one can have been there, and its length or its name fits. "
            "Null in a `dark_vessel`.",
            limits={"enum": ["imo", "mmsi", "reach", None]},
        ),
    },
    "DarkVessel": {
        "sightings": Text("The sightings, by time."),
        "lengthMeters": Text("Median of the lengths that they tell.", "m", NOT_NEGATIVE),
        "heardVessels": Text(
            "Vessels that were heard around at the time of the last sighting.", limits=NOT_NEGATIVE
        ),
        "heardNear": Text("The nearest of them."),
        "candidates": Text("Silent vessels that it may have been, the likeliest first."),
    },
    "HeardNear": {
        "ssvid": Text("MMSI of the vessel.", limits=MMSI),
        "name": Text("Its name."),
        "distanceKm": Text("From it to the sighting.", "km", NOT_NEGATIVE),
    },
    "SilentCandidate": {
        "ssvid": Text("MMSI of the vessel.", limits=MMSI),
        "name": Text("Its name."),
        "imo": Text("Its IMO number."),
        "lengthMeters": Text("Its length.", "m", NOT_NEGATIVE),
        "gap": Text("Id of the event of its gap. It is published only if the gap is."),
        "requiredSpeedKnots": Text(
            "Average speed to have been there, in straight lines.", "kn", NOT_NEGATIVE
        ),
        "distanceKm": Text("From where it fell silent to the sighting.", "km", NOT_NEGATIVE),
    },
    "Anchorage": {
        "id": Text("Id of the fence; see `tankerwatch fences list`."),
        "name": Text("Name of the fence."),
        "flag": Text("ISO 3166-1 alpha-2 of the country whose port it is.", limits=COUNTRY),
        "atDock": Text(
            "Whether ships lie alongside or at buoys there: true for the kinds `port`, `terminal` and "
            "`discharge`, false for roads, anchorages, locks and fairways."
        ),
    },
    "PortStop": {
        "zone": Text("The zone where the stop was for longest. Null if that was between the port's zones."),
        "position": Text("Where the vessel was when the stop began."),
        "start": Text("First slow fix, RFC 3339 UTC.", limits=TIME),
        "end": Text("When the vessel moved off, RFC 3339 UTC. Null while the stop goes on.", limits=TIME),
        "durationHours": Text(
            "From start to end, or to the last fix so far. Swinging at anchor is part of it.",
            "h",
            NOT_NEGATIVE,
        ),
    },
    "FenceRelation": {
        "id": Text("Id of the fence in the catalogue or in a user's file; see `tankerwatch fences list`."),
        "name": Text("Name of the fence."),
        "kind": Text("What the fence encloses.", limits={"enum": [kind.value for kind in FenceKind]}),
        "country": Text(
            "ISO 3166-1 alpha-2 code of the country whose waters or port it is; null if there is none.",
            limits=COUNTRY,
        ),
        "relation": Text(
            "`inside`, or `near`: within a kilometre of the fence; `left`: the drawn fence that it left.",
            limits={"enum": ["inside", "near", "left"]},
        ),
    },
    "Reason": {
        "code": Text(
            "Stable name of the reason. New rules bring new ones: ignore those you do not know.",
            limits={"pattern": "^[a-z][a-z0-9_]*$"},
        ),
        "text": Text("The reason as text."),
        "value": Text("The value found: a number, or a name if the reason is not about a number."),
        "threshold": Text("What the value was compared with; null if there is no comparison."),
        "unit": Text(
            "Unit of `value` and `threshold`; null if they are not measures but names, codes or shares.",
            limits={"enum": ["h", "m", "km"]},
        ),
        "weight": Text(
            "What the reason adds to the score, or takes from it if it is in `against`.", limits=NOT_NEGATIVE
        ),
    },
    "Scoring": {
        "base": Text(
            "The score at this level before any reason counts.", limits={"minimum": 0, "maximum": 1}
        ),
        "cap": Text("The highest score at this level.", limits={"minimum": 0, "maximum": 1}),
        "floor": Text("The lowest score at this level.", limits={"minimum": 0, "maximum": 1}),
        "conditions": Text(
            "Codes of the rules for levels that hold, as docs/reference/reasons.md lists them. The level "
            "follows from them, unless it was reached in an earlier revision. Empty in events from before "
            "they were added."
        ),
    },
    "InnocentExplanation": {
        "hypothesis": Text(
            "Its name. Hypotheses exclude each other; the one with the most support is named."
        ),
        "text": Text("The hypothesis in words."),
        "support": Text(
            "Weights of the reasons for it, less those of the reasons of the event that contradict it.",
            limits={"exclusiveMinimum": 0},
        ),
        "reasons": Text("Codes of the reasons for it, all of them in `against`."),
    },
    "Evidence": {
        "positions": Text(
            "Positions in order of time, thinned to a bounded number. The first and the last are always "
            "there."
        ),
        "receivers": Text("Stations that heard the vessels; sorted, at most 32."),
    },
    "Sample": {
        "time": Text("Time of the fix; in encounters, of the instant of the grid.", "UTC", TIME),
        "ssvid": Text("MMSI of the vessel.", limits=MMSI),
        "lat": Text("Latitude, WGS 84.", "degrees", LATITUDE),
        "lon": Text("Longitude, WGS 84.", "degrees", LONGITUDE),
        "speedKnots": Text("Speed over ground.", "kn", NOT_NEGATIVE),
        "course": Text(
            "Course over ground from true north. Meaningless for a ship at rest.", "degrees", _CIRCLE
        ),
        "heading": Text("True heading of the bow.", "degrees", _CIRCLE),
        "distanceMeters": Text("Distance between the two antennas; in encounters only.", "m", NOT_NEGATIVE),
        "hullGapMeters": Text("Distance between the two hulls; in encounters only.", "m", NOT_NEGATIVE),
    },
    "Detector": {
        "name": Text("Name of the detector."),
        "version": Text("Version of tankerwatch."),
        "settingsHash": Text(
            "Of settings, fences and watchlists: events with equal hashes were judged alike."
        ),
    },
}

_EPOCH: Final = "ms since 1970-01-01T00:00:00Z"

VESSEL: Final = {
    "LastPosition": {
        "mmsi": Text(
            "The MMSI. It is also the field of the hash.", limits={"minimum": 0, "maximum": 999_999_999}
        ),
        "time": Text(
            "Time of the latest tick: an instant of the five-minute grid, up to five minutes before the "
            "last fix.",
            _EPOCH,
        ),
        "lat": Text("Latitude, WGS 84. Interpolated between fixes.", "degrees", LATITUDE),
        "lon": Text("Longitude, WGS 84. Interpolated between fixes.", "degrees", LONGITUDE),
        "speedKnots": Text("Speed over ground.", "kn", NOT_NEGATIVE),
        "course": Text(
            "Course over ground from true north. Meaningless for a ship at rest.", "degrees", _CIRCLE
        ),
        "heading": Text("True heading of the bow.", "degrees", _CIRCLE),
        "status": Text(
            "Navigational status (ITU-R M.1371) as set by the crew; null for 15, not defined.",
            limits={"minimum": 0, "maximum": 14},
        ),
        "segments": Text(
            "Latest tick of each track segment. Two recent ones mean that the MMSI is used in two places.",
            _EPOCH,
        ),
    },
}

IDENTITY: Final = {
    "Identity": {
        "mmsi": Text(
            "The MMSI. It is also the field of the hash.", limits={"minimum": 0, "maximum": 999_999_999}
        ),
        "time": Text("Time from which this is confirmed.", _EPOCH),
        "role": Text("The vessel's role in events, from its AIS ship type."),
        "name": EVENT["Vessel"]["name"],
        "callsign": EVENT["Vessel"]["callsign"],
        "imo": Text(
            "IMO number as sent. Its check digit is correct; whether it is the ship's own is not known.",
            limits={"minimum": 1_000_000, "maximum": 9_999_999},
        ),
        "ship_type": EVENT["Vessel"]["aisShipType"],
        "dimensions": Text("Distances from the antenna to the sides of the hull, as sent."),
        "draught": EVENT["Vessel"]["draughtMeters"],
        "sent_imo": Text(
            "What it sends as its IMO number, right or wrong; 0 says that it has none. Null if it has sent "
            "nothing twice.",
        ),
        "away": Text("Start and end of its longest silence that ended in the day before. Milliseconds UTC."),
        "first": Text("When the MMSI was first heard; forgotten with the vessel.", _EPOCH),
        "class_b": Text("Whether the transponder is of class B, which sends neither IMO number nor draught."),
        "places": Text("Where the MMSI is heard, beside the one place of one ship."),
        "counts": Text(
            "Whether events are raised for the vessel by the settings, beside those on a watchlist. Null: as "
            "for tankers."
        ),
        "gone": Text("Whether the vessel has been silent for so long that it is forgotten."),
        "watchlists": EVENT["Vessel"]["watchlists"],
    },
    "Places": {
        "shared": Text("Whether two ships have been heard under the MMSI lately."),
        "segment": Text("Number of the track that is this vessel's own."),
        "off_track": Text("Runs of positions that its track goes on without, by their start; at most 8."),
        "leaps": Text("How its tracks began that no ship could have made, by their time."),
        "jump": Text("The run of such positions that goes on, as it began; null if there is none."),
        "frozen": Text("Where it reports speed and stays near one place; null if it does not."),
        "circle": Text("The circle that its positions go round; null if there is none."),
        "pattern": Text("The few places that its positions repeat exactly; null if they do not."),
        "crossing": Text("Its last silence with land between its ends, for two days; null if there is none."),
    },
    "Crossing": {
        "time": Text("Time of the last position before the silence.", _EPOCH),
        "lon": Text("Longitude of it, WGS 84.", "degrees", LONGITUDE),
        "lat": Text("Latitude of it, WGS 84.", "degrees", LATITUDE),
        "to_time": Text("Time of the first position after the silence.", _EPOCH),
        "to_lon": Text("Longitude of it, WGS 84.", "degrees", LONGITUDE),
        "to_lat": Text("Latitude of it, WGS 84.", "degrees", LATITUDE),
    },
    "Leap": {
        "time": Text("Time of the first position after it.", _EPOCH),
        "segment": Text("Number of the track that begins there."),
        "kilometers": Text("From the last position before it.", "km", NOT_NEGATIVE),
        "after": Text("How long after that position.", "ms", NOT_NEGATIVE),
    },
    "OffTrack": {
        "start": Text("Time of the first position.", _EPOCH),
        "end": Text("Time of the last position.", _EPOCH),
        "positions": Text("How many there were.", limits=NOT_NEGATIVE),
        "kilometers": Text("The farthest distance from the track.", "km", NOT_NEGATIVE),
        "lon": Text("Longitude of one of them, WGS 84.", "degrees", LONGITUDE),
        "lat": Text("Latitude of one of them, WGS 84.", "degrees", LATITUDE),
        "segment": Text("Number of the track that they are or would be; -1 where they are the end of one."),
        "track_lon": Text(
            "Longitude of the track when they began, or went on after them, WGS 84; null where not known.",
            "degrees",
            LONGITUDE,
        ),
        "track_lat": Text("Latitude of the same, WGS 84; null where not known.", "degrees", LATITUDE),
        "knots": Text("Speed that the way between the two implies.", "kn", NOT_NEGATIVE),
        "at": Text("When the position was sent; 0 where not known.", _EPOCH),
        "meanwhile": Text(
            "Positions on the track between the first and the last of them, at least.", limits=NOT_NEGATIVE
        ),
    },
    "Stay": {
        "since": Text("Time from which this is so.", _EPOCH),
        "lon": Text("Longitude of the place, or of the circle's centre, WGS 84.", "degrees", LONGITUDE),
        "lat": Text("Latitude of it, WGS 84.", "degrees", LATITUDE),
        "knots": Text("Speed that it reports, or that its positions imply.", "kn", NOT_NEGATIVE),
        "radius_metres": Text(
            "Radius of the circle, or of the area of repeated places; 0 where there is none.",
            "m",
            NOT_NEGATIVE,
        ),
        "steady_heading": Text("Whether its heading does not turn with the circle."),
        "positions": Text(
            "Positions that were compared, where they repeat or lie on a grid.", limits=NOT_NEGATIVE
        ),
        "places": Text("Places that they repeat, or have on a grid.", limits=NOT_NEGATIVE),
        "repeats": Text("Positions that are at a place of before.", limits=NOT_NEGATIVE),
        "east_metres": Text(
            "To the east, from line to line of the grid; 0 if the places lie on none.", "m", NOT_NEGATIVE
        ),
        "north_metres": Text(
            "To the north, from line to line of the grid; 0 if the places lie on none.", "m", NOT_NEGATIVE
        ),
        "lines": Text("Lines of a grid that all positions lie on; 0 if they repeat.", limits=NOT_NEGATIVE),
    },
    "Dimensions": {
        "to_bow": Text("Distance from the antenna to the bow.", "m", NOT_NEGATIVE),
        "to_stern": Text("Distance from the antenna to the stern.", "m", NOT_NEGATIVE),
        "to_port": Text("Distance from the antenna to the port side.", "m", NOT_NEGATIVE),
        "to_starboard": Text("Distance from the antenna to the starboard side.", "m", NOT_NEGATIVE),
    },
    "WatchlistHit": EVENT["WatchlistHit"],
}

SOURCE: Final = {
    "Registration": {
        "version": Text("Version of this message.", limits={"const": 1}),
        "source": Text(
            "Name of the source, as in its frames. It is also the key of the message. A name is for one "
            "session: once it has ended, it is never used again.",
            limits={"minLength": 1},
        ),
        "origin": Text("What the source reads: a path, tcp://host:port, …"),
    },
}

DRAWN_FENCE: Final[dict[str, dict[str, Text]]] = {
    "FenceVersion": {
        "id": Text("Id of the fence, the same in all its versions.", limits={"minLength": 1}),
        "version": Text("1, 2, … An edit is a new version.", limits={"minimum": 1}),
        "name": Text("Name for people; it comes from whoever drew it.", limits={"maxLength": 100}),
        "area": Text("Its outline."),
        "deleted": Text("True if this version says that the fence is no more; its area is the last one."),
        "since": Text(
            "Event time of the feed when it was drawn, RFC 3339 UTC. Null where there was no data yet.",
            limits=TIME,
        ),
        "validFrom": Text(
            "Event time from which it counts, RFC 3339 UTC. Null while it does not.", limits=TIME
        ),
        "by": Text("Who drew it, as they say.", limits={"maxLength": 100}),
        "drawn": Text("When it was drawn by the clock of the feed, RFC 3339 UTC.", limits=TIME),
    },
    "Area": {
        "type": Text("`MultiPolygon`, as in GeoJSON."),
        "coordinates": Text("Polygons of rings of positions [longitude, latitude], WGS 84, cut at 180°."),
    },
}

RAW_FRAME: Final = {
    "RawFrame": {
        "type": Text("Kind of message."),
        "version": Text("Version of this message. Others become dead letters.", limits={"const": 1}),
        "source": Text(
            "Name of the source, which must be registered before. It is also the key of the message.",
            limits={"minLength": 1},
        ),
        "kind": Text(
            "`lines`; `sightings`, whose lines are sightings as JSON; `fences`, whose lines are versions of "
            "drawn fences as JSON (only the feed sends them); `idle` if nothing came for some seconds, so "
            "that time goes on; `end` at the end.",
            limits={"enum": ["lines", "sightings", "fences", "idle", "end"]},
        ),
        "registry": Text(
            "Offset in `ais.sources` of the last registration that the sender has seen; at least its own.",
            limits=NOT_NEGATIVE,
        ),
        "first_line": Text("Number of the first line in its source, from 1.", limits={"minimum": 1}),
        "data": Text(
            "At most 5,000 lines of NMEA 0183, each ended by a line feed. MessagePack binary; base64 in JSON."
        ),
        "received": Text(
            "Time of receipt, one for each line, or one for `idle`. Null for a recording: its own times "
            "count.",
            _EPOCH,
        ),
        "base_time": Text("Time for lines without one; null if every line must have one.", _EPOCH),
        "cuts": Text(
            "Lines longer than 4 KiB, of which `data` has only the head. For each: its index in the frame "
            "from "
            "0, the length of the whole line in bytes, and its SHA-256 in hexadecimal."
        ),
        "numbers": Text(
            "Number of every line in its source, where they do not follow each other, as in a recording that "
            "was sorted; else null."
        ),
        "timezone": Text(
            "Zone of times without an offset: an IANA name or an offset such as +09:00. Empty: UTC."
        ),
        "date_order": Text(
            "Whether the day (dmy) or the month (mdy) comes first in dates that end with the year. Empty: as "
            "the first lines show."
        ),
        "not_after": Text("A time after this one is not believed; null if any may be.", _EPOCH),
    },
}

SIGHTING: Final = {
    "time": Text("When the vessel was seen, UTC.", limits={"type": "string", "format": "date-time"}),
    "lon": Text("Longitude of its middle, WGS 84.", "°", {"type": "number", **LONGITUDE}),
    "lat": Text("Latitude, WGS 84.", "°", {"type": "number", **LATITUDE}),
    "received": Text(
        "Since when that is known. What comes by the topic is known from when `tankerwatch ingest` takes "
        "it in.",
        limits={"type": "string", "format": "date-time"},
    ),
    "accuracy": Text(
        "By how much the position may be wrong. Without it, the settings say.",
        "m",
        {"type": "number", "exclusiveMinimum": 0, "maximum": 20_000},
    ),
    "length": Text("Length of the vessel.", "m", {"type": "number", "minimum": 1, "maximum": 500}),
    "kind": Text(
        "By what it was seen; `other` without it.",
        limits={"type": "string", "enum": ["image", "radar", "patrol", "other"]},
    ),
    "mmsi": Text("Its MMSI, if it is known.", limits={"type": ["string", "integer"], **MMSI}),
    "imo": Text(
        "Its IMO number, if it is known.",
        limits={"type": ["string", "integer"], "pattern": "^[0-9]{7}$", "minimum": 1_000_000},
    ),
    "name": Text("Its name, if it is known.", limits={"type": "string"}),
    "reference": Text("Where it can be looked up: the number of an image.", limits={"type": "string"}),
    "source": Text("Who saw it.", limits={"type": "string"}),
}
