"""docker-compose.yml as Compose reads it: with variables replaced and merges done."""

import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, Final

import yaml

from tests.streams.contracts.validators import ROOT

PATH: Final = ROOT / "docker-compose.yml"
_VARIABLE: Final = re.compile(r"\$\$|\$\{(?P<name>\w+):-(?P<default>[^}]*)\}|\$(?P<other>.)")


def compose(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The file with only these variables set."""
    given = environment or {}

    def put_in(found: re.Match[str]) -> str:
        assert not found["other"], f"{found[0]}: variables here have the form ${{NAME:-DEFAULT}}"
        if found["name"] is None:
            return "$"
        return given.get(found["name"]) or found["default"]

    content: dict[str, Any] = _walk(yaml.safe_load(PATH.read_text(encoding="utf-8")), put_in)
    for service in content["services"].values():
        variables = service.get("environment", {})
        service["environment"] = {
            name: str(given.get(name) if value is None else value)
            for name, value in variables.items()
            if value is not None or name in given
        }
    return content


def _walk(value: Any, put_in: Callable[[re.Match[str]], str]) -> Any:
    if isinstance(value, dict):
        return {key: _walk(each, put_in) for key, each in value.items()}
    if isinstance(value, list):
        return [_walk(each, put_in) for each in value]
    return _VARIABLE.sub(put_in, value) if isinstance(value, str) else value


def command(service: dict[str, Any]) -> list[str]:
    """The command as a list of words."""
    words = service["command"]
    return shlex.split(words) if isinstance(words, str) else list(words)


def names(service: str) -> set[str]:
    """All variables that the file passes to a service, with or without a value."""
    content = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return set(content["services"][service].get("environment", {}))
