"""`tankerwatch evidence`: events with all that others need to find them again, as one file."""

import os
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
import typer.core

from models.box import Box
from models.time import Millis, to_text
from streams.cli.analysis.event_input import WHERE_IDS_ARE
from streams.cli.errors import Failed, UsageError, complain, help_unless_command
from streams.cli.files import STANDARD, check_outputs, open_input, read_event
from streams.cli.options import values
from streams.cli.options.detection import DetectionOptions, load_detection
from streams.cli.options.groups import with_option_groups
from streams.cli.options.inputs import InputOptions, find_recordings
from streams.output.sanitize import sanitize

if TYPE_CHECKING:  # loaded when a command runs, so that its help comes at once
    from models.event import Event
    from streams.evidence.bundle import InputFile
    from streams.evidence.checking import Verdict
    from streams.evidence.request import Request
    from streams.recordings.summary import Summary

_ID: Final = re.compile(r"[0-9a-f]{24}")
MINIMAL: Final = (
    "Minimal: positions and contacts only. Levels, scores and reasons are as published, and not proved by it."
)
_TIMES: Final = frozenset({"base_time", "start", "end"})


class _Group(typer.core.TyperGroup):
    """Commands of which one needs no name: `evidence ID …` is `evidence make ID …`."""

    default = "make"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "--help"):
            args = [self.default, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_Group)


@app.callback(invoke_without_command=True)
def _evidence(context: typer.Context) -> None:
    """Write events with all that others need to find them again, and check such a file.

    `tankerwatch evidence EVENT_ID…` is short for `tankerwatch evidence make EVENT_ID…`.
    """
    help_unless_command(context)


@app.command(short_help="Write a file of evidence for events.")
@with_option_groups
def make(
    ids: Annotated[
        list[str],
        typer.Argument(
            metavar="EVENT_ID",
            help="The events' ids. What is no id but a file counts as one more --input.",
        ),
    ],
    *,
    out: Annotated[str, typer.Option(metavar="FILE.zip", help="Write the evidence to this file.")],
    events: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The events that `replay --out` wrote: JSON Lines with these ids."),
    ] = None,
    input: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="A recording that `replay` read; all of them are needed. Can be given several times. Files, "
            "archives and folders as `replay` takes them.",
        ),
    ] = None,
    archive: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="For events of a deployment, instead of --events and --input: the folder that `tankerwatch "
            "archive` writes. It has the lines, the rules, and the state of the detectors once a day.",
        ),
    ] = None,
    minimal: Annotated[
        bool,
        typer.Option(
            "--minimal",
            help="Only the lines of the vessels that the events name. Such evidence claims positions and "
            "contacts only.",
        ),
    ] = False,
    snapshot_at: Annotated[
        Millis | None,
        typer.Option(
            metavar="TIME",
            parser=values.time,
            help="Begin with the state of the detectors at this time instead of the first line: smaller, but "
            "whoever checks it has to believe that state.",
        ),
    ] = None,
    timestamp: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Have an authority of yours sign when the evidence existed (RFC 3161); it gets only a hash. "
            "Needs the extra `timestamp`.",
        ),
    ] = None,
    inputs: InputOptions,
    detection: DetectionOptions,
) -> None:
    """Write a file of evidence for events that `replay` or a deployment found.

    Give the same recordings and options as for `replay`; or the archive of the deployment, and no other
    options. The lines are replayed up to the last revision of the events. If that does not give the events
    byte for byte, it says what differs, and nothing is written. docs/evidence.md says what is in the file.
    """
    from streams.evidence.making import make

    chosen, files = _sorted_out(ids, input or ())
    if minimal and snapshot_at is not None:
        raise UsageError("--minimal: begins with the first line; leave --snapshot-at out")
    if out == STANDARD:
        raise UsageError("--out: give the name of a file; evidence can't be written to standard output")
    if archive is not None:
        from streams.archive.live_evidence import live_request

        if events or files or snapshot_at is not None or _options(inputs, detection):
            raise UsageError(
                "--archive: has the lines, the events and the rules; leave --events, --input, --snapshot-at "
                "and the options of a replay out"
            )
        check_outputs({"--out": out}, [])
        words = ["tankerwatch", "evidence", *chosen, "--archive", str(archive), "--out", "evidence.zip"]
        request = live_request(
            archive, chosen, minimal=minimal, authority=timestamp or "", command=shlex.join(words)
        )
    else:
        if not events or not files:
            raise UsageError(
                "give the events and the recordings of a replay with --events and --input, or the archive of "
                "a deployment with --archive"
            )
        request = _request(
            chosen, events, files, out, minimal, snapshot_at, timestamp or "", inputs, detection
        )
    with _progress() as on_progress:
        made = make(request, out, on_progress)
    bundle = made.bundle
    lines = sum(source.lines for source in bundle.sources)
    what = "source" if bundle.live else "recording"
    typer.echo(
        sanitize(
            f"{out}: {_count(len(bundle.events), 'event')} in {_count(len(made.events), 'revision')}, "
            f"{_count(lines, 'line')} of {_count(len(bundle.sources), what)}"
        )
    )
    typer.echo(f"SHA-256 of its manifest: {made.manifest}")
    if minimal:
        typer.echo(MINIMAL)
    typer.echo(f"Check it with: tankerwatch evidence check {shlex.quote(out)}")
    complain(*bundle.problems)
    raise typer.Exit(1 if bundle.problems else 0)


