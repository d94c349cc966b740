"""A fence: a named area with a kind and a policy, and how to read fences from GeoJSON."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import shapely
from shapely import MultiPolygon, Polygon

from geofences.polygon import PolygonError, read_polygon
from models.bounds import JSON_BYTES, BoundsError, check_json, read_bytes
from models.errors import InputError
from models.time import Millis, from_text, to_text


class FenceKind(StrEnum):
    """What a fence is drawn round."""

    PORT = "port"
    TERMINAL = "terminal"
    ANCHORAGE = "anchorage"
    ROADS = "roads"
    LOCK = "lock"
    FAIRWAY = "fairway"  # the way between a port's zones
    DISCHARGE = "discharge"  # buoys or a barge moored offshore, with a pipeline
    STS_AREA = "sts_area"  # where transfers at sea have been reported
    WATCH_AREA = "watch_area"
    DRAWN = "drawn"  # raises entries and exits (docs/fences.md), and has no part in anything else

    @property
    def is_port(self) -> bool:
        """True for what is part of a port call."""
        return self in PORT_KINDS


PORT_KINDS: Final = frozenset(
    {
        FenceKind.PORT,
        FenceKind.TERMINAL,
        FenceKind.ANCHORAGE,
        FenceKind.ROADS,
        FenceKind.LOCK,
        FenceKind.FAIRWAY,
        FenceKind.DISCHARGE,
    }
)
"""The kinds that are part of a port call."""
DOCK_KINDS: Final = frozenset({FenceKind.PORT, FenceKind.TERMINAL, FenceKind.DISCHARGE})
"""The kinds in which ships lie alongside, or made fast to buoys."""
PASSING_KINDS: Final = frozenset({FenceKind.LOCK, FenceKind.FAIRWAY})
"""The kinds that ships pass through on the way to somewhere else."""


MOST_VERTICES: Final = 200_000
"""Positions of all fences of a file together. The fences of the package have some thousand."""


class Policy(StrEnum):
    """What is done about two vessels close together inside."""

    SUPPRESS = "suppress"  # nothing is raised: berths and ordinary anchorages
    WATCH = "watch"  # raised even here
    SCORE = "score"  # raised; the distance to port is a score


@dataclass(frozen=True, slots=True)
class Fence:
    """A named area. `geometry` is in degrees WGS 84, (lon, lat), cut at 180°."""

    id: str
    name: str
    kind: FenceKind
    country: str | None  # ISO 3166-1 alpha-2
    locode: str | None  # UN/LOCODE of the port it belongs to, five characters without a blank
    policy: Policy
    source: str  # where the outline comes from and how certain it is
    geometry: Polygon | MultiPolygon
    port: str | None = None  # a name that groups the fences of a port without a UN/LOCODE
    version: int = 1  # of a drawn fence; each version is a Fence of its own
    valid_from: Millis | None = None  # a drawn fence counts from here on; None: from the beginning
    valid_to: Millis | None = None  # and up to here, excluded; None: for good

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from all others: versions of a drawn fence share an id."""
        return self.id, self.version

    @property
    def call(self) -> str:
        """What groups the fences of one port into one port visit: the LOCODE, the port, or else the id."""
        return self.locode or self.port or self.id


class FenceError(InputError):
    """All that is wrong with a file of fences: `problems`, each with file, feature, place and remedy."""


def load_fences(path: str | Path) -> tuple[Fence, ...]:
    """The fences of a GeoJSON file (FeatureCollection or Feature), in the file's order.

    Raises FenceError with every problem found, not only the first; a file that can't be opened too.
    """
    path = Path(path)
    try:
        data = read_bytes(path, JSON_BYTES)
    except BoundsError as error:
        raise FenceError(f"{path}: {error}") from error
    except OSError as error:
        raise FenceError(
            f"{path}: can't be read ({error.strerror}); give the path of a GeoJSON file"
        ) from error
    return read_fences(data, str(path))


def read_fences(data: bytes, file: str) -> tuple[Fence, ...]:
    """Like load_fences, from bytes; `file` is how errors call them. Raises FenceError."""
    _check_vertices(data, file)
    features = _features(_parse(data, file), file)
    fences: list[Fence] = []
    problems: list[str] = []
    seen: dict[tuple[str, int], int] = {}
    for number, feature in enumerate(features):
        where = f"{file}: feature {number}{_called(feature)}"
        found: list[str] = []
        fence = _read_feature(feature, Path(file).name, found)
        if fence is not None and (taken := seen.get(fence.key)) is not None:
            version = f" in version {fence.version}" if fence.kind is FenceKind.DRAWN else ""
            found.append(f"id: {fence.id!r} is taken{version} by feature {taken}; every fence needs its own")
        if fence is not None and not found:
            seen[fence.key] = number
            fences.append(fence)
        problems += (f"{where}: {problem}" for problem in found)
    if problems:
        raise FenceError(*problems)
    return tuple(fences)


