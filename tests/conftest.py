"""Fixtures for all tests, and which tests are left out where the data that they read is not there."""

import logging
import os
import shutil
import signal
import tempfile
from collections.abc import Generator, Mapping, Sequence
from typing import Final

import hypothesis
import pytest

from streams.runtime import logs
from streams.stages.warm_up import warm_up
from tests import once

hypothesis.settings.register_profile("untimed", deadline=None)  # tests hold on a loaded machine
hypothesis.settings.load_profile("untimed")

pytest_plugins = ["tests.services.plugin", "tests.unsaid", "pytester"]

FOLDERS: Final = {"recorded": "TANKERWATCH_DATA", "cases": "TANKERWATCH_CASES"}
"""By marker: the variable that names the folder which tests with this marker read."""


def pytest_configure(config: pytest.Config) -> None:
    # a shell that runs tests in the background ignores Ctrl-C for all that they start
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # loops are compiled here, once, and not by each process that a test starts, whose output it may check
    if not hasattr(config, "workerinput"):
        warm_up()
    # the processes of pytest-xdist inherit the name of the folder
    if once.VARIABLE not in os.environ:
        os.environ[once.VARIABLE] = folder = tempfile.mkdtemp(prefix="tankerwatch-tests-")
        config.add_cleanup(lambda: _remove(folder))


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """For `-n auto` more workers than cores: a good part of the time a test waits for what it has started."""
    cores = yield
    return cores if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else cores + min(cores, 4)


def _remove(folder: str) -> None:
    del os.environ[once.VARIABLE]
    shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let one process run the tests that share what a fixture of their module makes.

    Deselect tests whose folder no variable names. A variable that names no folder makes them fail."""
    missing = {marker for marker, variable in FOLDERS.items() if not os.environ.get(variable)}
    left_out = [item for item in items if any(item.get_closest_marker(marker) for marker in missing)]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
    for item in items:
        if _shares(item) and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


def _shares(item: pytest.Item) -> bool:
    fixtures: Mapping[str, Sequence[pytest.FixtureDef[object]]] = (
        item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
    )
    return any(one.scope == "module" for several in fixtures.values() for one in several)


@pytest.fixture(autouse=True)
def _heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command of ours does to the logs of aiokafka, in the process of tests, ends with its test."""
    logger = logging.getLogger("aiokafka")
    monkeypatch.setattr(logger, "propagate", True)
    monkeypatch.setattr(logger, "handlers", [])
    for each in logger.filters:
        if hasattr(each, "hushed"):
            monkeypatch.setattr(each, "hushed", False)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Captured logs, whose `text` has the lines as our processes write them."""
    caplog.set_level(logging.INFO, "streams")
    caplog.handler.setFormatter(logs.formatter({}))
    return caplog
