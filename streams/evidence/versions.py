"""Versions: which code and which libraries a bundle was made with."""

import hashlib
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

import geofences
import models
import streams

_LIBRARIES: Final = ("msgspec", "numba", "numpy", "pyarrow", "pyproj", "scipy", "shapely")
"""Libraries that events may depend on."""
_CODE: Final = "code"
OWN: Final = ("tankerwatch", _CODE)
"""What has to be equal for the same version of tankerwatch."""


def versions() -> dict[str, str]:
    """By name, the version of tankerwatch, of Python and of libraries; `code` is a hash of all its files."""
    found = {name: version(name) for name in ("tankerwatch", *_LIBRARIES)}
    return found | {_CODE: _code_digest(), "python": platform.python_version()}


@cache
def _code_digest() -> str:
    """SHA-256 of the files of the package: the same in every clone of one commit."""
    found = hashlib.sha256()
    for package in (models, geofences, streams):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root.parent).as_posix()
            if "__pycache__" not in name and path.is_file():
                found.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def differences(made: dict[str, str], here: dict[str, str]) -> list[str]:
    """What differs, a phrase each."""
    names = sorted(made.keys() | here.keys())
    return [
        f"{name} {made.get(name, 'none')[:16]} there, {here.get(name, 'none')[:16]} here"
        for name in names
        if made.get(name) != here.get(name)
    ]
