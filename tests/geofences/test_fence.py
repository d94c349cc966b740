import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from geofences.fence import Fence, FenceError, FenceKind, Policy, dump_fences, load_fences, read_fences

SQUARE = [[130.0, 40.0], [131.0, 40.0], [131.0, 41.0], [130.0, 41.0], [130.0, 40.0]]
HOLE = [[130.4, 40.4], [130.4, 40.6], [130.6, 40.6], [130.6, 40.4], [130.4, 40.4]]


def feature(rings: list[Any] | None = None, **properties: Any) -> dict[str, Any]:
    given = {"id": "a", "name": "A", "kind": "roads", "policy": "watch", **properties}
    geometry = {"type": "Polygon", "coordinates": [SQUARE] if rings is None else rings}
    return {"type": "Feature", "properties": given, "geometry": geometry}


def read(*features: Any, **members: Any) -> tuple[Fence, ...]:
    document = {"type": "FeatureCollection", "features": list(features), **members}
    return read_fences(json.dumps(document).encode(), "my.geojson")


def problems(*features: Any, **members: Any) -> tuple[str, ...]:
    with pytest.raises(FenceError) as caught:
        read(*features, **members)
    return caught.value.problems


def test_a_fence_is_read_with_all_it_says() -> None:
    (fence,) = read(feature(country="RU", locode="RU VYP", source="a chart"))
    assert (fence.id, fence.name, fence.kind, fence.policy) == ("a", "A", FenceKind.ROADS, Policy.WATCH)
    assert (fence.country, fence.locode, fence.call, fence.source) == ("RU", "RUVYP", "RUVYP", "a chart")
    assert fence.kind.is_port
    assert fence.geometry.equals(shapely.Polygon(SQUARE))


def test_what_may_be_missing() -> None:
    (fence,) = read({**feature([SQUARE, HOLE], id=None), "id": "b"}, crs=None)
    assert (fence.id, fence.call, fence.country, fence.source) == ("b", "b", None, "my.geojson")
    assert fence.geometry.area == pytest.approx(0.96)
    assert not FenceKind.STS_AREA.is_port


@pytest.mark.parametrize(
    ("ring", "wanted"),
    [
        ([SQUARE[:-1]], ["coordinates[0]", "open", "40.0000° N 130.0000° E", "repeat the first position"]),
        ([SQUARE[:2] + SQUARE[:1]], ["3 positions", "at least four"]),
        (
            [[SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]]],
            ["40.5000° N 130.5000° E", "crosses itself"],
        ),
        ([[[lat, lon] for lon, lat in SQUARE]], ["[40, 130]", "swapped"]),
        ([[[lon, lat + 60] for lon, lat in SQUARE]], ["[130, 100]", "within -90 and 90"]),
        ([[[lon * 1e5, lat * 1e5] for lon, lat in SQUARE]], ["[1.3e+07, 4e+06]", "metres", "EPSG:4326"]),
        ([SQUARE, [[lon + 5, lat] for lon, lat in HOLE]], ["hole lies outside", "40.4000° N 135.4000° E"]),
        ([SQUARE, SQUARE], ["or another ring"]),
        (
            [[[179, 1], [-179, 1], [-179, 2], [179, 2], [179, 1]]],
            ["from longitude 179 to -179", "(179, 181)"],
        ),
        ([[SQUARE[0]] * 4], ["at least three different positions"]),
        ([[SQUARE[0], SQUARE[1], SQUARE[1], SQUARE[0]]], ["at least three different positions"]),
        ([[*SQUARE[:2], [131.0, None], *SQUARE[3:]]], ["coordinates[0][2]", "[longitude, latitude]"]),
        ([[*SQUARE[:2], "north", *SQUARE[3:]]], ["coordinates[0][2]", "'north'"]),
        ([[*SQUARE[:2], [131.0, float("nan")], *SQUARE[3:]]], ["coordinates[0][2]", "finite"]),
        ([], ["empty"]),
        ([[]], ["0 positions"]),
    ],
)
def test_a_bad_polygon_is_named_with_its_place_and_remedy(ring: list[Any], wanted: list[str]) -> None:
    (problem,) = problems(feature(ring))
    assert problem.startswith("my.geojson: feature 0 ('a'): ")
    for text in wanted:
        assert text in problem