def outline_digest(fence: Fence) -> str:
    """What tells one outline of a fence from another, wherever its rings begin and whichever way they go."""
    return hashlib.blake2b(shapely.normalize(fence.geometry).wkb, digest_size=6).hexdigest()


def fences_digest(fences: Iterable[Fence]) -> str:
    """A hash of all that events depend on in these fences, in any order: 32 hexadecimal digits."""
    rows = sorted(
        (f.id, f.name, f.kind.value, f.country, f.call, f.policy.value, f.geometry.wkb_hex) for f in fences
    )
    return hashlib.blake2b(json.dumps(rows).encode(), digest_size=16).hexdigest()


def to_geojson(fences: Iterable[Fence]) -> dict[str, Any]:
    """A FeatureCollection of the fences, that `read_fences` reads back."""
    return {"type": "FeatureCollection", "features": [_feature(fence) for fence in fences]}


def dump_fences(fences: Iterable[Fence]) -> str:
    """The FeatureCollection as text, a line a property and a line a geometry: a change shows where it is."""
    features = []
    for feature in to_geojson(fences)["features"]:
        properties = json.dumps(feature["properties"], ensure_ascii=False, indent=2)
        geometry = json.dumps(feature["geometry"])
        features.append(f'{{"type": "Feature",\n"properties": {properties},\n"geometry": {geometry}}}')
    return '{"type": "FeatureCollection", "features": [\n' + ",\n".join(features) + "\n]}\n"


