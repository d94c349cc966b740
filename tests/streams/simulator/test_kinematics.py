import numpy as np
import pytest

from streams.simulator.kinematics import HOUR, KNOT, Nav, Track, beyond, inverse
from streams.simulator.vessel import Ship, imo_number


def steps(track: Track) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], float]:
    """Metres that a track moves from second to second, and its greatest speed in metres a second."""
    times = np.arange(track.begin, track.end)
    lon, lat, sog, _, _ = track.at(times)
    _, metres = inverse(lon[:-1], lat[:-1], lon[1:], lat[1:])
    return metres, float(sog.max()) * KNOT


def test_a_ship_speeds_up_arrives_and_stops() -> None:
    track = Track(100.0, 130.0, 40.0).sail_to(130.3, 40.1, 11.0, slow_to=0.0).moor(1.0, heading=70.0)
    lon, lat, heading = track.place_at(track.end)
    assert float(inverse(lon, lat, 130.3, 40.1)[1]) < 1.0
    assert heading == 70.0
    metres, fastest = steps(track)
    assert fastest == pytest.approx(11.0 * KNOT, rel=1e-3)
    assert metres.max() <= fastest + 1e-6
    distance = float(inverse(130.0, 40.0, 130.3, 40.1)[1])
    assert metres.sum() == pytest.approx(distance, abs=2.0)


@pytest.mark.parametrize("course", [90.0, 270.0])
def test_a_track_goes_on_across_180_degrees(course: float) -> None:
    track = Track(0.0, *beyond(180.0, 50.5, course + 180, 4_000), heading=10.0)
    track.drift(course, 1.2, 4.0).sail(course, 9.0, 0.5)
    lon = track.at(np.arange(0.0, track.end))[0]
    assert lon.max() > 179.9
    assert lon.min() < -179.9
    metres, fastest = steps(track)
    assert metres.max() <= fastest + 1e-6


def test_coming_alongside_ends_hull_to_hull_without_a_jump() -> None:
    def ship(length: int, to_bow: int, to_port: int) -> Ship:
        return Ship(273_000_000, "", "", 0, 80, length, 16, to_bow, to_port)

    mother, daughter = ship(120, 90, 7), ship(80, 30, 9)
    other = Track(0.0, 133.0, 41.8, heading=30.0).drift(100.0, 0.5, 8.0)
    for port_side in (True, False):
        for turned in (True, False):
            track = Track(0.0, 133.05, 41.8, heading=270.0, knots=7.0)
            track.join(other, *daughter.beside(mother, 5.0, port_side, 0.0, turned), 3.0, turned)
            lon, lat, heading = track.place_at(track.end - 60)
            theirs = other.place_at(track.end - 60)
            assert (heading - theirs[2]) % 360 == pytest.approx(180.0 * turned)
            bearing, metres = (float(value) for value in inverse(theirs[0], theirs[1], lon, lat))
            abeam = metres * np.sin(np.radians(bearing - theirs[2]))
            # each hull is 16 m wide; the antennas sit 7 and 9 m from the port side
            inner = {(True, True): 7 + 9, (True, False): 7 + 7, (False, True): 9 + 7, (False, False): 9 + 9}
            assert abeam == pytest.approx((-1 if port_side else 1) * (inner[port_side, turned] + 5), abs=0.1)
            speed, fastest = steps(track)
            assert speed.max() <= fastest + 0.05
            assert np.abs(np.diff(speed)).max() < 0.3  # metres a second, from one second to the next


def test_at_anchor_a_ship_swings_slower_than_a_port_visit_calls_stopped() -> None:
    track = Track(0.0, 37.9, 44.6).anchor(10.0, scope=100.0, bearing=200.0, phase=2.0)
    lon, lat, sog, _, heading = track.at(np.arange(0.0, 10 * HOUR, 60.0))
    assert sog.max() < 0.1
    assert np.ptp(heading) > 30
    assert float(inverse(lon, lat, 37.9, 44.6)[1].max()) > 30
    assert track.legs[0].nav is Nav.AT_ANCHOR


@pytest.mark.parametrize("number", [9074729, 9176187, 7704643])
def test_the_check_digit_of_real_imo_numbers(number: int) -> None:
    assert imo_number(number // 10) == number
