"""What docs/ and README name is there: commands with their options, files, links and their anchors."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.commands import all_commands

ROOT = Path(__file__).parents[2]
COMMANDS = all_commands()
PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if path.relative_to(ROOT) != Path("docs/reference/commands.md")
)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def snippets(text: str) -> Iterator[str]:
    """Every command line of tankerwatch in a block or in backticks."""
    blocks = [line for line in text.splitlines() if line.startswith("    ")]
    blocks += [line for block in re.findall(r"```\w*\n(.*?)```", text, re.S) for line in block.splitlines()]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(blocks)).splitlines()
    for line in [*joined, *re.findall(r"`([^`\n]+)`", text)]:
        for part in re.split(r"[|;&]|\s#\s", line):
            if found := re.match(r"\s*(?:\S*/)?tankerwatch ([a-z].*)", part):
                yield found[1]


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=name)
def test_commands_and_options_exist(page: Path) -> None:
    for snippet in snippets(page.read_text("utf-8")):
        words = snippet.split()
        path = tuple(words[:2]) if tuple(words[:2]) in COMMANDS else tuple(words[:1])
        assert path in COMMANDS, snippet
        default = getattr(COMMANDS[path], "default", "")  # the command of a group that needs no name
        path = (*path, default) if (*path, default) in COMMANDS else path
        known = {option for parameter in COMMANDS[path].params for option in parameter.opts}
        known |= {option for parameter in COMMANDS[path].params for option in parameter.secondary_opts}
        for word in words:
            if word.startswith("--"):
                assert word.partition("=")[0] in known | {"--help"}, snippet


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if re.match(r"\w+:", target):
            continue
        file, _, anchor = target.partition("#")
        linked = (page.parent / file).resolve() if file else page
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked.read_text("utf-8")), target


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_that_are_named_exist(page: Path) -> None:
    pattern = r"`((?:models|geofences|streams|tests|docs|\.ci)/[\w./-]*)`"
    for path in re.findall(pattern, page.read_text("utf-8")):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_modules_that_are_run_exist(page: Path) -> None:
    for module in re.findall(r"python -m (tests[\w.]+)", page.read_text("utf-8")):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module
