"""The reference of settings: every threshold with its default and meaning."""

from collections.abc import Iterator

import msgspec

from streams.stages.settings import Settings
from tests.docs.markdown import field_texts, page, summary, table


def sections(name: str = "", value: msgspec.Struct | None = None) -> Iterator[tuple[str, msgspec.Struct]]:
    """Every table of a settings file by its name in TOML, with its default values."""
    value = Settings() if value is None else value
    yield name, value
    for field in value.__struct_fields__:
        inner = getattr(value, field)
        if isinstance(inner, msgspec.Struct):
            yield from sections(f"{name}.{field}".lstrip("."), inner)


def settings() -> str:
    """The page."""
    parts = [
        "Every setting of the stages, with its default. `tankerwatch settings show` prints them as TOML; a "
        "file with those that differ is given with `--settings FILE`, or to workers with "
        "`TANKERWATCH_SETTINGS`."
    ]
    for name, value in sections():
        texts = field_texts(type(value))
        rows = [
            (f"`{field}`", f"`{msgspec.json.encode(default).decode()}`", texts.get(field, ""))
            for field in value.__struct_fields__
            if not isinstance(default := getattr(value, field), msgspec.Struct)
        ]
        if rows:
            parts += [f"## `[{name}]`", *([text] if (text := summary(type(value))) else [])]
            parts.append(table(("setting", "default", "meaning"), rows))
    return page("Settings", *parts)
