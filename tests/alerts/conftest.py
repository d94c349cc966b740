"""Receivers that several files of tests use."""

from collections.abc import Iterator

import pytest

from tests.alerts.servers import Hook, serving


@pytest.fixture
def hook() -> Iterator[Hook]:
    with serving(Hook()) as server:
        yield server
