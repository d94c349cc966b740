"""Selections: every filter against a plain reading of the event's JSON, and what is refused."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.event import Event, EventType, Level, Status, to_json
from models.event_filter import FILTERS, EventFilter, EventFilterError
from streams.feed.http import parameters
from tests.streams import factories as made


def vessels(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield event["vessel"]
    if event["encounter"]:
        yield event["encounter"]["vessel"]


def met_by(name: str, values: set[str], event: dict[str, Any]) -> bool:
    """What the documentation of each filter says, on the JSON."""
    if name.startswith("not_"):
        return not met_by(name.removeprefix("not_"), values, event)
    if name in ("type", "level", "status"):
        return event[name] in values
    if name == "fence":
        return bool({fence[key] for fence in event["geofences"] for key in ("id", "name")} & values)
    if name == "country":
        visited = {event["portVisit"]["country"]} if event["portVisit"] else set()
        return bool(({fence["country"] for fence in event["geofences"]} | visited) & values)
    if name == "mmsi":
        return bool({int(vessel["ssvid"]) for vessel in vessels(event)} & set(map(int, values)))
    if name == "watchlist":
        return bool({hit["list"] for vessel in vessels(event) for hit in vessel["watchlists"]} & values)
    if name == "min_score":
        return bool(event["score"] >= float(min(values)))
    return bool({vessel[name] for vessel in vessels(event)} & values)


VALUES: Final[dict[str, list[str]]] = {
    "type": list(EventType),
    "level": list(Level),
    "status": list(Status),
    "fence": [name for name, _ in made.FENCES],
    "country": ["RU", "KP"],
    "mmsi": [str(mmsi) for mmsi in made.MMSIS],
    "imo": [imo for imo in made.IMOS if imo],
    "flag": ["RU", "KP"],
    "watchlist": list(made.LISTS),
}
VALUES.update({f"not_{name}": of for name, of in VALUES.items() if name not in ("level", "status")})

some: st.SearchStrategy[dict[str, list[str]]] = st.fixed_dictionaries(
    {},
    optional={
        **{
            name: st.lists(st.sampled_from(values), min_size=1, max_size=2) for name, values in VALUES.items()
        },
        "min_score": st.sampled_from((["0.3"], ["0.5"], ["1"])),
    },
)


@given(some, made.events())
def test_an_event_is_wanted_if_it_meets_every_filter_with_any_value(
    values: dict[str, list[str]], event: Event
) -> None:
    content = json.loads(to_json(event))
    expected = all(met_by(name, set(given), content) for name, given in values.items())
    assert EventFilter.parse(values).matches(event) is expected
    joined = {name: [",".join(given)] for name, given in values.items()}
    assert EventFilter.parse(joined) == EventFilter.parse(values)


@given(made.longitudes, made.longitudes, st.floats(-90, 90), st.floats(-90, 90), made.events())
def test_a_box_holds_what_does_not_lie_beside_it(
    west: float, east: float, one: float, two: float, event: Event
) -> None:
    south, north = sorted((one, two))
    if west == east or south == north:
        return
    lon, lat = event.position.lon, event.position.lat
    outside = east < lon < west if west > east else not west <= lon <= east
    expected = not outside and south <= lat <= north
    box = f"{west!r},{south!r},{east!r},{north!r}"
    assert EventFilter.parse({"bbox": [box]}).matches(event) is expected


@given(some)
def test_values_read_back_are_the_same_selection(values: dict[str, list[str]]) -> None:
    selection = EventFilter.parse({**values, "bbox": ["170,-10.5,-170,10"]})
    assert EventFilter.parse(selection.values()) == selection


def test_no_filter_wants_all() -> None:
    assert EventFilter.parse({}).matches(made.event())


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("type", "encounters", "encounter, loitering, port_visit"),
        ("level", "", "possible, probable"),
        ("status", "open,done", "open, closed, retracted"),
        ("levle", "possible", "type, level, status"),
        ("country", "Russia", "KP"),
        ("mmsi", "12345678901", "273316240"),
        ("imo", "IMO9006758", "9006758"),
        ("bbox", "1,2,3", "WEST,SOUTH,EAST,NORTH"),
        ("bbox", "0,0,0,nan", "not a box on Earth"),
        ("min_score", "2", "from 0 to 1"),
        ("min_score", "nan", "from 0 to 1"),
    ],
)
def test_what_is_no_value_is_refused_with_what_is_valid(name: str, value: str, told: str) -> None:
    with pytest.raises(EventFilterError, match=f"^{name}: ") as raised:
        EventFilter.parse({name: [value]})
    assert told in str(raised.value)
    assert raised.value.filter == name


def test_a_filter_for_one_value_is_refused_two() -> None:
    with pytest.raises(EventFilterError, match="give it once"):
        EventFilter.parse({"min_score": ["0.1", "0.2"]})


def test_the_example_of_every_filter_is_valid() -> None:
    for offered in FILTERS:
        assert EventFilter.parse({offered.name: [offered.example]}) != EventFilter()


@pytest.mark.parametrize("name", [offered.name for offered in FILTERS if offered.pattern])
@given(text=st.text(" ,0123456789aZ-\u00e9", max_size=25))
def test_what_the_document_says_of_a_value_is_what_is_taken(name: str, text: str) -> None:
    described = parameters.EventFilters.model_json_schema()["properties"][name]
    try:
        EventFilter.parse({name: [text]})
        taken = True
    except EventFilterError:
        taken = False
    assert (re.fullmatch(described["items"]["pattern"], text) is not None) == taken
