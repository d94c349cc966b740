"""The comparison of events: nothing that differs is missed, and only what is listed is allowed."""

import json
from typing import Any

import pytest

from tests.scenarios.event_differences import ABSENT, ALLOWED, Allowed, Difference, compare_events

EVENT: dict[str, Any] = {
    "id": "a",
    "type": "encounter",
    "revision": 1,
    "score": 0.5,
    "vessel": {"name": None},
    "reasons": [{"code": "slow", "weight": 0.1}, {"code": "close", "weight": 0.2}],
    "boundingBox": [1.0, 2.0],
}


def lines(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def differences(old: bytes, new: bytes) -> list[tuple[str, Any, Any]]:
    return [(one.path, one.old, one.new) for one in compare_events(old, new)]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"score": 0.6}, [("score", 0.5, 0.6)]),
        ({"vessel": {"name": "A"}}, [("vessel.name", None, "A")]),
        ({"vessel": None}, [("vessel", {"name": None}, None)]),
        ({"boundingBox": [1.0, 3.0]}, [("boundingBox[1]", 2.0, 3.0)]),
        ({"boundingBox": [1, 2.0]}, [("boundingBox[0]", 1.0, 1)]),
        ({"reasons": EVENT["reasons"][1:]}, [("reasons[slow]", EVENT["reasons"][0], ABSENT)]),
        ({"more": 1}, [("more", ABSENT, 1)]),
    ],
)
def test_each_value_that_differs_is_found(changes: dict[str, Any], found: list[Any]) -> None:
    assert differences(lines(EVENT), lines(EVENT | changes)) == found


def test_reasons_are_compared_by_code_wherever_they_stand() -> None:
    turned = [{"code": "close", "weight": 0.2}, {"code": "slow", "weight": 0.3}]
    assert differences(lines(EVENT), lines(EVENT | {"reasons": turned})) == [
        ("reasons[slow].weight", 0.1, 0.3),
        ("reasons", "in this order", "in another order"),
    ]


def test_revisions_their_order_and_their_bytes_are_compared() -> None:
    second = EVENT | {"revision": 2}
    assert differences(lines(EVENT), lines(second)) == [("", "published", ABSENT), ("", ABSENT, "published")]
    assert differences(lines(EVENT, second), lines(second, EVENT)) == [
        ("", "in this order", "in another order")
    ]
    line = lines(EVENT)
    assert differences(line, line.replace(b": ", b":"))[0][1:] == (
        line.decode().strip(),
        line.decode().strip().replace(": ", ":"),
    )
    with pytest.raises(ValueError, match="encounter a:1 is in the output twice"):
        differences(line, lines(EVENT, EVENT))


def test_what_an_entry_of_the_list_allows() -> None:
    entry = Allowed("against[*].text", "it was untrue", old="no partner was seen")
    assert entry.covers(Difference("", "against[alone].text", "no partner was seen near it", "x"))
    assert not entry.covers(Difference("", "against[alone].text", "a partner was seen", "x"))
    assert not entry.covers(Difference("", "against[alone].weight", "no partner was seen", "x"))
    assert not entry.covers(Difference("", "against.text", "no partner was seen", "x"))


def test_without_an_entry_nothing_is_allowed() -> None:
    for path in ("", "type", "level", "start", "vessel.ssvid", "reasons"):
        assert not any(entry.covers(Difference("", path, "old", "new")) for entry in ALLOWED)