@pytest.mark.parametrize(
    ("properties", "wanted"),
    [
        ({"id": None}, "properties.id: missing"),
        ({"name": ""}, "properties.name: ''; it has to be a text"),
        ({"kind": "harbour"}, "unknown: 'harbour'; choose one of port, terminal, anchorage, roads, lock"),
        ({"kind": None}, "properties.kind: missing; choose one of"),
        (
            {"policy": ["watch"]},
            "properties.policy: unknown: ['watch']; choose one of suppress, watch, score",
        ),
        ({"country": "RUS"}, "properties.country: 'RUS'; give the two letters"),
        ({"locode": "VYP"}, "properties.locode: 'VYP'; give the five characters"),
        ({"source": 7}, "properties.source: 7"),
    ],
)
def test_a_bad_property_is_named_with_the_choices(properties: dict[str, Any], wanted: str) -> None:
    (problem,) = problems(feature(**properties))
    assert wanted in problem


def test_all_problems_are_reported_and_not_only_the_first() -> None:
    found = problems(
        feature([SQUARE[:-1]], kind="x"),
        feature(id="b"),
        feature(id="b"),
        {"type": "Polygon"},
        {**feature(id="c"), "geometry": None},
        {**feature(id="d"), "geometry": {"type": "Point", "coordinates": [1, 2]}},
    )
    assert [problem.split(": ")[1] for problem in found] == [
        "feature 0 ('a')",
        "feature 0 ('a')",
        "feature 2 ('b')",
        "feature 3",
        "feature 4 ('c')",
        "feature 5 ('d')",
    ]
    assert "taken by feature 1" in found[2]
    assert "'Point'; a fence needs a Polygon or a MultiPolygon" in found[5]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (b'{"type": "FeatureCollection",\n "features": [}', "line 2 column 15: not JSON"),
        (b"[1, 2]", "not GeoJSON fences: it has no type"),
        (b'{"type": "Topology"}', "its type is 'Topology'; give a FeatureCollection or a Feature"),
        (b'{"type": "FeatureCollection"}', "features: not a list"),
        (b'{"type": "Feature\xff"}', "byte 17 is not UTF-8"),
        (b"[" * 100_000, "nested deeper than 60 levels"),
    ],
)
def test_a_file_that_is_no_geojson(text: bytes, wanted: str) -> None:
    with pytest.raises(FenceError, match=r"my\.geojson") as caught:
        read_fences(text, "my.geojson")
    assert wanted in str(caught.value)


def test_only_wgs84_is_taken() -> None:
    def crs(name: str) -> dict[str, Any]:
        return {"type": "name", "properties": {"name": name}}

    assert read(feature(), crs=crs("urn:ogc:def:crs:OGC:1.3:CRS84"))
    assert read(feature(), crs=crs("EPSG:4326"))
    (problem,) = problems(feature(), crs=crs("urn:ogc:def:crs:EPSG::3857"))
    assert "EPSG::3857" in problem
    assert "reproject to WGS 84" in problem


@pytest.mark.parametrize("turn", [0, -360])
def test_a_ring_past_180_is_cut_there(turn: int) -> None:
    ring = [[lon + turn, lat] for lon, lat in [[179, 60], [182, 60], [182, 61], [179, 61], [179, 60]]]
    (fence,) = read(feature([ring]))
    wanted = shapely.union_all([shapely.box(179, 60, 180, 61), shapely.box(-180, 60, -178, 61)])
    assert fence.geometry.equals(wanted)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FenceError, match=r"none\.geojson: can't be read"):
        load_fences(tmp_path / "none.geojson")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    fences = read(feature(), feature([[[179, 60], [182, 60], [182, 61], [179, 60]]], id="b", locode="RUVYP"))
    path = tmp_path / "out.geojson"
    path.write_bytes(b"\xef\xbb\xbf" + dump_fences(fences).encode())
    assert [fence.id for fence in load_fences(path)] == ["a", "b"]
    for wrote, got in zip(fences, load_fences(path), strict=True):
        assert wrote.geometry.equals(got.geometry)
        assert wrote.call == got.call