def _request(
    chosen: Sequence[str],
    events: str,
    files: Sequence[str],
    out: str,
    minimal: bool,
    snapshot_at: Millis | None,
    authority: str,
    inputs: InputOptions,
    detection: DetectionOptions,
) -> "Request":
    """What the evidence of a replay is made of."""
    from streams.evidence.bundle import Selection
    from streams.evidence.request import Request

    published = _published(chosen, events)
    recordings = find_recordings(files, inputs)
    check_outputs({"--out": out}, [*recordings.files, *detection.files, events])
    loaded = load_detection(detection, inputs.hints)
    given = _given(recordings.files, detection)
    selected = loaded.report_filter
    return Request(
        published=published,
        where=events,
        sources=recordings.sources(loaded.rules.settings.decoder),
        rules=loaded.rules,
        sightings=[sighting for file in loaded.sightings for sighting in file.sightings],
        hints=loaded.hints,
        selection=Selection(selected.start, selected.end, selected.box),
        snapshot_at=snapshot_at,
        minimal=minimal,
        authority=authority,
        command=_command(files, inputs, detection),
        inputs=given,
    )


@app.command(short_help="Check a file of evidence.")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="A file of evidence.")],
    authority: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.pem",
            help="Certificates that you trust for time stamps: the evidence needs one that they vouch for.",
        ),
    ] = None,
) -> None:
    """Check a file of evidence: that nothing in it was changed, and that its lines give its events.

    It checks every file in it against the manifest, replays the lines, and compares the events and the report
    byte for byte. What differs is printed, and the exit code is 1.
    """
    from streams.evidence.checking import check

    with _progress() as on_progress:
        verdict = check(file, on_progress, authority)
    for line in _told(verdict):
        typer.echo(sanitize(line))
    complain(*verdict.faults)
    if not verdict.good:
        raise typer.Exit(1)


