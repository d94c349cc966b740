"""Messages beside other decoders, file by file: writes docs/measurements/decoders.md.

    TANKERWATCH_DATA=... python -m tests.scenarios.other_decoders [--gpsdecode PATH] [--out FILE]

pyais and gpsdecode (of gpsd) get the same sentences; gpsdecode gets them without tag blocks, prefixes and
what follows the checksum. Without gpsdecode its column is empty.
"""

import argparse
import gzip
import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Final

import pyais
from pyais.exceptions import AISBaseException
from pyais.stream import IterMessages

from models.source_hints import SourceHints
from streams.decoding.decoder import Decoder
from streams.recordings.recording import open_recording
from tests.scenarios.recordings import BASE_TIME, recordings

SENTENCE: Final = re.compile(rb"!.{2}VD[MO],[^*]*\*[0-9A-Fa-f]{2}")

REASONS: Final = {
    "gfw_multi-part.nmea": "6 repeats within ten seconds",
    "denmark_2013-11-12_1200.nmea.gz": "gpsdecode counts a type 24 once, when both parts have come (54)",
    "mixed_types_no_times.nmea": (
        "4 repeats, and lengths that the standard does not have; pyais loses 2 type 8 whose parts are apart; "
        "gpsdecode joins the parts of type 24"
    ),
    "219165000_sudden_speed_change_2014-10-05.nmea.gz": "52 repeats by other stations",
    "tanker_212123000_drift_2014-10-02.nmea.gz": "2,082 repeats by other stations",
    "tanker_538004030_drift_2014-09-28.nmea.gz": (
        "4,309 repeats by other stations, and 6 late lines of a station that relays after 17 minutes"
    ),
    "norway_2026-08-20.nmea": (
        "gpsdecode joins the parts of type 24 (15), and leaves out 5 position reports and one type 5: why "
        "was not looked into"
    ),
    "placeholder_tag_checksums_2014-12-31.nmea": "1 message of MMSI 0",
    "satellite_epoch_ms_2012-01-31.nmea.gz": (
        "noise that passed the checksum: 31 lengths and 4 types that the standard does not have, 4 of MMSI "
        "0; and 4 late lines. gpsdecode refuses most of the noise, too"
    ),
    "uscg_2010-04.nmea": (
        "31 lengths and 17 types that the standard does not have, which pyais fills up; 6 repeats; "
        "1 of MMSI 0"
    ),
    "signalk_multiplexed_epoch_ms.log": "pyais does not find the sentence behind the prefix",
}
"""Why the numbers of a file differ."""


def by_pyais(text: bytes) -> int:
    """Messages that pyais decodes from the lines that hold a sentence."""
    count = 0
    for sentence in IterMessages([line for line in text.splitlines() if b"VDM," in line or b"VDO," in line]):
        try:
            sentence.decode()
            count += 1
        except AISBaseException:
            continue
    return count


def by_gpsdecode(program: str, text: bytes) -> int:
    """Messages that gpsdecode decodes."""
    found = (SENTENCE.search(line) for line in text.splitlines())
    bare = b"".join(match.group() + b"\r\n" for match in found if match)
    out = subprocess.run([program, "-j"], input=bare, capture_output=True, check=False).stdout
    kinds = Counter(json.loads(line)["class"] for line in out.decode("utf-8", "replace").splitlines() if line)
    return kinds["AIS"]


def ours(path: Path) -> int:
    """Messages of the Decoder."""
    decoder = Decoder(str(path), hints=SourceHints(BASE_TIME))
    for frame in open_recording(str(path)).frames():
        decoder.feed(frame)
        decoder.advance(decoder.watermark)
    decoder.end()
    decoder.advance(decoder.watermark)
    return decoder.messages.total()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--gpsdecode", default=shutil.which("gpsdecode"))
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    rows = [_HEAD.format(pyais=pyais.__version__)]
    for path in recordings(Path(os.environ["TANKERWATCH_DATA"])):
        text = path.read_bytes()
        text = gzip.decompress(text) if path.suffix == ".gz" else text
        gpsd = f"{by_gpsdecode(chosen.gpsdecode, text):,}" if chosen.gpsdecode else ""
        name = f"{path.parent.name}/{path.name}"
        why = REASONS.get(path.name, "")
        rows.append(f"| {name} | {ours(path):,} | {by_pyais(text):,} | {gpsd} | {why} |")
    table = "\n".join(rows) + "\n"
    print(table)
    if chosen.out:
        chosen.out.write_text(table, "utf-8")


_HEAD = """# Messages, beside other decoders

Made by `python -m tests.scenarios.other_decoders` from real recordings, which are not part of the project.
pyais {pyais}, gpsdecode 3.22. tankerwatch counts a transmission once, however many stations heard it, and
refuses lengths and types that ITU-R M.1371-5 does not have; both others count what each line gives. Each
field of each position and static message of all these recordings is what pyais reads, but for values that the
standard calls not available: `tests/streams/decoding/test_recordings.py`. Of aids to
navigation (type 21) only type and MMSI are read, because they are no vessels.

| recording | tankerwatch | pyais | gpsdecode | why they differ |
|---|---|---|---|---|"""


if __name__ == "__main__":
    main()
