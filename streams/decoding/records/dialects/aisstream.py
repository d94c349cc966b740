"""aisstream.io: frames of its WebSocket (https://aisstream.io/documentation, its ais-message-models)."""

from streams.decoding.lines.time_text import TextRules
from streams.decoding.records import values
from streams.decoding.records.dialects.fields import (
    REPORTED,
    Object,
    eta_of,
    first_of,
    object_of,
    second_of,
    sides,
    time_of,
    utc_of,
)
from streams.decoding.records.record import Record


def aisstream(found: Object, rules: TextRules) -> list[Record] | None:
    if "MessageType" not in found or "Message" not in found:
        return None
    message = object_of(object_of(found["Message"]).get(str(found["MessageType"])))
    kind = values.whole(message.get("MessageID")) or 0
    about = object_of(found.get("MetaData") or found.get("Metadata"))
    if kind not in REPORTED or message.get("Valid") is False:
        return []
    parts = [("", message)]
    if kind == 24:
        a, b = object_of(message.get("ReportA")), object_of(message.get("ReportB"))
        is_b = values.whole(int(bool(message.get("PartNumber"))))
        parts = [("B", b)] if is_b else [("A", a)]
    side = object_of(parts[0][1].get("Dimension"))
    eta = object_of(message.get("Eta"))
    names = ("UtcYear", "UtcMonth", "UtcDay", "UtcHour", "UtcMinute", "UtcSecond")
    return [
        Record(
            mmsi=values.mmsi(first_of(message, "UserID") or about.get("MMSI")),
            kind=kind,
            time=time_of(first_of(about, "time_utc"), rules),
            lon=values.number(message.get("Longitude")),
            lat=values.number(message.get("Latitude")),
            sog=values.number(message.get("Sog")),
            cog=values.number(message.get("Cog")),
            heading=values.number(message.get("TrueHeading")),
            status=values.status(message.get("NavigationalStatus")),
            second=second_of(message.get("Timestamp")),
            utc=utc_of([message.get(name) for name in names]) if kind == 4 else None,
            imo=values.imo(message.get("ImoNumber")),
            name=values.text(part.get("Name")),
            callsign=values.text(part.get("CallSign")),
            destination=values.text(message.get("Destination")),
            ship_type=values.ship_type(first_of(part, "Type", "ShipType")),
            size=sides(*(side.get(name) for name in "ABCD")),
            draught=values.number(message.get("MaximumStaticDraught")),
            eta=eta_of(*(eta.get(name) for name in ("Month", "Day", "Hour", "Minute"))),
            part=letter,
        )
        for letter, part in parts
    ]
