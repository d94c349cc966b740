"""Drawn: the fences that were drawn in a deployment, where its archive is replayed."""

from copy import copy
from dataclasses import replace

from streams.cli.errors import notify
from streams.cli.options.detection import DetectionInputs
from streams.cli.options.inputs import FoundRecordings


def with_drawn_fences(loaded: DetectionInputs, recordings: FoundRecordings) -> DetectionInputs:
    """With the drawn fences of the archives that are replayed, but for those of which a file has versions.

    Says from when they count. Raises ArchiveError.
    """
    if not recordings.archived:
        return loaded
    from streams.archive.source import drawn_fences

    rules = copy(loaded.rules)
    given = {fence.id for fence in rules.drawn}
    found = drawn_fences(recordings.archived, rules.settings.vessel.grid.step)
    drawn = [fence for fence in found if fence.id not in given]
    if not drawn:
        return loaded
    names = ", ".join(dict.fromkeys(fence.name for fence in drawn))
    notify(
        f"drawn fences of the archive ({names}) count from the instant after they were drawn, which may be "
        "earlier than in the deployment; --fence drawn.geojson of its feed gives the very times"
    )
    rules.drawn = tuple(sorted((*rules.drawn, *drawn), key=lambda fence: fence.key))
    return replace(loaded, rules=rules)
