import itertools
from importlib import resources

import numpy as np
import pytest
import shapely

from geofences.catalogue import load_catalogue
from geofences.distance import shore_distance_km
from geofences.fence import Fence, FenceKind, Policy, read_fences

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


def test_nampo_is_one_call_in_three_zones() -> None:
    kinds = {fence.kind for fence in BY_ID.values() if fence.call == "KPNAM"}
    assert kinds == {FenceKind.ROADS, FenceKind.LOCK, FenceKind.TERMINAL}


@pytest.mark.parametrize("id", ["sts-japan-sea", "sts-east-china-sea"])
def test_the_areas_at_sea_are_clear_of_territorial_waters(id: str) -> None:
    outline = shapely.get_coordinates(shapely.segmentize(BY_ID[id].geometry, 0.02))
    assert shore_distance_km(outline[:, 0], outline[:, 1]).min() > 12 * NAUTICAL_MILE_KM
