"""Drawn: the fences that were drawn in a deployment, where its archive is replayed."""

from copy import copy
from dataclasses import replace

from streams.cli.errors import notify
from streams.cli.options.detection import DetectionInputs
from streams.cli.options.inputs import FoundRecordings


def with_drawn_fences(loaded: DetectionInputs, recordings: FoundRecordings) -> DetectionInputs:
    """With the drawn fences of the archives that are replayed, but for versions that a file has.

    Where a file was saved before a fence was edited or deleted, its last version ends there. Says from when
    they count. Raises ArchiveError.
    """
    if not recordings.archived:
        return loaded
    from streams.archive.source import drawn_fences

    rules = copy(loaded.rules)
    newest: dict[str, int] = {}
    for fence in rules.drawn:
        newest[fence.id] = max(fence.version, newest.get(fence.id, 0))
    found = drawn_fences(recordings.archived, rules.settings.vessel.grid.step)
    ends = {(fence.id, fence.version): fence.valid_to for fence in found}
    given = [
        replace(fence, valid_to=ends.get((fence.id, fence.version))) if fence.valid_to is None else fence
        for fence in rules.drawn
    ]
    drawn = [fence for fence in found if fence.version > newest.get(fence.id, 0)]
    ended = [fence for fence, was in zip(given, rules.drawn, strict=True) if fence.valid_to != was.valid_to]
    if not drawn and not ended:
        return loaded
    names = ", ".join(dict.fromkeys(fence.name for fence in (*drawn, *ended)))
    notify(
        f"drawn fences of the archive ({names}) count from the instant after they were drawn, which may be "
        "earlier than in the deployment; --fence drawn.geojson of its feed gives the very times"
    )
    rules.drawn = tuple(sorted((*given, *drawn), key=lambda fence: fence.key))
    return replace(loaded, rules=rules)
