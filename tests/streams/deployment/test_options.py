"""Every option of a configuration is read by some code: none is parsed, promised and then ignored.

mypy knows the type of each expression, so `deployment.fences` is told apart from any other `.fences`.
"""

from pathlib import Path
from typing import Final

import msgspec

from models.event import EventType
from streams.deployment.config import Deployment, RunFiles
from streams.detection.legend import tables
from streams.detection.reasons import Weights
from streams.feed.settings import FeedSettings
from streams.stages.settings import Settings
from streams.store.retention import Retention

ROOT: Final = Path(__file__).parents[3]
CONTROL: Final = """
import msgspec

class Example(msgspec.Struct):
    read: int = 0
    ignored: int = 0

def use(example: Example, other: int) -> int:
    return example.read
"""


def test_every_option_is_read() -> None:
    structs: list[type[msgspec.Struct]] = [
        *(Deployment, RunFiles, Retention, FeedSettings),
        *(struct for struct in _nested(Settings) if not issubclass(struct, Weights)),
    ]
    read = _read({f"{struct.__module__}.{struct.__qualname__}" for struct in structs} | {"example.Example"})
    assert read["example.Example"] == {"read"}  # an option that is ignored is noticed
    ignored = {
        f"{struct.__qualname__}.{name}"
        for struct in structs
        for name in struct.__struct_fields__
        if name not in read[f"{struct.__module__}.{struct.__qualname__}"]
    }
    assert not ignored


def test_every_weight_counts() -> None:
    """Reasons read their weight by its name, so mypy does not see it. Tables may share their settings."""
    for table in tables():
        rows = [row for each in tables() if each.defaults == table.defaults for row in each.rows]
        named = {"base", "probable", "border", "cap", *(row.weight for row in rows)}
        if table.type in (EventType.FENCE_ENTRY, EventType.FENCE_EXIT):
            named.add("retraction")  # of all tables; a crossing is never taken back
        assert set(table.defaults.weights.__struct_fields__) == named, table.type


def _nested(struct: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    """A struct, and all structs that its fields hold."""
    kinds = [field.type for field in msgspec.structs.fields(struct)]
    inner = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]
    return [struct, *(each for kind in inner for each in _nested(kind))]


def _read(structs: set[str]) -> dict[str, set[str]]:
    """By name of each class, the attributes that code under `geofences/` and `streams/` reads from it."""
    from mypy import build  # takes a second, which only the process that runs this has to spend
    from mypy.modulefinder import BuildSource
    from mypy.nodes import MemberExpr
    from mypy.options import Options
    from mypy.types import Instance, get_proper_type

    options = Options()
    options.incremental = False
    options.export_types = True
    options.preserve_asts = True
    options.follow_imports = "skip"  # what third parties return has no part in it, and would take minutes
    options.namespace_packages = options.explicit_package_bases = True
    options.mypy_path = [str(ROOT)]
    sources = [
        BuildSource(str(path), ".".join(path.relative_to(ROOT).with_suffix("").parts))
        for package in ("geofences", "streams")
        for path in sorted((ROOT / package).rglob("*.py"))
        if path.name != "__init__.py"
    ]
    result = build.build([*sources, BuildSource(None, "example", CONTROL)], options)
    read: dict[str, set[str]] = {name: set() for name in structs}
    for expression in list(result.types):
        if isinstance(expression, MemberExpr) and expression.expr in result.types:
            owner = get_proper_type(result.types[expression.expr])
            if isinstance(owner, Instance) and owner.type.fullname in read:
                read[owner.type.fullname].add(expression.name)
    return read