def _told(verdict: "Verdict") -> Iterator[str]:
    yield verdict.path
    yield f"  SHA-256 of the file      {verdict.sha256}"
    yield f"  SHA-256 of the manifest  {verdict.manifest or 'missing'}"
    if verdict.stamped:
        yield f"  time stamp               {verdict.stamped}"
    bundle = verdict.bundle
    if bundle is None:
        yield "NOT AS IT WAS MADE: see the errors"
        return
    yield f"  made by                  tankerwatch {bundle.versions.get('tankerwatch')}"
    for each in verdict.other_versions:
        yield f"    other version: {each[:200]}"
    if verdict.other_code:
        yield "    another version of tankerwatch made it: it may judge differently; compared all the same"
    at = bundle.snapshot_at
    first = "the first line that is in it" if bundle.live and bundle.minimal else "the first line"
    begins = first if at is None else f"the state at {to_text(at)}"
    lines, sources = sum(source.lines for source in bundle.sources), len(bundle.sources)
    whose = " of the vessels named" if bundle.minimal else ""
    told = f"{_count(sources, 'source')} of a deployment" if bundle.live else _count(sources, "recording")
    yield f"  lines                    {lines:,}{whose} in {told}, from {begins} on"
    for remark in verdict.remarks:
        yield f"  remark: {remark}"
    if not verdict.good:
        done = "replayed" if verdict.replayed else "not replayed, because what would be replayed was changed"
        yield f"NOT AS IT WAS MADE ({_count(len(verdict.faults), 'difference')}, {done}): see the errors"
        return
    if bundle.minimal:
        yield "The claimed positions and contacts come out again, byte for byte."
        yield MINIMAL
        return
    for name in bundle.events:
        count = sum(event.id == name for event in verdict.events)
        yield f"  event {name}: {_count(count, 'revision')}, the same byte for byte"
    yield "The lines give these events again, byte for byte."
    if bundle.snapshot_at is not None:
        yield "What came before the state that it begins with has to be believed."


def _sorted_out(ids: Sequence[str], inputs: Sequence[str]) -> tuple[list[str], list[str]]:
    """The ids, each once, and the recordings. Raises UsageError."""
    chosen, files = [], list(inputs)
    for each in ids:
        if _ID.fullmatch(each):
            chosen.append(each)
        elif os.path.exists(each):
            files.append(each)
        else:
            raise UsageError(
                f"{each!r} is neither an event id (24 of 0-9 and a-f) nor a file; {WHERE_IDS_ARE}"
            )
    if not chosen:
        raise UsageError("no event id; name at least one before the recordings")
    return list(dict.fromkeys(chosen)), files


def _published(ids: Sequence[str], file: str) -> "list[Event]":
    """The revisions of these events in a file. Raises Failed for those that are not there."""
    names = [each.encode() for each in ids]
    with open_input(file) as lines:  # one by one: there may be many other events
        mine = [(number, line) for number, line in enumerate(lines, 1) if any(name in line for name in names)]
    found = [event for number, line in mine if (event := read_event(line, file, number)).id in ids]
    missing = [each for each in ids if each not in {event.id for event in found}]
    if missing:
        raise Failed(
            *(
                f"{each}: no event of {file} has this id; give the file in which you found it"
                for each in missing
            )
        )
    return found


def _given(recordings: Sequence[str], detection: DetectionOptions) -> "list[InputFile]":
    """Every file that was given, with its hash."""
    import hashlib

    from streams.evidence.bundle import InputFile

    roles = [("recording", name) for name in recordings]
    roles += [("option", name) for name in detection.files if not Path(name).is_dir()]
    found = []
    for role, name in roles:
        path = Path(name)
        if not path.is_file():  # a pipe is read once
            found.append(InputFile(role, name))
            continue
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found.append(InputFile(role, name, path.stat().st_size, digest))
    return found


def _command(files: Sequence[str], inputs: InputOptions, detection: DetectionOptions) -> str:
    """The replay that gives the same events."""
    words = ["tankerwatch", "replay", *files, *_options(inputs, detection)]
    return shlex.join([*words, "--out", "events.jsonl"])


def _options(inputs: InputOptions, detection: DetectionOptions) -> list[str]:
    """The options that were given, as words of a command."""
    words: list[str] = []
    for group in (inputs, detection):
        for each in fields(group):
            value = getattr(group, each.name)
            default = each.default_factory() if each.default_factory is not MISSING else each.default
            option = f"--{each.name.replace('_', '-')}"
            if value is True:
                words.append(option)
            elif value != default:
                for one in value if isinstance(value, list) else [value]:
                    words += [option, _text(each.name, one)]
    return words


def _text(name: str, value: Any) -> str:
    if name in _TIMES:
        return to_text(value)
    return ",".join(map(str, value)) if isinstance(value, Box) else str(value)


@contextmanager
def _progress() -> "Iterator[Callable[[Summary], None]]":
    """A line on the terminal that shows how far a replay is."""
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("replaying") as status:
        yield lambda summary: status.update(f"replaying, {summary.lines:,} lines")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
