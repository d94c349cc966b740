"""Schemas that others publish; SOURCES.md says whose."""

import gzip
import json
from importlib import resources
from typing import Any


def load(name: str) -> dict[str, Any]:
    packed = (resources.files(__name__) / f"{name}.json.gz").read_bytes()
    content: dict[str, Any] = json.loads(gzip.decompress(packed))
    return content
