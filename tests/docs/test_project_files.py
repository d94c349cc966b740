"""The files about the project agree with pyproject.toml."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_the_citation_is_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["cff-version"] == "1.2.0"
    for key, value in (
        ("title", PROJECT["name"]),
        ("version", PROJECT["version"]),
        ("license", PROJECT["license"]),
        ("keywords", PROJECT["keywords"]),
        ("authors", PROJECT["authors"]),
    ):
        assert citation[key] == value


def test_the_changelog_has_the_kinds_of_changes_that_there_are() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.findall(r"^## \[(.+?)\]", text, re.M)[0] in ("Unreleased", PROJECT["version"])
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.+)$", text, re.M)) <= kinds


def test_the_commands_of_make_that_are_explained_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8") + (ROOT / "README.md").read_text("utf-8")
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert set(re.findall(r"(?:^ {4}|`)make (\w+)", text, re.M)) <= targets
