"""The corpus of the fuzzer: made-up sentences, broken and mixed, with good lines among them."""

from pathlib import Path

import pytest

from tests.streams.decoding.fuzz import check

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.nmea"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_broken_lines_lose_nothing(path: Path) -> None:
    """Files are named SEED-GOOD.nmea: the seed of the check, and how many good lines there are."""
    seed, good = (int(part) for part in path.stem.split("-"))
    check(path.read_bytes().split(b"\n")[:-1], good, seed)


def test_the_corpus_is_there() -> None:
    assert len(CORPUS) >= 20
