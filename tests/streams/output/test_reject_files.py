"""Reject files."""

import io
import json

from models.frame import Reject
from streams.output.reject_files import write_rejects


def test_every_reject_is_one_line_that_can_be_read_back() -> None:
    heads = [b'!AIVDM \x1b[31m "quoted" \r', "schön".encode(), b"\xff\x00\n"]
    file = io.BytesIO()
    write_rejects((Reject("a", 1, "malformed", "why", head, len(head), "00", 1500) for head in heads), file)
    records = [json.loads(line) for line in file.getvalue().splitlines()]
    assert records[0] == {
        "source": "a",
        "line": 1,
        "outcome": "malformed",
        "reason": "why",
        "length": len(heads[0]),
        "sha256": "00",
        "time": "1970-01-01T00:00:01.500Z",
        "head": heads[0].decode(),
    }
    assert b"\x1b" not in file.getvalue()
    assert records[1]["head"] == "schön"
    assert records[2]["head_base64"] == "/wAK"
