"""Options of the commands that detect events in recordings: what is left out, fences, watchlists, settings.

`DetectionOptions` holds what the user gave. `load_detection` makes `DetectionInputs` of it for the stages.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.box import Box
from models.source_hints import SourceHints
from models.time import BEGINNING, END, Millis, to_text
from streams.cli.errors import UsageError
from streams.cli.options import values

if TYPE_CHECKING:  # loaded when a command runs, so that its help comes at once
    from streams.recordings.arrivals import Source
    from streams.recordings.summary import Summary
    from streams.sightings.files import SightingFile
    from streams.stages.core import Core
    from streams.stages.intake import ReportFilter
    from streams.stages.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionOptions:
    start: Annotated[
        Millis | None,
        typer.Option(
            metavar="TIME",
            parser=values.time,
            help="Leave out reports before this time, such as 2026-03-01T12:00:00Z (UTC).",
        ),
    ] = None
    end: Annotated[
        Millis | None,
        typer.Option(metavar="TIME", parser=values.time, help="Leave out reports at this time and after it."),
    ] = None
    bbox: Annotated[
        Box | None,
        typer.Option(
            metavar="WEST,SOUTH,EAST,NORTH",
            parser=values.box,
            help="Leave out positions outside this box, in degrees. West > east crosses the antimeridian.",
        ),
    ] = None
    mmsi: Annotated[
        list[int],
        typer.Option(
            metavar="MMSI",
            parser=values.mmsi,
            help="Only events that this vessel takes part in. Can be given several times.",
        ),
    ] = field(default_factory=list)
    fence: Annotated[
        list[str],
        typer.Option(
            metavar="FILE",
            help="GeoJSON file of your own fences, added to the shipped ones. Can be given several times.",
        ),
    ] = field(default_factory=list)
    watchlist: Annotated[
        list[str],
        typer.Option(
            metavar="PATH",
            help="List of vessels to watch, or folder of lists, added to the shipped list: CSV, or as OFAC, "
            "OpenSanctions, the United Nations and the European Union publish theirs. Can be given several "
            "times.",
        ),
    ] = field(default_factory=list)
    sightings: Annotated[
        list[str],
        typer.Option(
            metavar="FILE",
            help="What others saw: satellite images, radar, patrols. CSV with a header, GeoJSON points, or "
            "JSON objects one a line (docs/sightings.md). Can be given several times.",
        ),
    ] = field(default_factory=list)
    settings: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="TOML file of settings that differ from `tankerwatch settings show`."
        ),
    ] = None

    @property
    def files(self) -> list[str]:
        """The files that these options name."""
        lists = (path for name in self.watchlist for path in (Path(name), *_inside(Path(name))))
        settings = [self.settings] if self.settings else []
        return [*self.fence, *map(str, lists), *self.sightings, *settings]

    @property
    def report_filter(self) -> "ReportFilter":
        """What of the reports takes part. Raises UsageError where that is nothing."""
        from streams.stages.intake import ReportFilter

        start = BEGINNING if self.start is None else self.start
        end = END if self.end is None else self.end
        if start >= end:
            raise UsageError(
                f"--start {to_text(start)}, --end {to_text(end)}: nothing lies between them; swap them"
            )
        return ReportFilter(start, end, self.bbox)


def _inside(path: Path) -> Iterable[Path]:
    return path.iterdir() if path.is_dir() else ()


@dataclass(frozen=True, slots=True)
class DetectionInputs:
    """What the stages of one run work with, besides the recordings."""

    rules: "Rules"
    report_filter: "ReportFilter"
    hints: SourceHints
    mmsis: frozenset[int]
    sightings: "Sequence[SightingFile]" = ()

    def core(self, sources: "Sequence[Source]") -> "Core":
        """The stages, for these sources. What others saw is in them already."""
        from streams.stages.core import Core

        own = {source.name: source.hints for source in sources if source.hints is not None}
        names = [source.name for source in sources]
        core = Core(names, self.rules, self.report_filter, self.hints, own)
        core.see(sighting for source in sources for sighting in source.sightings)
        core.see(sighting for file in self.sightings for sighting in file.sightings)
        return core

    def unheard(self, summary: "Summary") -> Iterator[str]:
        """What these options ask for and the recordings do not have, each as a sentence.

        Nothing where a recording was not read whole: it may be in the rest."""
        if summary.problems:
            return
        within, box = self.report_filter, self.report_filter.box
        given = {"--start": within.start != BEGINNING, "--end": within.end != END, "--bbox": box is not None}
        limits = " and ".join(option for option, is_given in given.items() if is_given)
        if limits and summary.left_out and not summary.positions:
            order = " (a box is WEST,SOUTH,EAST,NORTH)" if box is not None else ""
            yield (
                f"no position lies within {limits}{order}; `tankerwatch inspect FILE` shows the times and "
                "the area of a recording"
            )
        elif missing := sorted(self.mmsis - summary.wanted):
            inside = f" within {limits}" if limits else ""
            yield f"not heard{inside}: {', '.join(f'--mmsi {mmsi:09d}' for mmsi in missing)}"


def load_detection(options: DetectionOptions, hints: SourceHints) -> DetectionInputs:
    """Load the files that the options name. Raises InputError with every problem found in them."""
    from streams.deployment.config import RunFiles
    from streams.sightings.files import load_sightings
    from streams.stages.rules import load_rules

    report_filter = options.report_filter
    files = RunFiles(options.settings, tuple(options.fence), tuple(options.watchlist))
    return DetectionInputs(
        load_rules(files),
        report_filter,
        hints,
        frozenset(options.mmsi),
        load_sightings(options.sightings),
    )
