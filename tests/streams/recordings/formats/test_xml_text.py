"""XML: each element with an MMSI is a record, however the document has its fields."""

import pytest

from streams.decoding.decoder import Decoder
from streams.recordings.errors import SourceError
from streams.recordings.formats.format import Cutting
from streams.recordings.formats.known import recognised

FIELDS = {"MMSI": "273111111", "LATITUDE": "42.5", "LONGITUDE": "132.5", "TIME": "2023-11-14 22:13:20 GMT"}
ATTRIBUTES = " ".join(f'{name}="{value}"' for name, value in FIELDS.items())
ELEMENTS = "".join(f"<{name}>{value}</{name}>" for name, value in FIELDS.items())


def read(text: str, size: int = 7) -> Decoder:
    data = text.encode()
    decoder = Decoder("a")
    assert recognised(data).name == "xml"
    try:
        for frame in recognised(data).frames(
            "a", (data[at : at + size] for at in range(0, len(data), size)), Cutting(1 << 18, 500)
        ):
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
    ],
)
def test_elements_with_an_mmsi_are_records(vessel: str) -> None:
    decoder = read(f'<?xml version="1.0" encoding="UTF-16"?>\n<ns:VESSELS>{vessel}\n{vessel}</ns:VESSELS>')
    assert decoder.outcomes["message"] + decoder.outcomes["duplicate"] == 2
    assert not decoder.outcomes["no_mmsi"]


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
    assert recognised(b"<!doctype html><html></html>").name == "nmea"
