"""Receivers that several files of tests use."""

from collections.abc import Iterator

import pytest

from tests.streams.alerts.fake_receivers import Hook, serving


@pytest.fixture
def hook() -> Iterator[Hook]:
    with serving(Hook()) as server:
        yield server
