"""Make the watchlist that the package ships from the table of vessels in public sanctions lists.

    python -m streams.watchlists.build TABLE EU DEADWEIGHT

TABLE has the columns imo, names (parted by |), mmsi and sources (parted by |, each `LIST:entry`). EU is the
list of the European Union, which has days of listing, and reasons that name types of ships. DEADWEIGHT is
models/data/dprk_deadweight.csv, with the columns imo, deadweight_tonnes, type and source. TABLE and EU are
not part of the package. The result has one row for every entry of a list.
"""

import argparse
import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from models.watchlist import Entry
from streams.watchlists import eu_un, plain
from streams.watchlists.cells import names
from streams.watchlists.reading import Reading
from streams.watchlists.shipped import FILE

TARGET: Final = Path(__file__).parents[2] / "models" / "data" / FILE

LISTS: Final = {"OFAC": ("OFAC SDN", "2019-01"), "EU2017/1509": ("EU 2017/1509", "2022-12")}
"""What the table's sources call a list, what the watchlist calls it, and the month of the copy."""


def convert(table: str, eu: str, deadweight: str) -> str:
    """The watchlist's CSV text, sorted. Raises ValueError for an unknown list."""
    reading = Reading("EU")
    eu_un.EU.read(io.BytesIO(eu.encode()), reading)
    known = {row["imo"]: row for row in csv.DictReader(io.StringIO(deadweight, newline=""))}
    entries = set(_entries(table, reading.entries, known))
    return plain.dump(sorted(entries, key=lambda entry: (entry.imos, entry.mmsis, entry.list, entry.entry)))


def _entries(table: str, eu: list[Entry], known: Mapping[str, Mapping[str, str]]) -> Iterator[Entry]:
    listed_on = {(entry.imos, entry.entry): entry.listed_on for entry in eu}
    types = {entry.imos: entry.type for entry in eu if entry.type}
    for vessel in csv.DictReader(io.StringIO(table, newline="")):
        imos = (int(vessel["imo"]),) if vessel["imo"] else ()
        told = known.get(vessel["imo"], {})
        for source in vessel["sources"].split("|"):
            listed, _, entry = source.partition(":")
            if listed not in LISTS:
                raise ValueError(
                    f"{vessel['names']}: source {source!r} names no known list ({', '.join(LISTS)})"
                )
            name, as_of = LISTS[listed]
            number = entry.strip(":").replace(":", " ")
            yield Entry(
                list=name,
                entry=number,
                names=_distinct(names(*vessel["names"].split("|"))),
                imos=imos,
                mmsis=(int(vessel["mmsi"]),) if vessel["mmsi"] else (),
                type=told.get("type") or types.get(imos),
                deadweight=float(told["deadweight_tonnes"]) if told else None,
                listed_on=listed_on.get((imos, number)) if listed != "OFAC" else None,
                as_of=as_of,
            )


def _distinct(called: tuple[str, ...]) -> tuple[str, ...]:
    """Names that differ in more than capitals."""
    return tuple({name.casefold(): name for name in reversed(called)}.values())[::-1]


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the shipped watchlist.")
    for name, text in (
        ("table", "the table of vessels in public sanctions lists"),
        ("eu", "the list of the European Union"),
        ("deadweight", "the table of deadweights"),
    ):
        parser.add_argument(name, type=Path, help=text)
    given = parser.parse_args()
    texts = [path.read_text(encoding="utf-8") for path in (given.table, given.eu, given.deadweight)]
    TARGET.write_text(convert(*texts), encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
