"""Validators of the published schemas."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator

ROOT: Final = Path(__file__).parents[3]
FOLDER: Final = ROOT / "docs" / "schemas"


def schema(name: str) -> dict[str, Any]:
    """The committed schema with this name."""
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return content


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schema(name))


def errors(name: str, content: Any) -> list[str]:
    """The errors of a message; empty if it is valid."""
    return [f"{error.json_path}: {error.message[:200]}" for error in validator(name).iter_errors(content)]
