"""OFAC's lists in the advanced XML layout (`sdn_advanced.xml`), read as a stream.

The file names everything by numbers that its first part explains. Registration numbers come before the
parties that they belong to, and the lists that a party stands on come after them; so a party becomes an entry
at the end.
Source: OFAC, explanatory notes on the advanced sanctions data model.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, BinaryIO, Final
from xml.etree.ElementTree import Element, ParseError, iterparse

import msgspec

from models.bounds import DEPTH
from models.watchlist import Entry
from streams.watchlists.cells import imo_numbers, mmsis, names, tonnes, value
from streams.watchlists.ofac_csv import LIST, entry_of
from streams.watchlists.reading import ListFormat, Reading, WatchlistError, unique

_REFERENCES: Final = frozenset(
    {"FeatureType", "IDRegDocType", "PartySubType", "DetailReference", "List", "SanctionsType", "Country"}
)
_VESSEL_FEATURES: Final = frozenset({"call sign", "type", "flag", "imo", "imo number", "mmsi"})
"""Features that only vessels have, in files that do not say what a party is."""


class _Party(msgspec.Struct):
    """One vessel, until all that is said of it has been read."""

    number: str
    names: list[str] = []
    identities: list[str] = []
    features: dict[str, list[str]] = {}


class _Listing(msgspec.Struct):
    """What list a party stands on."""

    name: str
    programs: list[str]
    since: str | None


class _Reader:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._references: dict[tuple[str, str], str] = {}
        self._flags: dict[str, str] = {}  # country by location
        self._numbers: dict[str, list[tuple[str, str]]] = {}  # kind of number and number, by identity
        self._parties: dict[str, _Party] = {}  # by profile
        self._listings: dict[str, list[_Listing]] = {}  # by profile
        self._as_of: str | None = None

    def read(self, file: BinaryIO) -> None:
        """Raises WatchlistError if the file is no XML."""
        takers = {
            "DateOfIssue": self._take_date,
            "Location": self._take_location,
            "IDRegDocument": self._take_number,
            "DistinctParty": self._take_party,
            "SanctionsEntry": self._take_listing,
            "ProfileRelationship": self._take_nothing,
        }
        depth: list[Element] = []
        for event, element in _elements(file, self._reading.file):
            if event == "start":
                depth.append(element)
                if len(depth) > DEPTH:
                    file_ = self._reading.file
                    raise WatchlistError(f"{file_}: is nested deeper than {DEPTH} levels; fetch it again")
                continue
            depth.pop()
            name = _tag(element)
            if name in _REFERENCES and element.get("ID"):
                self._references[name, element.get("ID", "")] = (element.text or "").strip()
            elif taker := takers.get(name):
                taker(element)
                if depth:
                    depth[-1].remove(element)  # else the whole file would be in memory
        for profile, party in self._parties.items():
            for listing in self._listings.get(profile, [_Listing(LIST, [], None)]):
                self._reading.add(f"entry {party.number}", self._entry(party, listing))

    def _take_date(self, element: Element) -> None:
        self._as_of = _day(element)

    def _take_nothing(self, element: Element) -> None:
        """It is let go of."""

    def _take_location(self, element: Element) -> None:
        for country in _all(element, "LocationCountry"):
            named = self._references.get(("Country", country.get("CountryID", "")))
            if named:
                self._flags[element.get("ID", "")] = named

    def _take_number(self, element: Element) -> None:
        kind = self._references.get(("IDRegDocType", element.get("IDRegDocTypeID", "")), "")
        for number in _all(element, "IDRegistrationNo"):
            pair = kind, (number.text or "").strip()
            self._numbers.setdefault(element.get("IdentityID", ""), []).append(pair)

    def _take_party(self, element: Element) -> None:
        for profile in _all(element, "Profile"):
            kind = self._references.get(("PartySubType", profile.get("PartySubTypeID", "")), "")
            party = _Party(element.get("FixedRef", profile.get("ID", "")))
            party.features = self._features(profile)
            if kind.lower() != "vessel" and (
                kind.lower() not in ("", "unknown") or not _VESSEL_FEATURES & party.features.keys()
            ):
                self._reading.leave_out("parties that are no vessel")
                continue
            for identity in _all(profile, "Identity"):
                party.identities.append(identity.get("ID", ""))
                aliases = sorted(_all(identity, "Alias"), key=lambda each: each.get("Primary") != "true")
                for alias in aliases:
                    for documented in _all(alias, "DocumentedName"):
                        parts = [(each.text or "").strip() for each in _all(documented, "NamePartValue")]
                        party.names.append(" ".join(filter(None, parts)))
            self._parties[profile.get("ID", party.number)] = party

    def _features(self, profile: Element) -> dict[str, list[str]]:
        """The values of a party's features, by the name of the feature: small, without `vessel`."""
        found: dict[str, list[str]] = {}
        for feature in _all(profile, "Feature"):
            name = self._references.get(("FeatureType", feature.get("FeatureTypeID", "")), "")
            name = name.lower().removeprefix("vessel ")
            for detail in _all(feature, "VersionDetail"):
                given = self._references.get(("DetailReference", detail.get("DetailReferenceID", "")))
                found.setdefault(name, []).append(value(detail.text or "") or given or "")
            for place in _all(feature, "VersionLocation"):
                found.setdefault(name, []).append(self._flags.get(place.get("LocationID", ""), ""))
        return found

    def _take_listing(self, element: Element) -> None:
        name = self._references.get(("List", element.get("ListID", "")), "")
        events = [day for event in _all(element, "EntryEvent") if (day := _day(event))]
        comments = [
            (comment.text or "").strip()
            for measure in _all(element, "SanctionsMeasure")
            if self._references.get(("SanctionsType", measure.get("SanctionsTypeID", "")), "Program")
            == "Program"
            for comment in _all(measure, "Comment")
        ]
        # The day of its first event: OFAC has no other date of listing.
        listing = _Listing(
            LIST if name in ("", "SDN List") else f"OFAC {name}",
            list(unique(comments)),
            min(events, default=None),
        )
        self._listings.setdefault(element.get("ProfileID", ""), []).append(listing)

    def _entry(self, party: _Party, listing: _Listing) -> Entry:
        place = f"entry {party.number}"
        numbers = [pair for identity in party.identities for pair in self._numbers.get(identity, ())]
        features = party.features
        imos = [*features.get("imo", ()), *features.get("imo number", ())]
        mmsi = list(features.get("mmsi", ()))
        for kind, number in numbers:
            if re.match(r"^IMO\b", number, re.I) or "imo" in kind.lower().split():
                imos.append(number)
            elif kind.upper() == "MMSI" or re.match(r"^MMSI\b", number, re.I):
                mmsi.append(number)
            else:
                self._reading.remark(place, f"{kind or 'a number'} {number[:20]} is no IMO number or MMSI")
        return Entry(
            list=listing.name,
            entry=entry_of(" ".join(listing.programs), party.number),
            names=names(*party.names),
            imos=imo_numbers(imos, place, self._reading),
            mmsis=mmsis(mmsi, place, self._reading),
            callsigns=unique(features.get("call sign", [])),
            flag=next(filter(None, features.get("flag", [])), None),
            type=next(filter(None, features.get("type", [])), None),
            deadweight=next(filter(None, map(tonnes, _tonnages(features))), None),
            listed_on=listing.since,
            as_of=self._as_of,
        )


