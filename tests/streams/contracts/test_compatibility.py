"""Programs made for the last release can read what this version writes, and write what it reads."""

import copy

import pytest

from tests.streams.contracts.shapes import WRITTEN_TO_US, Shape, broken, released, shapes


@pytest.mark.parametrize("name", sorted(released()))
def test_nothing_of_the_last_release_is_broken(name: str) -> None:
    assert list(broken(released()[name], shapes()[name], name in WRITTEN_TO_US)) == []


def changed(name: str, path: str, **changes: object) -> Shape:
    whole = copy.deepcopy(shapes()[name])
    part = whole
    for field in path.split("."):
        part = part.fields[field] if field else part
    for attribute, value in changes.items():
        setattr(part, attribute, value)
    return whole


@pytest.mark.parametrize(
    ("name", "path", "changes", "says"),
    [
        ("event", "score", {"types": frozenset({"number", "null"})}, "score can be null"),
        ("event", "", {"required": frozenset({"id"})}, "need not have"),
        ("event", "vessel", {"fields": {}}, "vessel has no field name any more"),
        ("sighting", "", {"required": frozenset({"time", "lat", "lon", "reference", "id"})}, "only now"),
        ("sighting", "lat", {"types": frozenset({"string"})}, "lat can be number"),
    ],
)
def test_a_break_is_noticed(name: str, path: str, changes: dict[str, object], says: str) -> None:
    found = list(broken(shapes()[name], changed(name, path, **changes), name in WRITTEN_TO_US))
    assert any(says in each for each in found), found


def test_new_fields_and_values_are_no_break() -> None:
    old, new = shapes()["event"], copy.deepcopy(shapes()["event"])
    new.fields["novelty"] = Shape(frozenset({"string"}))
    new.required |= {"novelty"}
    kinds = new.fields["type"]
    assert kinds.values is not None
    kinds.values |= {"novelty"}
    assert list(broken(old, new, written_to_us=False)) == []
