"""Receivers that several files of tests use."""

from collections.abc import Iterator

import pytest

from tests.streams.alerts.fake_receivers import WebhookReceiver, serving


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with serving(WebhookReceiver()) as server:
        yield server
