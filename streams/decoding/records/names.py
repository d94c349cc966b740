"""Names: what the fields of records and the columns of tables are called, and what each of them holds.

Names are compared without case, spaces and signs: `Base Date-Time`, `BaseDateTime` and `base_date_time` are
one. Sources: the public descriptions of the files of NOAA MarineCadastre, the Danish Maritime Authority,
Global Fishing Watch, MarineTraffic, Spire and exactEarth, and of gpsd, AIS-catcher, Digitraffic, AISHub, VT
Explorer, BarentsWatch and Datalastic.
"""

import re
from collections.abc import Iterable
from typing import Final

from streams.decoding.records.values import plain

FIELDS: Final[dict[str, str]] = {
    "mmsi": "mmsi userid ssvid mmsinumber mmsistring vesselmmsi shipmmsi sourcemmsi mmsiid mmsicode",
    "time": "time tagblocktimestamp timestamp tstamp datetime basedatetime timestamputc timeutc utctime "
    "datetimeutc utc timestampexternal "
    "positiontimestamp dtposutc dateutc posdate epoch unixtime unixtimestamp timestampms timestampsec ts "
    "receivedtime receivedat receivedtimeutc receivetime rxuxtime rxtime eventtime messagetime msgtime "
    "movementdatetime updatetimestamp "
    "dateandtime datetimestamp datestamp timeposition tpos timereceived postime lastposepoch lastposutc "
    "lastpositionepoch lastpositionutc lastpositiontime dtutc messagetimestamp msgtimestamp "
    "timeofposition timeofreport reporttime reportedat observedat observationtime recordedat collectiontime "
    "acquisitiontime timestampofposition received receivedutc receivedon lastreceived lastseen lastreport "
    "lastupdate updatedat t",
    "lon": "lon long lng longitude x longitudedeg londeg longitudedegrees decimallongitude xcoord lond posx",
    "lat": "lat latitude y latitudedeg latdeg latitudedegrees decimallatitude ycoord latd posy",
    "sog": "sog speed speedoverground speedknots speedkn speedkts sogknots sogkn sogkts sogkt "
    "speedoverroundknots speedovergroundknots",
    "cog": "cog course courseoverground coursetrue cogdeg coursedeg cogdegrees courseovergroundtrue",
    "heading": "heading trueheading hdg headingtrue headingdeg trueheadingdeg hdt",
    "status": "status navstatus navigationalstatus navigationstatus navstat navstatuscode "
    "navigationalstatuscode "
    "navigationstatuscode navigationalstate statuscode statusnav aisnavigationalstatus",
    "imo": "imo imonumber imono imonr lrimoshipno imonum imoid lrno imocode",
    "name": "name vesselname shipname vessel nameofvessel nameofship aisname",
    "callsign": "callsign callsignvhf radiocallsign",
    "ship_type": "shiptype vesseltype typeofship shipandcargotype aistype aisshiptype vesseltypecode "
    "shiptypecode "
    "typeofshipandcargo shipcargotype typeandcargo vesseltypeais typecargo aisvesseltype vesseltypegeneric "
    "aistypesummary vesseltypedetailed typename type",
    "cargo": "cargo cargotype cargocode cargotypecode",
    "length": "length loa vessellength lengthoverall shiplength lengthm lengthmeters",
    "width": "width beam breadth vesselwidth shipwidth widthm widthmeters",
    "to_bow": "a dima tobow dimensiona refa referencepointa dimtobow dimensiontobow dimbow sizea",
    "to_stern": "b dimb tostern dimensionb refb referencepointb dimtostern dimensiontostern dimstern sizeb",
    "to_port": "c dimc toport dimensionc refc referencepointc dimtoport dimensiontoport dimport sizec",
    "to_starboard": "d dimd tostarboard dimensiond refd referencepointd dimtostarboard dimensiontostarboard "
    "dimstarboard sized",
    "draught": "draught draft maxdraught maximumdraught maximumstaticdraught vesseldraught draughtm "
    "currentdraught",
    "destination": "destination dest aisdestination reporteddestination",
    "eta": "eta etaais",
    "kind": "messagetype msgtype messageid msgid aismessagetype messagetypeid msgtypeid aismsgtype messagenr "
    "msgnr messagenumber",
    "class": "transceiverclass transceiver aisclass class typeofmobile mobiletype transpondertype "
    "transponderclass",
    "station": "station receiver stationid basestation basestationid receiverid receiverstation",
}
"""By what a field holds: its names. Of two columns that hold the same, the one named first here counts."""
_ARRAYS: Final = (
    "msgs messages features data records rows results items vessels ships positions tracks groups nodes hits "
    "entries docs documents targets reports contents list"
)
ENVELOPES: Final = frozenset(_ARRAYS.split())
"""What services call the array of the objects that they send."""
_BY_NAME: Final = {
    name: (field, place) for field, names in FIELDS.items() for place, name in enumerate(names.split())
}
_ABOUT: Final = re.compile(
    r"^(?:vessel|ship|position|pos|ais|reported|current|latest|last|gps|nav)(?=[a-z]{3})"
)
"""What may stand before a name: `Vessel IMO`, `Position Latitude`. Such a name counts less than others."""
_LESS: Final = 1000
ANY_TYPE: Final = "type"
"""It is that of the ship only beside other static data: elsewhere it is that of a message or an object."""
_NAMING: Final = {"name", "imo", "callsign", "to_bow"}
_LONGEST: Final = 200
"""Characters of a name. What is longer is text, of which nothing is to be searched for units."""
_UNITS: Final = re.compile(r"[(\[]([^)\]]*)[)\]]\s*$")


def fields_of(names: list[str]) -> dict[str, str]:
    """What names hold: field by name. Each field is held by one of them at most."""
    best: dict[str, tuple[int, str]] = {}
    for name in names:
        found = _found(name)
        if found is not None and (found[0] not in best or found[1] < best[found[0]][0]):
            best[found[0]] = found[1], name
    if "ship_type" in best and plain(best["ship_type"][1]) == ANY_TYPE and not best.keys() & _NAMING:
        del best["ship_type"]
    return {name: field for field, (_, name) in best.items()}


def field_of(name: str) -> str:
    """What a field of this name may hold; empty for a name that is not known."""
    return (_found(name) or ("", 0))[0]


def names_of(field: str, names: Iterable[str]) -> list[str]:
    """All of these names that a field may have, the likeliest first."""
    known = {name: found[1] for name in names if (found := _found(name)) is not None and found[0] == field}
    return sorted(known, key=lambda name: known[name])


def _found(name: str) -> tuple[str, int] | None:
    """The field of a name, with or without a unit behind it, and how likely it is."""
    if len(name) > _LONGEST:
        return None
    for each in (plain(name), plain(_UNITS.sub("", name))):
        if each in _BY_NAME:
            return _BY_NAME[each]
    field, place = _BY_NAME.get(_ABOUT.sub("", each), ("", 0))
    return (field, place + _LESS) if field and len(field) > 1 else None
