"""What may be drawn: outlines that people send, checked and bounded; and a drawn version as a Fence."""

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Any, Final

import msgspec
import shapely
from shapely import MultiPolygon, Polygon

from geofences.fence import Fence, FenceKind, Policy
from geofences.polygon import PolygonError, read_polygon
from models.drawn_fence import MOST_POSITIONS, Area, FenceVersion
from models.errors import UNDECODABLE
from models.time import BEGINNING, Millis

MOST_KM2: Final = 2_000_000.0
"""Square kilometres of one drawn fence: twice the Sea of Japan. Judgement: a larger one says nothing."""
LEAST_KM2: Final = 0.01
"""Square kilometres, a square of 100 m: positions are known to 10 m at best. Judgement."""
WIDEST: Final = 90.0
"""Degrees of longitude from one end to the other. Judgement, for the same reason."""
_DIGITS: Final = 6
"""Decimals of a degree that are kept: 0.1 m."""


def read_outline(geometry: Any) -> Area:
    """The area of a GeoJSON Polygon or MultiPolygon, cut at 180°.

    Longitudes may run on past 180, as far as 360. Raises PolygonError with a sentence for whoever drew it.
    """
    count = _positions(geometry)
    if count > MOST_POSITIONS:
        raise PolygonError(
            f"the outline has {count:,} positions; a drawn fence has at most {MOST_POSITIONS}: simplify it"
        )
    shape = read_polygon(_rounded(geometry))
    west, _, east, _ = shapely.bounds(shapely.geometry.shape(_rounded(geometry)))
    if east - west > WIDEST:
        raise PolygonError(
            f"the outline is {east - west:.0f} degrees of longitude wide; a drawn fence is at most "
            f"{WIDEST:.0f} wide: draw a smaller one"
        )
    import pyproj  # takes a tenth of a second, and commands without stages do not need it

    square = abs(pyproj.Geod(ellps="WGS84").geometry_area_perimeter(shape)[0]) / 1e6
    if square > MOST_KM2:
        raise PolygonError(
            f"the outline covers {square:,.0f} km²; a drawn fence covers at most {MOST_KM2:,.0f} km²: draw "
            "a smaller one"
        )
    if square < LEAST_KM2:
        raise PolygonError(
            f"the outline covers {square * 1e6:.0f} m²; a drawn fence covers at least {LEAST_KM2 * 1e6:,.0f} "
            "m², because positions are known to ten metres at best: draw a larger one"
        )
    return Area(
        tuple(
            tuple(
                tuple((float(lon), float(lat)) for lon, lat in shapely.get_coordinates(ring).tolist())
                for ring in shapely.get_rings(part)
            )
            for part in shapely.get_parts(shape)
        )
    )


def fence_of(drawn: FenceVersion, valid_from: Millis | None = None, valid_to: Millis | None = None) -> Fence:
    """The version as a fence. Raises PolygonError where its area is none."""
    return Fence(
        id=drawn.id,
        name=drawn.name,
        kind=FenceKind.DRAWN,
        country=None,
        locode=None,
        policy=Policy.SCORE,
        source=f"drawn by {drawn.by}, {drawn.drawn}",
        geometry=shape_of(drawn.area),
        version=drawn.version,
        valid_from=valid_from,
        valid_to=valid_to,
    )


def fences_of(versions: Sequence[FenceVersion]) -> list[Fence]:
    """As fences that `--fence` reads: each version of a fence ends where the next one begins.

    `versions` are in order; each counts from when it begins. Raises PolygonError.
    """
    out: list[Fence] = []
    for _, group in groupby(versions, key=lambda each: each.id):
        of_one = list(group)
        ends: list[Millis | None] = [*(after.begins for _, after in pairwise(of_one)), None]
        out += (
            fence_of(each, None if each.begins == BEGINNING else each.begins, end)
            for each, end in zip(of_one, ends, strict=True)
            if not each.deleted
        )
    return out


def read_version(line: bytes) -> FenceVersion:
    """A version as JSON. Raises ValueError if it is none, or one that `check_version` refuses."""
    try:
        version = msgspec.json.decode(line, type=FenceVersion)
    except UNDECODABLE as error:
        raise ValueError(str(error)) from None
    check_version(version)
    return version


def check_version(version: FenceVersion) -> None:
    """Raises ValueError for a version of which no fence can be made: with no area, or no time."""
    fence_of(version, version.begins)


def shape_of(area: Area) -> Polygon | MultiPolygon:
    """The area for shapely. Raises PolygonError."""
    coordinates = [[[list(place) for place in ring] for ring in part] for part in area.coordinates]
    return read_polygon({"type": "MultiPolygon", "coordinates": coordinates})


def _positions(geometry: Any) -> int:
    """How many positions there are, whatever is wrong with them; a list of numbers is one."""
    found, lists = 0, [geometry.get("coordinates")] if isinstance(geometry, dict) else []
    while lists:
        one = lists.pop()
        if not isinstance(one, list):
            continue
        if one and not isinstance(one[0], list):
            found += 1
        lists += one
    return found


def _rounded(geometry: Any) -> Any:
    """Positions to a tenth of a metre, and no position twice in a row; what is no geometry stays as it is."""
    if isinstance(geometry, dict):
        return {**geometry, "coordinates": _rounded(geometry.get("coordinates"))}
    if isinstance(geometry, list):
        rounded = [_rounded(one) for one in geometry]
        if len(rounded) > 2 and all(isinstance(one, list) for one in rounded):
            return [rounded[0], *(after for before, after in pairwise(rounded) if after != before)]
        return rounded
    return round(geometry, _DIGITS) if isinstance(geometry, float) else geometry
