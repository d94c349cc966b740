"""Time stamps by RFC 3161, of an authority on this machine."""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.time import from_text
from streams.evidence.errors import EvidenceError
from streams.evidence.time_stamp import stamp, time_of
from tests.streams.evidence.authority import Authority, serving

MANIFEST = b"0" * 64 + b"  README.md\n"


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[Authority]:
    made = Authority(tmp_path)
    with serving(made):
        yield made


def test_a_stamp_tells_when_an_authority_saw_the_manifest(authority: Authority, tmp_path: Path) -> None:
    answer = stamp(MANIFEST, authority.url)
    told = time_of(answer, MANIFEST, authority.certificate)
    assert told.endswith("root.pem vouches for")
    seen = from_text(told.split(",")[0]) / 1000
    assert abs(datetime.now(UTC) - datetime.fromtimestamp(seen, UTC)) < timedelta(minutes=5)
    assert "signature not checked" in time_of(answer, MANIFEST, None)
    with pytest.raises(EvidenceError, match="not of this manifest"):
        time_of(answer, MANIFEST + b"\n", authority.certificate)
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other", "Another")
    with pytest.raises(EvidenceError, match="signature of the time stamp is not good"):
        time_of(answer, MANIFEST, other.certificate)
    changed = bytearray(answer)
    changed[-3] ^= 1  # in the signature
    with pytest.raises(EvidenceError, match="signature of the time stamp is not good"):
        time_of(bytes(changed), MANIFEST, authority.certificate)


def test_what_goes_wrong_is_said_in_a_sentence(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.refuse = True
    with pytest.raises(EvidenceError, match=re.escape(f"{authority.url}: no time stamp: it answered 500")):
        stamp(MANIFEST, authority.url)
    with pytest.raises(EvidenceError, match="check the URL of the authority"):
        stamp(MANIFEST, "ftp://127.0.0.1/")
    with pytest.raises(EvidenceError, match="is no time stamp"):
        time_of(b"<html>", MANIFEST, None)
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    with pytest.raises(EvidenceError, match=re.escape("pip install rfc3161-client")):
        stamp(MANIFEST, authority.url)
