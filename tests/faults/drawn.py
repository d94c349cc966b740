"""A fence drawn, edited and deleted while workers are killed; and what a replay with its export finds."""

from collections.abc import Sequence
from typing import Final

import msgspec

from geofences.drawn import read_outline
from geofences.fence import Fence, dump_fences, read_fences
from models.drawn_fence import FenceVersion
from streams.deployment import wire
from streams.deployment.wire import RawFrame
from streams.feed.fence_sender import SOURCE
from streams.feed.views.drawn_fences import exported

NAMPO: Final = (124.3, 38.2, 125.2, 38.9)
"""West, south, east, north of the waters from Cho-do to Nampo."""
LESS: Final = (124.3, 38.2, 124.9, 38.9)


def _version(number: int, box: tuple[float, ...], deleted: bool = False) -> FenceVersion:
    west, south, east, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    area = read_outline({"type": "Polygon", "coordinates": [ring]})
    return FenceVersion(
        id="drawn-5d2f8c1e9b4a", version=number, name="Nampo", area=area, deleted=deleted, by="me",
        drawn="2026-03-01T00:00:00Z",
    )  # fmt: skip


VERSIONS: Final = (_version(1, NAMPO), _version(2, LESS), _version(3, LESS, deleted=True))


def frame_of(version: FenceVersion) -> bytes:
    """As the feed sends it."""
    data = msgspec.json.encode(version) + b"\n"
    return wire.encode(RawFrame(wire.VERSION, SOURCE, "fences", -1, data=data))


def counted(announced: Sequence[bytes]) -> tuple[Fence, ...]:
    """The fences of the export, from what the stages announced of versions; those that count, once each."""
    versions = {each.key: each for each in map(_READ.decode, announced)}
    fences = exported([versions[key] for key in sorted(versions)])
    return read_fences(dump_fences(fences).encode(), "drawn.geojson")


_READ: Final = msgspec.json.Decoder(FenceVersion)