def _elements(file: BinaryIO, name: str) -> Iterator[tuple[str, Element]]:
    """The beginnings and ends of elements. Raises WatchlistError; `name` is how it calls the file."""
    try:
        # Expat itself bounds what entities may grow to.
        yield from iterparse(file, ("start", "end"))  # noqa: S314
    except ParseError as error:
        line = error.position[0]
        raise WatchlistError(f"{name}: line {line}: not XML ({error}); download the file again") from error
    except (LookupError, ValueError) as error:
        raise WatchlistError(
            f"{name}: is in an encoding that is not read ({error}); save it as UTF-8, and let its first line "
            "say so"
        ) from error


def _tonnages(features: dict[str, list[str]]) -> Iterator[str]:
    for name, values in features.items():
        if "tonnage" in name and "gross" not in name:
            yield from values


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _all(element: Element, name: str) -> list[Element]:
    """The elements of this name inside one, in any namespace."""
    return [each for each in element.iter() if _tag(each) == name]


def _day(element: Element) -> str | None:
    """The first complete day that an element holds, ISO 8601."""
    parts: dict[str, Any] = {}
    for each in element.iter():
        name = _tag(each)
        if name in ("Year", "Month", "Day") and name not in parts and (each.text or "").strip().isdecimal():
            parts[name] = int((each.text or "").strip())
    try:
        return date(parts["Year"], parts["Month"], parts["Day"]).isoformat()
    except (KeyError, ValueError):
        return None


def _recognises(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") and bool(
        re.search(rb"<(?:\w+:)?(?:Sanctions|ReferenceValueSets|DistinctParties)\b", head)
    )


def _read(file: BinaryIO, reading: Reading) -> None:
    _Reader(reading).read(file)


FORMAT: Final = ListFormat("ofac-xml", "OFAC's advanced XML (sdn_advanced.xml)", _recognises, _read)
