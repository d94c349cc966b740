"""Loads lists of vessels from files and folders, and finds out by content which layout each file has."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from models.watchlist import Entry, Watchlist
from streams.watchlists import eu_un, ofac_csv, ofac_xml, opensanctions, plain
from streams.watchlists.cells import names
from streams.watchlists.reading import HEAD, ListFormat, Reading, WatchlistError

FORMATS: Final[tuple[ListFormat, ...]] = (
    *(ofac_xml.FORMAT, opensanctions.FTM, ofac_csv.SDN, ofac_csv.ALT),
    *(eu_un.EU, eu_un.UN, opensanctions.MARITIME, plain.FORMAT),
)
"""The layouts that are read, in the order in which they are tried."""
SUFFIXES: Final = frozenset({".csv", ".tsv", ".xml", ".json", ".jsonl", ".ndjson"})
"""Files of a folder that are taken for lists, by the end of their names."""


def list_files(paths: Iterable[str | Path]) -> list[Path]:
    """The files that these paths name: a folder stands for the lists in it, by name.

    Raises WatchlistError if a path can't be read, or a folder has no lists.
    """
    found: list[Path] = []
    problems: list[str] = []
    for path in map(Path, paths):
        try:
            inside = sorted(path.iterdir()) if path.is_dir() else [path]
        except OSError as error:
            problems.append(f"{path}: can't be read ({error.strerror}); check its permissions")
            continue
        if path.is_dir():
            inside = [
                each
                for each in inside
                if each.suffix.lower() in SUFFIXES and not each.name.startswith(".") and each.is_file()
            ]
            if not inside:
                ends = ", ".join(sorted(SUFFIXES))
                problems.append(f"{path}: no lists in this folder; their names end in {ends}")
        found += inside
    if problems:
        raise WatchlistError(*problems)
    return list(dict.fromkeys(found))


def read_list(path: Path) -> tuple[ListFormat | None, Reading]:
    """What one file holds, and its layout; None where it is not known. Faults are in the reading."""
    reading = Reading(str(path))
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
            layout = next((each for each in FORMATS if each.recognises(head)), None)
            file.seek(0)
            if layout is None:
                reading.problems.append(f"{path}: {_unknown(head)}")
            else:
                layout.read(file, reading)
            return layout, reading
    except WatchlistError as error:
        reading.problems = list(error.problems)
    except OSError as error:
        problem = f"can't be read ({error.strerror}); give the path of a list, or of a folder of lists"
        reading.problems.append(f"{path}: {problem}")
    return None, reading


def read_lists(paths: Iterable[str | Path]) -> Iterator[tuple[ListFormat | None, Reading]]:
    """Every list that these paths name; a path that can't be read is a reading with faults."""
    for path in paths:
        try:
            files = list_files([path])
        except WatchlistError as error:
            yield None, Reading(str(path), problems=list(error.problems))
            continue
        for file in files:
            yield read_list(file)


def load_watchlist(paths: Iterable[str | Path]) -> Watchlist:
    """The entries of all lists that these paths name. Raises WatchlistError with all faults of all files."""
    readings = [reading for _, reading in read_lists(paths)]
    if problems := [problem for reading in readings for problem in reading.problems]:
        raise WatchlistError(*problems)
    return Watchlist(joined(readings))


def joined(readings: Sequence[Reading]) -> list[Entry]:
    """The entries of several files, with the other names that some files have for the entries of others."""
    other: dict[str, list[str]] = {}
    for reading in readings:
        for number, called in reading.other_names.items():
            other.setdefault(number, []).extend(called)
    return [
        msgspec.structs.replace(entry, names=names(*entry.names, *other[number]))
        if entry.list == ofac_csv.LIST and (number := entry.entry.rpartition(" ")[2]) in other
        else entry
        for reading in readings
        for entry in reading.entries
    ]


def _unknown(head: bytes) -> str:
    """What is wrong with a file of no known layout."""
    if not head.strip():
        return "empty; give a list in one of the layouts of docs/watchlists.md"
    if b"<sdnList" in head:
        return "OFAC's plain XML is not read; give sdn_advanced.xml or sdn.csv"
    if head.startswith((b"PK", b"\x1f\x8b", b"\x28\xb5\x2f\xfd")):
        return "compressed; unpack it first"
    known = ", ".join(layout.name for layout in FORMATS)
    return (
        f"no layout of lists that is known ({known}); as plain CSV, its header needs a column imo or mmsi, "
        "see docs/watchlists.md"
    )
