"""Licences of what runs, and its bill of materials, from the lock and what is installed.

    python -m tests.docs.licences                  lists them; fails if NOTICE leaves one out that asks for it
    python -m tests.docs.licences --sbom FILE      writes CycloneDX JSON, the same for the same lock

Wheels bring libraries of others in their folders: those are looked for, too.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
LOCK: Final = ROOT / "requirements.lock"
NOTICE: Final = ROOT / "NOTICE"
_PIN: Final = re.compile(
    r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==(\S+?)(?: ;.*)? \\\n((?:    --hash=\S+.*\n)*)", re.M
)
_HASH: Final = re.compile(r"sha256:([0-9a-f]{64})")
_ASKS: Final = re.compile(r"\b(?:A|L)?GPL|MPL|EPL|CDDL|Mozilla|General Public", re.I)
"""Licences whose parts have to be named."""
_BUNDLED: Final = {"libgeos": "GEOS", "libgfortran": "libgfortran", "libquadmath": "libquadmath"}
"""Libraries inside of wheels whose licence asks for it, by the beginning of their files."""


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    version: str
    licence: str
    hashes: tuple[str, ...]
    bundled: tuple[str, ...]


def parts() -> list[Part]:
    """What the lock names and this environment has, by name."""
    return [part for name, version, hashes in locked() if (part := _part(name, version, hashes)) is not None]


def locked() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Name, version and hashes of everything that runs."""
    for name, version, hashes in _PIN.findall(LOCK.read_text("utf-8")):
        yield name, version, tuple(_HASH.findall(hashes))


def _part(name: str, version: str, hashes: tuple[str, ...]) -> Part | None:
    try:
        found = distribution(name)
    except PackageNotFoundError:  # of another system or version of Python
        return None
    files = {Path(str(file)).name for file in found.files or ()}
    bundled = {called for start, called in _BUNDLED.items() if any(each.startswith(start) for each in files)}
    return Part(name, version, _licence(found), hashes, tuple(sorted(bundled)))


def _licence(found: Distribution) -> str:
    def said(field: str) -> list[str]:
        return [str(each) for each in found.metadata.get_all(field) or ()]

    classified = [each.rpartition(" :: ")[2] for each in said("Classifier") if "License ::" in each]
    texts = [each.strip().split("\n")[0] for each in said("License")]
    return next(filter(None, [*said("License-Expression"), ", ".join(classified), *texts]), "unknown")


def unnamed(found: list[Part], notice: str) -> list[str]:
    """The parts that NOTICE has to name and does not."""
    wanted = [part.name for part in found if _ASKS.search(part.licence) or part.licence == "unknown"]
    wanted += [name for part in found for name in part.bundled]
    return sorted({name for name in wanted if not re.search(rf"\b{re.escape(name)}\b", notice)})


def bill(found: list[Part]) -> dict[str, Any]:
    """CycloneDX 1.6, without a time or a number of its own."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "tankerwatch"}},
        "components": [
            {
                "type": "library",
                "name": part.name,
                "version": part.version,
                "purl": f"pkg:pypi/{part.name}@{part.version}",
                "licenses": [{"license": {"name": part.licence}}],
                "hashes": [{"alg": "SHA-256", "content": one} for one in part.hashes],
                "components": [{"type": "library", "name": one} for one in part.bundled],
            }
            for part in found
        ],
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sbom", type=Path, metavar="FILE")
    options = parser.parse_args()
    found = parts()
    if options.sbom:
        options.sbom.write_text(json.dumps(bill(found), indent=1) + "\n", "utf-8")
        return 0
    for part in found:
        print(f"{part.name} {part.version}: {part.licence}", *(f"(with {one})" for one in part.bundled))
    missing = unnamed(found, NOTICE.read_text("utf-8"))
    for name in missing:
        print(f"NOTICE does not name {name}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
