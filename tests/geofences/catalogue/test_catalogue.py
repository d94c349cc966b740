import itertools
from importlib import resources

import numpy as np
import pytest
import shapely

from geofences.catalogue import load_catalogue
from geofences.distance import expand, shore_distance_km
from geofences.fence import Fence, FenceKind, Policy, read_fences
from geofences.polygon import polygonal
from streams.detection.port_visit import PortVisitSettings

BY_ID = {fence.id: fence for fence in load_catalogue()}
NAUTICAL_MILE_KM = 1.852


@pytest.mark.parametrize("fence", BY_ID.values(), ids=str)
def test_every_fence_is_sound(fence: Fence) -> None:
    assert fence.geometry.is_valid
    assert len(shapely.get_coordinates(fence.geometry)) <= 80
    for part in shapely.get_parts(fence.geometry):
        assert part.exterior.is_ccw
    coordinates = shapely.get_coordinates(fence.geometry)
    assert (coordinates == np.round(coordinates, 4)).all()
    assert any(word in fence.source for word in ("good", "approximate", "guess"))
    assert fence.country in ("RU", "KP", None)
    assert fence.locode is None or fence.locode[:2] == fence.country


def test_files_and_catalogue_are_sorted_by_id() -> None:
    assert [fence.id for fence in load_catalogue()] == sorted(BY_ID)
    for file in resources.files("geofences.catalogue").iterdir():
        if file.name.endswith(".geojson"):
            ids = [fence.id for fence in read_fences(file.read_bytes(), file.name)]
            assert ids == sorted(ids)


def test_no_two_fences_overlap() -> None:
    for one, other in itertools.combinations(BY_ID.values(), 2):
        assert not one.geometry.intersects(other.geometry), (one.id, other.id)


@pytest.mark.parametrize(
    ("id", "lon", "lat", "policy", "locode"),
    [
        ("kp-haeju-roads", 125.7, 37.93, Policy.WATCH, "KPHAE"),
        ("kp-hungnam-roads", 127.62, 39.77, Policy.WATCH, "KPHGM"),
        ("kp-kimchaek-roads", 129.26, 40.65, Policy.WATCH, "KPSON"),
        ("kp-najin-roads", 130.31, 42.17, Policy.WATCH, "KPRJN"),
        ("kp-sonbong-roads", 130.43, 42.26, Policy.WATCH, None),
        ("kp-chongjin-west", 129.75, 41.75, Policy.SUPPRESS, "KPCHO"),
        ("kp-tanchon", 128.92, 40.41, Policy.SUPPRESS, None),
        ("kp-taean", 125.52, 38.77, Policy.SUPPRESS, None),
        ("ru-nakhodka-novitsky", 132.92, 42.805, Policy.SUPPRESS, "RUNJK"),
        ("ru-vladivostok-pervaya-rechka", 131.88, 43.14, Policy.SUPPRESS, "RUVVO"),
        ("ru-prigorodnoye", 142.905, 46.617, Policy.SUPPRESS, None),
        ("ru-prigorodnoye", 142.9, 46.577, Policy.SUPPRESS, None),
        ("ru-nevelsk", 141.854, 46.672, Policy.SUPPRESS, "RUNEV"),
        ("ru-olga", 135.28, 43.74, Policy.SUPPRESS, None),
        ("ru-plastun", 136.326, 44.74, Policy.SUPPRESS, None),
        ("ru-preobrazheniye", 133.895, 42.897, Policy.SUPPRESS, None),
        ("ru-magadan", 150.717, 59.567, Policy.SUPPRESS, "RUMAG"),
        ("ru-petropavlovsk", 158.65, 53.05, Policy.SUPPRESS, "RUPKC"),
        ("ru-vostochny-berths", 133.05, 42.73, Policy.SUPPRESS, "RUVYP"),
        ("ru-vostochny-roads", 133.0, 42.76, Policy.WATCH, "RUVYP"),
        ("ru-kozmino", 133.03, 42.73, Policy.SUPPRESS, None),
        ("ru-nakhodka-berths", 132.883, 42.8, Policy.SUPPRESS, "RUNJK"),
        ("ru-nakhodka-roads", 132.94, 42.82, Policy.WATCH, "RUNJK"),
        ("ru-vladivostok", 131.888, 43.109, Policy.SUPPRESS, "RUVVO"),
        ("ru-slavyanka", 131.38, 42.87, Policy.SUPPRESS, "RUSKA"),
        ("ru-zarubino", 131.083, 42.633, Policy.SUPPRESS, "RUZAR"),
        ("ru-posyet", 130.8, 42.65, Policy.SUPPRESS, "RUPSE"),
        ("ru-vanino", 140.283, 49.083, Policy.SUPPRESS, "RUVNN"),
        ("ru-sovetskaya-gavan", 140.27, 48.98, Policy.SUPPRESS, "RUSOG"),
        ("ru-korsakov", 142.766, 46.617, Policy.SUPPRESS, "RUKOR"),
        ("ru-kholmsk", 142.05, 47.05, Policy.SUPPRESS, "RUKHO"),
        ("ru-de-kastri", 140.783, 51.467, Policy.SUPPRESS, "RUDKA"),
        ("ru-petropavlovsk", 158.65, 53.01, Policy.SUPPRESS, "RUPKC"),
        ("ru-novorossiysk", 37.783, 44.717, Policy.SUPPRESS, "RUNVS"),
        ("ru-taman", 36.68, 45.13, Policy.SUPPRESS, None),
        ("ru-kavkaz-roads", 36.55, 45.0, Policy.WATCH, "RUKZP"),
        ("ru-tuapse", 39.067, 44.1, Policy.SUPPRESS, "RUTUA"),
        ("ru-ust-luga", 28.317, 59.667, Policy.SUPPRESS, "RUULU"),
        ("ru-primorsk", 28.633, 60.367, Policy.SUPPRESS, "RUPRI"),
        ("ru-st-petersburg", 30.215, 59.87, Policy.SUPPRESS, "RULED"),
        ("ru-murmansk", 33.05, 68.983, Policy.SUPPRESS, "RUMMK"),
        ("ru-kaliningrad", 20.483, 54.7, Policy.SUPPRESS, "RUKGD"),
        ("kp-nampo-roads", 125.05, 38.69, Policy.WATCH, "KPNAM"),
        ("kp-nampo-locks", 125.17, 38.69, Policy.SUPPRESS, "KPNAM"),
        ("kp-nampo-piers", 125.37, 38.72, Policy.SUPPRESS, "KPNAM"),
        ("kp-songnim", 125.617, 38.733, Policy.SUPPRESS, "KPSGN"),
        ("kp-haeju", 125.7, 38.0, Policy.SUPPRESS, "KPHAE"),
        ("kp-wonsan", 127.45, 39.167, Policy.SUPPRESS, "KPWON"),
        ("kp-hungnam", 127.617, 39.833, Policy.SUPPRESS, "KPHGM"),
        ("kp-chongjin", 129.817, 41.767, Policy.SUPPRESS, "KPCHO"),
        ("kp-kimchaek", 129.2, 40.667, Policy.SUPPRESS, "KPSON"),
        ("kp-najin", 130.3, 42.233, Policy.SUPPRESS, "KPRJN"),
        ("kp-sonbong", 130.4, 42.333, Policy.SUPPRESS, None),
        ("sts-cho-do", 124.83, 38.48, Policy.WATCH, None),
        ("sts-sok-do", 125.0, 38.6, Policy.WATCH, None),
        ("sts-japan-sea", 133.0, 41.8, Policy.WATCH, None),
        ("sts-east-china-sea", 124.5, 31.0, Policy.WATCH, None),
    ],
)
def test_a_fence_holds_the_place_it_is_named_for(
    id: str, lon: float, lat: float, policy: Policy, locode: str | None
) -> None:
    fence = BY_ID[id]
    assert shapely.intersects_xy(fence.geometry, lon, lat)
    assert fence.policy is policy
    assert fence.locode == locode


