"""The secrets that tests give to what they run: whatever log or output repeats one fails its test.

A plugin of pytest. After each test it looks through what was captured of it, and through all logs in its
folder.
"""

from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

PASSWORD: Final = "pass-of-the-test/@:1"
"""Of Kafka, Redis and mail, with signs that mean something in addresses."""
PLAIN_PASSWORD: Final = "plain-pass-of-the-test"
"""Where it has to stand in an address as it is."""
WEBHOOK_SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
API_KEY: Final = "key-of-the-test"
TOKEN: Final = "token-of-the-test"
"""Of the feed, and of an address that takes lines by HTTP."""
SECRETS: Final = (PASSWORD, quote(PASSWORD, safe=""), PLAIN_PASSWORD, WEBHOOK_SECRET, API_KEY, TOKEN)


def said(text: str) -> list[str]:
    """The lines that repeat a secret."""
    return [line for line in text.splitlines() if any(secret in line for secret in SECRETS)]


def said_in_logs(folder: Path) -> list[str]:
    """The same of the logs in a folder and below, each line after the name of its file."""
    return [
        f"{path.name}: {line}"
        for path in sorted(folder.rglob("*log"))
        if path.is_file()
        for line in said(path.read_text(errors="replace"))
    ]


def checked(*texts: str) -> None:
    """Raise AssertionError if what a command printed repeats a secret."""
    assert not said("\n".join(texts)), "a secret was printed"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when != "teardown" or not report.passed:
        return report
    found = [line for _, text in report.sections for line in said(text)]  # of the whole test
    if found := [*found, *_said_in_folder(item)]:
        report.outcome = "failed"
        report.longrepr = "a secret was said aloud:\n" + "\n".join(found)
    return report


def _said_in_folder(item: pytest.Item) -> Iterable[str]:
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    return said_in_logs(folder) if isinstance(folder, Path) and folder.exists() else ()
