"""Repeats: static data that was taken in is known again, and only that."""

import numpy as np

from models.report import STATIC
from streams.tracking.repeats import KEPT, contents, digests, noted


def test_every_byte_of_a_content_counts_and_nothing_else() -> None:
    rows = np.zeros(STATIC.itemsize * 8, STATIC)
    bits = np.eye(len(rows), dtype=np.uint8)
    rows = np.packbits(bits, axis=1).copy().view(STATIC).reshape(-1)  # each has one bit set, another one
    rows["type"][rows["type"] == 5] = 4
    told = contents(rows)
    found = digests(told, rows["type"])
    assert len(set(told.tolist())) == len(set(found.tolist()))
    assert (found > 0).all()
    other = digests(told, np.full(len(rows), 5, np.uint8))
    assert not set(found.tolist()) & set(other.tolist())


def test_what_changes_something_or_waits_makes_all_forgotten() -> None:
    known = [0] * KEPT
    for digest in range(1, KEPT + 2):
        known = noted(known, digest, changed=False, settled=True)
    assert known == list(range(KEPT + 1, 1, -1))
    known = noted(known, 9, changed=True, settled=True)
    assert known == [9] + [0] * (KEPT - 1)
    assert noted(known, 8, changed=False, settled=False) == [0] * KEPT


def test_names_that_differ_in_the_last_bytes_of_words_have_numbers_of_their_own() -> None:
    """A few letters become digits, each in the byte that decides least about a number."""
    rows = np.zeros(400, STATIC)
    names = np.random.default_rng(1).choice(list(b"PQRSTUVWXY"), (200, 20)).astype(np.uint8)
    others = names.copy()
    others[:, [4, 8, 12]] ^= 0x60
    rows["name"] = np.concatenate([names, others]).view("S20").reshape(-1)
    assert len(set(digests(contents(rows), rows["type"]).tolist())) == len(set(rows["name"].tolist())) == 400
