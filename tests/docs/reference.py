"""Generates docs/reference and docs/detectors from the code, by `make docs`.

A page is a function without arguments that returns Markdown. `tests/docs/test_reference.py` fails where a
page in the repository differs from what its function returns.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.docs import detectors
from tests.docs.commands import commands
from tests.docs.environment import environment
from tests.docs.metrics import metrics
from tests.docs.reasons import reasons
from tests.docs.rights import rights
from tests.docs.scenarios import scenarios
from tests.docs.settings import settings
from tests.docs.topics import topics

FOLDER: Final = Path("docs/reference")
DETECTORS: Final = Path("docs/detectors")
PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "commands.md": commands,
    "settings.md": settings,
    "reasons.md": reasons,
    "environment.md": environment,
    "topics.md": topics,
    "rights.md": rights,
    "metrics.md": metrics,
    "scenarios.md": scenarios,
}


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
    for name, page in detectors.PAGES.items():
        (DETECTORS / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