def test_nampo_is_one_port_of_roads_locks_and_piers_with_the_way_between() -> None:
    kinds = {fence.kind for fence in BY_ID.values() if fence.call == "KPNAM"}
    assert kinds == {FenceKind.ROADS, FenceKind.LOCK, FenceKind.FAIRWAY, FenceKind.TERMINAL}


def test_a_port_without_a_locode_has_its_zones_together() -> None:
    for port in ("sonbong", "plastun"):
        zones = [fence.call for id, fence in BY_ID.items() if port in id]
        assert len(zones) == 2
        assert len(set(zones)) == 1


@pytest.mark.parametrize("port", sorted({fence.call for fence in BY_ID.values() if fence.kind.is_port}))
def test_the_zones_of_a_port_are_one_area(port: str) -> None:
    """As far apart as they may be for the water between to belong to the port."""
    s = PortVisitSettings()
    zones = shapely.union_all([fence.geometry for fence in BY_ID.values() if fence.call == port])
    assert len(shapely.get_parts(expand(polygonal(zones), s.leave_metres, s.join_metres))) == 1


@pytest.mark.parametrize("id", sorted(id for id, fence in BY_ID.items() if fence.kind is FenceKind.ROADS))
def test_no_strip_without_a_fence_lies_between_roads_and_harbour(id: str) -> None:
    """What meets there would count as near a port instead of in watched roads."""
    zones = [each.geometry for each in BY_ID.values() if each.call == BY_ID[id].call and each.id != id]
    metres = min(shapely.distance(BY_ID[id].geometry, zone) for zone in zones) * 111_000
    assert not 50 < metres < 2000


def test_neighbouring_ports_are_ports_of_their_own() -> None:
    calls = [BY_ID[id].call for id in ("ru-nakhodka-berths", "ru-vostochny-berths", "ru-kozmino")]
    assert len(set(calls)) == 3


@pytest.mark.parametrize("id", ["sts-japan-sea", "sts-east-china-sea"])
def test_the_areas_at_sea_are_clear_of_territorial_waters(id: str) -> None:
    outline = shapely.get_coordinates(shapely.segmentize(BY_ID[id].geometry, 0.02))
    assert shore_distance_km(outline[:, 0], outline[:, 1]).min() > 12 * NAUTICAL_MILE_KM
