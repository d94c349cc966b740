from functools import reduce

import pyais
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.simulator import nmea
from streams.simulator.kinematics import Nav
from streams.simulator.nmea import Fix, Payload
from streams.simulator.vessel import Ship

SHIP = Ship(613_123_456, "SEA STAR 7", "TJABC", 4_123_456, 80, 110, 17, 90, 8, 6.2, destination="NAMPO")
BOAT = Ship(412_000_001, "NET 12-85%", "BXYZ", 0, 30, 20, 5, 15, 2, class_b=True)


def decoded(payload: Payload) -> dict[str, object]:
    return dict(pyais.decode(*nmea.sentences(payload, "A", 3)).asdict(enum_as_int=True))


@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-90, 90),
    sog=st.floats(0, 40),
    cog=st.floats(0, 360),
    ship=st.sampled_from([SHIP, BOAT]),
)
def test_a_position_comes_back_within_the_resolution(
    lon: float, lat: float, sog: float, cog: float, ship: Ship
) -> None:
    message = decoded(nmea.position(ship, Fix(lon, lat, sog, cog, 45.4, 31), Nav.UNDER_WAY))
    assert message["msg_type"] == (18 if ship.class_b else 1)
    assert message["mmsi"] == ship.mmsi
    assert message["lon"] == pytest.approx(lon, abs=1 / 600_000)
    assert message["lat"] == pytest.approx(lat, abs=1 / 600_000)
    assert message["speed"] == pytest.approx(sog, abs=0.0501)
    assert message["course"] == pytest.approx(round(cog, 1) % 360)
    assert message["second"] == 31
    assert message["heading"] == (511 if ship.class_b else 45)


def test_static_messages_come_back_whole() -> None:
    five = decoded(nmea.static(SHIP, 7.5))
    expected = {
        "msg_type": 5,
        "mmsi": SHIP.mmsi,
        "imo": SHIP.imo,
        "shipname": SHIP.name,
        "callsign": SHIP.callsign,
        "ship_type": 80,
        "to_bow": 90,
        "to_stern": 20,
        "to_port": 8,
        "to_starboard": 9,
        "draught": 7.5,
        "destination": "NAMPO",
    }
    assert {key: five[key] for key in expected} == expected
    assert decoded(nmea.static_b(BOAT, 0))["shipname"] == "NET 12-85%"
    rest = decoded(nmea.static_b(BOAT, 1))
    assert (rest["ship_type"], rest["to_bow"], rest["callsign"]) == (30, 15, "BXYZ")


def test_message_27_is_coarse() -> None:
    message = decoded(nmea.long_range(SHIP, Fix(124.51234, 31.01234, 0.7, 91.4, 10, 5), Nav.UNDER_WAY))
    assert (message["msg_type"], message["speed"], message["course"]) == (27, 1, 91)
    assert message["lon"] == pytest.approx(124.51234, abs=1 / 600)
    assert message["lon"] != pytest.approx(124.51234, abs=1 / 60_000)


def test_tag_blocks_name_station_and_time_and_have_their_own_checksum() -> None:
    payload = nmea.static(SHIP, 7.5)
    for group, heads in ((None, ("s:SIM1", "s:SIM1")), (77, ("g:1-2-77,s:SIM1", "g:2-2-77"))):
        lines = nmea.tagged(nmea.sentences(payload, "B", 4), "SIM1", 1_700_000_000, group)
        assert len(lines) == 2
        for line, head in zip(lines, heads, strict=True):
            _, tag, sentence = line.split("\\")
            body, digits = tag.split("*")
            assert body.startswith(head)
            assert reduce(lambda value, byte: value ^ byte, body.encode(), 0) == int(digits, 16)
            assert len(sentence) <= 80  # 82 with the line end


@given(place=st.integers(0, 200), change=st.integers(0, 200))
def test_damage_breaks_the_checksum_unless_it_is_to_pass(place: int, change: int) -> None:
    (line,) = nmea.tagged(
        nmea.sentences(nmea.position(SHIP, Fix(1, 2, 3, 4, 5, 6), Nav.MOORED), "A", 0), "SIM1", 1_700_000_000
    )
    for passes in (True, False):
        broken = nmea.damaged(line, place, change, passes)
        assert broken != line
        body, digits = broken.split("!")[1].split("*")
        fits = reduce(lambda value, byte: value ^ byte, body.encode(), 0) == int(digits, 16)
        assert fits is passes
