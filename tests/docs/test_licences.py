"""NOTICE names every part whose licence asks for it, and the bill of materials has all of the lock."""

import re

from tests.docs import licences


def test_notice_names_what_has_to_be_named() -> None:
    found = licences.parts()
    notice = licences.NOTICE.read_text("utf-8")
    assert licences.unnamed(found, notice) == []
    assert {"certifi", "orjson", "GEOS"} <= set(licences.unnamed(found, ""))


def test_the_bill_of_materials_has_all_that_is_locked() -> None:
    found = licences.parts()
    text = licences.LOCK.read_text("utf-8")
    assert len(list(licences.locked())) == len(re.findall(r"^[a-z0-9].*==", text, re.M))
    components = licences.bill(found)["components"]
    assert len(components) == len(found) > 40
    assert all(one["hashes"] and one["version"] for one in components)
    assert licences.bill(found) == licences.bill(licences.parts())
