"""XML: each element with an MMSI is a record, however the document has its fields."""

import json

import pytest

from streams.decoding.decoder import Decoder
from streams.decoding.records.values import measure
from streams.recordings.errors import SourceError
from streams.recordings.formats.format import Cutting
from streams.recordings.formats.known import recognised
from streams.recordings.formats.xml_text import XmlText

FIELDS = {"MMSI": "273111111", "LATITUDE": "42.5", "LONGITUDE": "132.5", "TIME": "2023-11-14 22:13:20 GMT"}
ATTRIBUTES = " ".join(f'{name}="{value}"' for name, value in FIELDS.items())
ELEMENTS = "".join(f"<{name}>{value}</{name}>" for name, value in FIELDS.items())


def read(text: str, size: int = 7, notes: list[str] | None = None) -> Decoder:
    data = text.encode()
    decoder = Decoder("a")
    assert recognised(data).name == "xml"
    cutting = Cutting(1 << 18, 500, note=([] if notes is None else notes).append)
    try:
        pieces = (data[at : at + size] for at in range(0, len(data), size))
        for frame in recognised(data).frames("a", pieces, cutting):
            decoder.feed(frame)
    finally:
        decoder.end()
        decoder.advance(decoder.watermark)
    return decoder


@pytest.mark.parametrize(
    "vessel",
    [
        f"<vessel {ATTRIBUTES}/>",
        f"<vessel>{ELEMENTS}</vessel>",
        f"<vessel><AIS>{ELEMENTS}</AIS><VOYAGE><ETA>1</ETA></VOYAGE></vessel>",
        '<v mmsi="273111111" time="1700000000"><position lat="42.5" lon="132.5"/></v>',
        '<v mmsi="273111111" time="1700000000"><position><point lat="42.5" lon="132.5"/></position></v>',
        "<v><id><mmsi>273111111</mmsi><name>A</name></id><place><lat>42.5</lat><lon>132.5</lon></place>"
        "<time>1700000000</time></v>",
        '<v><ids mmsi="273111111"/><pos lat="42.5" lon="132.5" time="1700000000"/></v>',
        '<v mmsi="273111111"><time type="datetime">1700000000</time><lat uom="deg">42.5</lat>'
        '<lon xsi:type="double">132.5</lon></v>',
    ],
)
def test_elements_with_an_mmsi_are_records(vessel: str) -> None:
    decoder = read(f'<?xml version="1.0" encoding="UTF-16"?>\n<ns:VESSELS>{vessel}\n{vessel}</ns:VESSELS>')
    assert decoder.outcomes["message"] + decoder.outcomes["duplicate"] == 2
    assert not decoder.outcomes["no_mmsi"]


@pytest.mark.parametrize(
    "track",
    [
        "<track><p {}/><p {}/><p {}/></track>",
        '<positions count="3"><p {}/><p {}/><p {}/></positions>',
        "<track><p {}/><p {}/></track><track><p {}/></track>",
        "<position {}/><position {}/><position {}/>",
    ],
)
def test_all_positions_of_a_track_are_read(track: str) -> None:
    places = (f'lat="4{minute}" lon="132.5" time="{1700000000 + 60 * minute}"' for minute in range(3))
    outcomes = read(f"<a><vessel MMSI='273111111'>{track.format(*places)}</vessel></a>").outcomes
    assert +outcomes == {"message": 3}


def test_a_number_in_another_unit_is_none() -> None:
    text = b'<a><v mmsi="273111111"><sog unit="km/h">9</sog><speed unit="kn">9</speed></v></a>'
    (frame,) = XmlText().frames("a", iter([text]), Cutting(1 << 18, 500))
    found = json.loads(frame.data)
    assert [measure(found[name]) for name in ("sog", "speed")] == [None, 9]


def test_documents_without_vessels_and_broken_ones() -> None:
    assert +read('<VESSELS><META ERROR="false" RECORDS="0"/></VESSELS>').outcomes == {"context": 1}
    assert +read("<VESSELS/>").outcomes == {}
    with pytest.raises(SourceError, match="broken or breaks off in line 1; what came before"):
        read(f"<VESSELS><vessel {ATTRIBUTES}/><vess")
    with pytest.raises(SourceError, match="entities"):
        read(
            '<!DOCTYPE a [<!ENTITY b "c">]>\n<a MMSI="&b;"/>'.replace(
                "<!DOCTYPE", '<?xml version="1.0"?><!DOCTYPE'
            )
        )
    with pytest.raises(SourceError, match="from line 2 on is no other document"):
        read(f"<VESSELS><vessel {ATTRIBUTES}/></VESSELS>\nand so on")
    with pytest.raises(SourceError, match="broken or breaks off in line 3"):
        read(f"<VESSELS/>\n<VESSELS>\n<vessel {ATTRIBUTES}/><?xml version='1.0'?></VESSELS>")
    with pytest.raises(SourceError, match="within one another"):
        read("<a>" * 2000 + '<b lat="1"/>' + "</a>" * 2000)
    assert recognised(b"<html>\n!AIVDM,1,1,,A,x,0*00\n</html>").name == "nmea"


