"""Files that commands write: the format that a name tells."""

import pytest

from streams.cli.errors import UsageError
from streams.cli.files import form_for
from streams.output.exports import form
from streams.output.format import ENDS, Format


def test_the_end_of_a_name_tells_the_format() -> None:
    others: tuple[str | None, ...] = ("a.ndjson", "db", "xml", "a.b/kml", "-", None)
    names = dict.fromkeys(others, Format.JSONL)
    names |= {"a.CSV.gz": Format.CSV, "a.b/a.geojson": Format.GEOJSON}
    assert {name: form_for(name, None, ENDS, Format.JSONL) for name in names} == names


def test_a_file_would_not_be_what_its_name_says() -> None:
    with pytest.raises(UsageError, match=r"a\.kml would not be a \.kml file.*`tankerwatch export` makes"):
        form_for("a.kml", None, ENDS, Format.JSONL)
    with pytest.raises(UsageError, match=r"a\.jsonl would not be a \.jsonl file"):
        form_for("a.jsonl", None, form.ENDS, form.ExportForm.GEOJSON)
    assert form_for("a.jsonl", form.ExportForm.KML, form.ENDS, form.ExportForm.GEOJSON) is form.ExportForm.KML
