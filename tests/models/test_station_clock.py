"""Clocks of stations as status and metrics tell them: few by name, all counted."""

from models.station_clock import Clocks, StationClock, count_states, furthest_off


def test_those_furthest_off_are_named_and_all_are_counted() -> None:
    off = [StationClock(f"s{n}", 10, n * 1000, 500, 7, n >= 3) for n in range(6)]
    sources = {
        "a": Clocks("s0", stations=(*off[:4], StationClock("x", 3))),
        "b": Clocks("UTC", proved=True, stations=(StationClock("late", 9, -4_500, 500, 5, True),)),
        "c": Clocks(stations=(StationClock("alone", 1),)),
    }
    named = furthest_off(sources, 3)
    assert {name: [each.station for each in clocks.stations] for name, clocks in named.items()} == {
        "b": ["late"], "a": ["s3", "s2"],
    }  # fmt: skip
    assert (named["b"].reference, named["b"].proved) == ("UTC", True)
    assert count_states(sources.values()) == {"corrected": 2, "right": 3, "unknown": 2}
