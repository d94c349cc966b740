"""Parts of messages: joined however they come, and never those of two ships."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.time import SECOND, Millis
from tests.streams.nmea_lines import START, Result, class_a, decode, payload, sentence, tag


def text_of(ship: int) -> str:
    """Type 5 with the number of the ship in the name (first part) and in the destination (second part)."""
    text, _ = payload(
        (5, 6), (0, 2), (273_000_000 + ship, 30), (0, 2), (0, 30), (0, 42), (ship + 1, 6), *[(0, 6)] * 19,
        (80, 8), (0, 30), (0, 4), (0, 4), (0, 5), (24, 5), (60, 6), (0, 8), *[(0, 6)] * 19, (ship + 1, 6),
        (0, 2),
    )  # fmt: skip
    return text


def part(
    ship: int,
    number: int,
    *,
    station: str = "",
    group: str = "",
    time: Millis | None = START,
    sequence: str = "1",
    channel: str = "A",
    talker: str = "AIVDM",
    cuts: tuple[int, ...] = (60,),
) -> str:
    text, edges = text_of(ship), (0, *cuts, 71)
    piece = text[edges[number - 1] : edges[number]]
    total = len(edges) - 1
    body = sentence(
        piece, 2 if number == total else 0, talker=talker, total=total, number=number, sequence=sequence,
        channel=channel,
    )  # fmt: skip
    told = time is not None or station or group
    return (tag(time, station, f"{number}-{total}-{group}" if group else "") if told else "") + body


def ships(result: Result) -> list[int]:
    """Ships by message; fails if a message was made of the parts of two."""
    found = []
    for row in result.statics:
        ship = row[1] - 273_000_000
        assert row[12] == bytes([ship + 65])
        assert row[14][-1:] == bytes([ship + 65]) or not row[14]
        found.append(ship)
    return sorted(found)


def anchored(*lines: str) -> list[str]:
    """With enough timed lines before for the source to have a time."""
    return [*(tag(START) + sentence(*class_a(9, second=n)) for n in range(3)), *lines]


def test_group_binds_in_any_order_and_interrupted() -> None:
    parts = [part(0, n, group="7", cuts=(30, 50), time=START if n == 1 else None) for n in (1, 2, 3)]
    other = [part(1, n, group="8", time=START if n == 1 else None) for n in (1, 2)]
    for order in permutations(parts):
        first, *rest = order
        result = decode(anchored(first, other[1], *rest, other[0]))
        assert ships(result) == [0, 1]
        assert {row[0] for row in result.statics} == {START}


def test_a_group_id_used_by_two_stations() -> None:
    lines = [part(s, n, group="7", station="ab"[s], time=None) for n in (1, 2) for s in (0, 1)]
    assert ships(decode(anchored(*lines))) == [0, 1]


@pytest.mark.parametrize(
    "change",
    [
        {"station": "b"},
        {"sequence": "2"},
        {"channel": "B"},
        {"talker": "BSVDM"},
        {"talker": "AIVDO"},
        {"group": "8"},
        {"cuts": (30, 60)},
    ],
)
def test_parts_that_differ_are_not_joined(change: dict[str, str]) -> None:
    group = "7" if "group" in change else ""
    station = "a" if "station" in change else ""
    one = part(0, 1, group=group, station=station)
    other = part(1, 2, **{"group": group, "station": station, **change})  # type: ignore[arg-type]
    result = decode(anchored(one, other))
    assert ships(result) == []
    assert result.outcomes["part_waiting"] >= 1


def test_stations_interleaved() -> None:
    lines = [part(s, n, station="ab"[s]) for n in (1, 2) for s in (0, 1)]
    assert ships(decode(anchored(*lines))) == [0, 1]


def test_one_message_heard_by_two_stations_interleaved() -> None:
    for stations, heard in (("ab", ("a", "b")), (("", ""), ())):
        lines = [part(0, n, station=station) for n in (1, 2) for station in stations]
        result = decode(anchored(*lines))
        assert ships(result) == [0]
        assert result.outcomes["duplicate"] == 2
        assert result.statics[0][-1] == heard


def test_a_part_without_a_station_joins_the_only_candidate() -> None:
    result = decode(anchored(part(0, 1, station="a"), part(0, 2, time=None)))
    assert ships(result) == [0]
    assert result.statics[0][-1] == ("a",)
    assert ships(decode(anchored(part(0, 1), part(0, 2, station="a")))) == [0]
    lines = [part(0, 1, station="a"), part(1, 1, station="b"), part(0, 2, time=None), part(1, 2, time=None)]
    result = decode(anchored(*lines))
    assert ships(result) == []
    assert (result.outcomes["part_orphan"], result.outcomes["part_waiting"]) == (2, 2)


def test_ships_without_stations_interleaved_are_not_joined() -> None:
    lines = [part(ship, n) for n in (1, 2) for ship in (0, 1)]
    assert ships(decode(anchored(*lines))) == []


def test_a_named_station_that_begins_again_gives_up_the_message_before() -> None:
    lines = [part(0, 1, station="a"), part(1, 1, station="a"), part(1, 2, station="a")]
    result = decode(anchored(*lines))
    assert ships(result) == [1]
    assert result.outcomes["part_superseded"] == 1


@pytest.mark.parametrize(("apart", "joined"), [(30, True), (31, False)])
def test_parts_expire_by_event_time(apart: int, joined: bool) -> None:
    later = START + apart * SECOND
    own = decode(anchored(part(0, 1), part(0, 2, time=later)))
    assert ships(own) == [0] * joined
    between = tag(later) + sentence(*class_a(8))
    assert ships(decode(anchored(part(0, 1), between, part(0, 2, time=None)))) == [0] * joined


@pytest.mark.parametrize(("lines", "joined"), [(999, True), (1000, False)])
def test_parts_expire_by_lines_where_there_is_no_time(lines: int, joined: bool) -> None:
    between = [sentence(*class_a(8))] * lines
    result = decode([part(0, 1, time=None), *between, part(0, 2, time=None)], base_time=START)
    assert ships(result) == [0] * joined


def test_a_late_first_part_makes_all_late() -> None:
    late = START - 180 * SECOND
    for order in ((1, 2), (2, 1)):
        lines = [part(0, n, group="7", time=late if n == 1 else None) for n in order]
        assert decode(anchored(*lines)).outcomes == {"message": 3, "late": 2}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_interleaving_of_stations(data: st.DataObject) -> None:
    """Each station's lines stay in order; all messages of all of them come out, and no others."""
    feeds = []
    expected = []
    for station in "abc"[: data.draw(st.integers(1, 3))]:
        feed = []
        for _ in range(data.draw(st.integers(0, 4))):
            ship = data.draw(st.integers(0, 3))
            sequence = data.draw(st.sampled_from(["", "1", "2"]))
            expected.append(ship)
            feed += [part(ship, n, station=station, sequence=sequence) for n in (1, 2)]
        feeds.append(feed)
    lines = []
    while any(feeds):
        lines.append(data.draw(st.sampled_from([feed for feed in feeds if feed])).pop(0))
    result = decode(anchored(*lines), data.draw(st.sampled_from([1, 3, 1000])))
    assert ships(result) == sorted(set(expected))
    assert result.outcomes.get("duplicate", 0) == 2 * (len(expected) - len(set(expected)))
