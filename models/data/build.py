"""Make the watchlist that the package ships from the table of vessels in public sanctions lists.

    python -m models.data.build TABLE

TABLE has the columns imo, names (parted by |), mmsi and sources (parted by |, each `LIST:entry`); it is not
part of the package. The result has one row for every entry of a list.
"""

import argparse
import csv
import io
from pathlib import Path
from typing import Final

from models.watchlist import COLUMNS

TARGET: Final = Path(__file__).parent / "dprk_vessels.csv"

LISTS: Final = {"OFAC": "OFAC SDN", "EU2017/1509": "EU 2017/1509"}
"""What the table's sources call a list, and what the watchlist calls it."""


def convert(table: str) -> str:
    """The watchlist's CSV text, sorted, from the table's. Raises ValueError for an unknown list."""
    rows = set()
    for vessel in csv.DictReader(io.StringIO(table, newline="")):
        name = vessel["names"].split("|")[0].strip()
        for source in vessel["sources"].split("|"):
            listed, _, entry = source.partition(":")
            if listed not in LISTS:
                raise ValueError(f"{name}: source {source!r} names no known list ({', '.join(LISTS)})")
            rows.add((vessel["imo"], vessel["mmsi"], name, LISTS[listed], entry.strip(":").replace(":", " ")))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(sorted(row for row in rows if row[0] or row[1]))
    return text.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the shipped watchlist.")
    parser.add_argument("table", type=Path, help="the table of vessels in public sanctions lists")
    table: Path = parser.parse_args().table
    TARGET.write_text(convert(table.read_text(encoding="utf-8")), encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
