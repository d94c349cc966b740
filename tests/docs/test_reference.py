"""docs/reference says what the code says, and nothing is missing from it."""

import re
from pathlib import Path

import msgspec
import pytest

from models.event import Event
from streams.cli.options import variables as every
from streams.cli.options.variables import COMPOSE, PROCESSES, TESTS
from tests.docs import detectors
from tests.docs.commands import all_commands
from tests.docs.environment import environment, variables
from tests.docs.metrics import described
from tests.docs.reference import DETECTORS, FOLDER, PAGES
from tests.docs.settings import settings

ROOT = Path(__file__).parents[2]


def sources() -> dict[Path, str]:
    """All that may read an environment variable or name a metric, but for the tests themselves."""
    found = [*(path for room in ("models", "geofences", "streams") for path in (ROOT / room).rglob("*.py"))]
    found += [*(ROOT / "tests/services").glob("*.py"), ROOT / "docker-compose.yml", ROOT / "Makefile"]
    found += [path for folder in (".ci", ".docker") for path in (ROOT / folder).iterdir()]
    return {path: path.read_text("utf-8") for path in found}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_says(name: str) -> None:
    assert (ROOT / FOLDER / name).read_text("utf-8") == PAGES[name](), "run `make docs`"


def test_there_is_no_page_that_nobody_generates() -> None:
    assert {path.name for path in (ROOT / FOLDER).iterdir()} == PAGES.keys()


@pytest.mark.parametrize("name", detectors.PAGES)
def test_the_page_of_a_detector_is_what_the_code_says(name: str) -> None:
    page = detectors.PAGES[name]()
    assert (ROOT / DETECTORS / name).read_text("utf-8") == page, "run `make docs`"
    assert "{{" not in page
    assert "|  |" not in page.partition("## Defaults")[2].partition("## ")[0]


def test_every_example_of_a_detector_is_an_event_with_a_map() -> None:
    for kind, given in detectors.examples().items():
        event = msgspec.convert(given["event"], Event)
        assert event.type == kind
        name = f"MMSI {event.vessel.ssvid}" if event.vessels else "<circle"
        assert name in (ROOT / DETECTORS / f"{kind}.svg").read_text("utf-8")
    assert {f"{kind}.md" for kind in detectors.examples()} == detectors.PAGES.keys()
    made = {path.name for path in (ROOT / DETECTORS).iterdir()}
    kinds = [*detectors.examples()]
    assert made == {"examples.json", *(f"{kind}{end}" for kind in kinds for end in (".md", ".svg"))}


def test_every_setting_says_what_it_does() -> None:
    assert "|  |" not in settings()


def test_every_variable_says_what_it_does() -> None:
    groups = [list(variables(kind)) for _, kind, _ in every.settings()]
    for name, _, text in [row for group in [*groups, PROCESSES, COMPOSE, TESTS] for row in group]:
        assert text, name


def test_every_metric_says_what_it_counts() -> None:
    assert all(text for _, text, _ in described().values())


def test_every_variable_that_is_read_is_documented() -> None:
    page = environment()
    for path, text in sources().items():
        for found in set(re.findall(r"\bTANKERWATCH_[A-Z]+(?:_[A-Z]+)*\b", text)):
            name = found.removesuffix("_FILE")  # of any variable: a file with its value
            assert f"`{name}`" in page, f"{name} of {path}"


def test_every_documented_variable_is_read() -> None:
    listed = ROOT / "streams/cli/options/variables.py"
    text = "\n".join(text for path, text in sources().items() if path != listed) + "\n".join(
        path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py") if "docs" not in path.parts
    )
    for name, _, _ in [*PROCESSES, *COMPOSE, *TESTS]:
        assert name in text, name


def test_defaults_in_compose_are_the_documented_ones() -> None:
    given = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", (ROOT / "docker-compose.yml").read_text("utf-8")))
    for name, default, _ in COMPOSE:
        assert given[name] == default, name


def test_every_metric_that_is_named_is_documented() -> None:
    known = {name.removesuffix("_total") for name in described()}
    for path, text in sources().items():
        for name in re.findall(r"(?:Counter|Gauge|Histogram|Family)\(\s*\"(tankerwatch_\w+)\"", text):
            assert name in known, f"{name} of {path}"


def test_every_command_is_documented() -> None:
    page = (ROOT / FOLDER / "commands.md").read_text("utf-8")
    for path, command in all_commands().items():
        heading = f"## {' '.join(('tankerwatch', *path))}\n"
        section = page.partition(heading)[2].partition("\n## ")[0]
        assert section, heading
        for parameter in command.params:
            assert parameter.hidden or all(option in section for option in parameter.opts if "--" in option)
