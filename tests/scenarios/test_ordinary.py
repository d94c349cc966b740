import numpy as np
import shapely

from geofences.land import land
from tests.scenarios.harbours import Traffic
from tests.scenarios.ordinary import Radio


def test_ships_stay_off_land() -> None:
    sea = shapely.box(115, 25, 147, 42)
    coast = shapely.union_all([piece for piece in land() if piece.intersects(sea)])
    for ship in Traffic(300, 4, 1).ships:
        ways = shapely.linestrings([(leg.first, leg.last) for leg in ship.legs])
        assert not shapely.intersects(coast, ways).any(), ship.number


def test_ships_do_not_jump() -> None:
    for ship in Traffic(300, 4, 1).ships:
        for one, following in zip(ship.legs, ship.legs[1:], strict=False):
            assert one.end == following.begin
            assert one.last == following.first


def test_lines_come_once_a_minute_and_in_order() -> None:
    lines = b"".join(frame.data for frame in Radio(Traffic(60, 0.25, 1)).frames("ordinary")).splitlines()
    positions = sum(b",1,1,," in line for line in lines)
    assert 0.5 < positions / (60 * 0.25 * 1440) < 0.95  # a twentieth is lost; traders come in the first days
    times = [int(line.split(b"c:")[1].split(b"*")[0]) for line in lines]
    assert (np.diff(times) >= -1).all()


def test_with_holes_there_is_a_day_without_a_line() -> None:
    frames = Radio(Traffic(40, 2.5, 1), holes=True).frames("ordinary")
    times = [int(line.split(b"c:")[1].split(b"*")[0]) for f in frames for line in f.data.splitlines()]
    longest = np.diff(times).max() / 3600
    assert 24 <= longest < 25
