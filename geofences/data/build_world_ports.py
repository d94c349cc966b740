"""Make the packaged list of the world's ports from the World Port Index.

    python -m geofences.data.build_world_ports TABLE

TABLE is the index as CSV with the columns name, country, longitude, latitude and harbor_size; it is not part
of the package. The same input gives the same bytes.
"""

import argparse
import csv
import io
from pathlib import Path
from typing import Final

TARGET: Final = Path(__file__).parent / "world_ports.csv"
COLUMNS: Final = ("name", "country", "lon", "lat", "size")


def convert(table: str) -> str:
    """The list's CSV text, sorted by country, name and place.

    Raises KeyError for a missing column and ValueError for a position that is no number or not on Earth.
    """
    rows = set()
    for port in csv.DictReader(io.StringIO(table, newline="")):
        name, lon, lat = port["name"].strip(), float(port["longitude"]), float(port["latitude"])
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise ValueError(f"{name}: no position on Earth ({lon}, {lat})")
        rows.add((port["country"].strip(), name, f"{lon:.4f}", f"{lat:.4f}", port["harbor_size"].strip()))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((name, country, lon, lat, size) for country, name, lon, lat, size in sorted(rows))
    return text.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the packaged list of the world's ports.")
    parser.add_argument("table", type=Path, help="the World Port Index as CSV")
    table: Path = parser.parse_args().table
    TARGET.write_text(convert(table.read_text(encoding="utf-8")), encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