def _feature(fence: Fence) -> dict[str, Any]:
    properties = {
        "id": fence.id,
        "name": fence.name,
        "kind": str(fence.kind),
        "country": fence.country,
        "locode": fence.locode,
        **({"port": fence.port} if fence.port else {}),
        **(_period(fence) if fence.kind is FenceKind.DRAWN else {"policy": str(fence.policy)}),
        "source": fence.source,
    }
    return {"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(fence.geometry)}


def _period(fence: Fence) -> dict[str, Any]:
    """When a version of a drawn fence counts."""
    told = {"validFrom": fence.valid_from, "validTo": fence.valid_to}
    texts = {name: None if time is None else to_text(time) for name, time in told.items()}
    return {"version": fence.version, **texts}


def _check_vertices(data: bytes, file: str) -> None:
    """Counts lists, of which each vertex is one, before anything is made of them."""
    if data.count(b"[") > MOST_VERTICES:
        raise FenceError(
            f"{file}: has more than {MOST_VERTICES:,} vertices; simplify the outlines, to about ten metres"
        )


def _parse(data: bytes, file: str) -> Any:
    try:
        check_json(data)
        return json.loads(data.decode("utf-8-sig"))
    except BoundsError as error:
        raise FenceError(f"{file}: {error}") from error
    except UnicodeDecodeError as error:
        raise FenceError(f"{file}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise FenceError(f"{file}: {place}: not JSON ({error.msg}); mend it there") from error
    except RecursionError as error:
        raise FenceError(f"{file}: not GeoJSON: nested too deep; give a FeatureCollection") from error


def _features(document: Any, file: str) -> list[Any]:
    kind = document.get("type") if isinstance(document, dict) else None
    if kind not in ("FeatureCollection", "Feature"):
        said = f"its type is {kind!r}" if kind else "it has no type"
        raise FenceError(f"{file}: not GeoJSON fences: {said}; give a FeatureCollection or a Feature")
    if "crs" in document and not _is_wgs84(document["crs"]):
        name = json.dumps(document["crs"])[:80]
        raise FenceError(f"{file}: crs: {name}; reproject to WGS 84 (EPSG:4326) and leave the crs out")
    if kind == "Feature":
        return [document]
    features = document.get("features")
    if not isinstance(features, list):
        raise FenceError(f"{file}: features: not a list; a FeatureCollection needs a list of features")
    return features


def _is_wgs84(crs: Any) -> bool:
    """GeoJSON of 2008 could name a reference system; only longitude and latitude on WGS 84 is ours."""
    if crs is None:
        return True
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = str(properties.get("name", "")) if isinstance(properties, dict) else ""
    return name.upper().endswith(("CRS84", "EPSG::4326", "EPSG:4326"))


def _called(feature: Any) -> str:
    """How an error names a feature beside its number, as far as it has a name."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    named = properties if isinstance(properties, dict) else {}
    name = named.get("id") or (isinstance(feature, dict) and feature.get("id")) or named.get("name")
    return f" ({str(name)[:60]!r})" if name else ""


def _read_feature(feature: Any, file: str, problems: list[str]) -> Fence | None:
    """The fence of one feature, or None with what is wrong added to `problems`."""
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        problems.append("not a GeoJSON Feature; wrap the geometry in a Feature with properties")
        return None
    given = feature.get("properties")
    properties: dict[str, Any] = dict(given) if isinstance(given, dict) else {}
    if properties.get("id") is None:
        properties["id"] = feature.get("id")
    problems += _check_properties(properties)
    try:
        geometry = read_polygon(feature.get("geometry"))
    except PolygonError as error:
        problems.append(str(error))
        return None
    if problems:
        return None
    locode = properties.get("locode")
    return Fence(
        id=properties["id"],
        name=properties["name"],
        kind=FenceKind(properties["kind"]),
        country=properties.get("country"),
        locode=locode.replace(" ", "") if locode else None,
        policy=Policy(properties.get("policy") or Policy.SCORE),
        source=properties.get("source") or file,
        geometry=geometry,
        port=properties.get("port"),
        version=properties.get("version") or 1,
        valid_from=_time(properties.get("validFrom")),
        valid_to=_time(properties.get("validTo")),
    )


def _check_properties(properties: dict[str, Any]) -> Iterator[str]:
    for key in ("id", "name"):
        value = properties.get(key)
        if value is None:
            yield f"properties.{key}: missing; give the fence {'an id' if key == 'id' else 'a name'}"
        elif not isinstance(value, str) or not value.strip():
            yield f"properties.{key}: {value!r}; it has to be a text"
    drawn = properties.get("kind") == FenceKind.DRAWN
    yield from _check_period(properties) if drawn else _check_no_period(properties)
    for key, choices in (("kind", FenceKind), ("policy", Policy)):
        value = properties.get(key)
        if key == "policy" and value is None and drawn:
            continue
        if value not in list(choices):
            said = "missing" if value is None else f"unknown: {value!r}"
            yield f"properties.{key}: {said}; choose one of {', '.join(choices)}"
    country, locode = properties.get("country"), properties.get("locode")
    if country is not None and not _is_code(country, 2):
        yield f"properties.country: {country!r}; give the two letters of ISO 3166-1 (RU, KP) or null"
    if locode is not None and not (isinstance(locode, str) and _is_code(locode.replace(" ", ""), 5)):
        yield f"properties.locode: {locode!r}; give the five characters of the UN/LOCODE (RUVYP) or null"
    for key in ("port", "source"):
        if (value := properties.get(key)) is not None and not isinstance(value, str):
            yield f"properties.{key}: {value!r}; it has to be a text or null"


def _check_period(properties: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the version of a drawn fence and with the time for which it counts."""
    version = properties.get("version")
    if version is not None and (isinstance(version, bool) or not isinstance(version, int) or version < 1):
        yield f"properties.version: {version!r}; give a whole number from 1 on, or leave it out"
    times: list[Millis | None] = []
    for key in ("validFrom", "validTo"):
        value = properties.get(key)
        try:
            times.append(_time(value))
        except (TypeError, ValueError):
            yield f"properties.{key}: {value!r}; give a time such as 2026-03-01T12:00:00Z (UTC), or null"
    match times:
        case [int(begin), int(end)] if begin > end:
            yield "properties.validTo: lies before validFrom; swap them"


def _check_no_period(properties: dict[str, Any]) -> Iterator[str]:
    """Rules of detection hold for a whole run: only a drawn fence counts for a part of it."""
    for key in ("version", "validFrom", "validTo"):
        if properties.get(key) is not None:
            yield f"properties.{key}: only a fence of the kind drawn has one; leave it out, or draw the fence"


def _time(value: Any) -> Millis | None:
    """Raises TypeError or ValueError."""
    return None if value is None else from_text(value)


def _is_code(value: Any, length: int) -> bool:
    if not isinstance(value, str) or len(value) != length:
        return False
    return value.isascii() and value.isalnum() and value.upper() == value and value[:2].isalpha()