@pytest.mark.parametrize("size", [1, 7, 50, 5_000])
def test_documents_one_after_the_other(size: int) -> None:
    one = f'<?xml version="1.0"?>\n<VESSELS>\n<vessel {ATTRIBUTES}/>\n</VESSELS>'
    other = f"<VESSELS><vessel {ATTRIBUTES.replace('1700000000', '1700000600')}/></VESSELS>"
    apart = read(f"<a>{one.partition('?>')[2]}{other}</a>").outcomes
    for between in ("", "\n", "\n\n "):
        assert read(between.join([one, other]), size).outcomes == apart
        assert sum(read(between.join([one, other] * 3), size).outcomes.values()) == 3 * sum(apart.values())


def test_the_encoding_that_a_document_declares() -> None:
    names = []
    for encoding in ("ISO-8859-1", "windows-1252", "utf-8", "rot13"):
        text = f'<?xml version="1.0" encoding="{encoding}"?><a><v {ATTRIBUTES} name="J\u00dcRGEN"/></a>'
        data = text.encode("utf-8" if encoding == "rot13" else encoding)
        (frame,) = recognised(data).frames("a", iter([data]), Cutting(1 << 18, 500))
        names.append("J\\u00dcRGEN" in frame.data.decode())
    assert all(names)


def test_who_is_named_beside_positions_is_the_vessel_and_in_a_list_each_stays_its_own() -> None:
    place = '<fix time="17000000{}0" lat="42.{}" lon="132.5"/>'
    track = "".join(place.format(at, at) for at in range(3))
    one = read(f"<list><v><who><mmsi>273111111</mmsi></who>{track}</v></list>")
    assert one.outcomes["message"] == 3
    known = "".join(f"<who><mmsi>27311111{at}</mmsi><name>SHIP {at}</name></who>" for at in range(3))
    several = read(f"<list><group>{known}{track}</group></list>")
    assert not several.outcomes["message"]
    assert sum(several.outcomes.values()) == 4


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("UTF-8", ["has bytes that are no UTF-8"]),
        ("utf-99", ["declares the encoding utf-99, which is not known; it was read as UTF-8", "has bytes"]),
        ("x-none", ["declares the encoding x-none, which is not known; it was read as UTF-8", "has bytes"]),
        ("idna", ["declares the encoding idna, which is not known; it was read as UTF-8", "has bytes"]),
        ("base64", ["declares the encoding base64, which is not known; it was read as UTF-8", "has bytes"]),
        ("windows-1252", []),
    ],
)
def test_a_document_that_is_not_in_its_encoding_is_read_and_says_so(declared: str, said: list[str]) -> None:
    data = f'<?xml version="1.0" encoding="{declared}"?>\n<l><v {ATTRIBUTES} NAME="Jos\xe9"/></l>'
    notes: list[str] = []
    cutting = Cutting(1 << 18, 500, note=notes.append)
    (frame,) = XmlText().frames("a", iter([data.encode("latin-1")]), cutting)
    assert json.loads(frame.data)["NAME"] == ("Jos\xe9" if not said else "Jos\ufffd")
    assert [note.startswith(start) for note, start in zip(notes, said, strict=True)] == [True] * len(said)


@pytest.mark.parametrize(
    "layout",
    [
        '<vessels time="1700000000">{}</vessels>',
        "<data><timestamp>2023-11-14T22:13:20Z</timestamp><vessels>{}</vessels></data>",
    ],
)
def test_positions_without_a_time_have_that_of_their_list(layout: str) -> None:
    notes: list[str] = []
    vessels = (
        '<v mmsi="273111111"><pos lat="42.5" lon="132.5"/></v><v mmsi="273111112" lat="42.5" lon="132.5"/>'
        '<v mmsi="273111113" lat="42.5" lon="132.5" time="1700000060"/>'
    )
    decoder = read(layout.format(vessels), notes=notes)
    assert decoder.outcomes["message"] == 3
    assert decoder.watermark > 1_700_000_000_000
    (note,) = notes
    assert "that of the list" in note
