"""The reference of environment variables: those of the processes, of docker-compose.yml and of the tests."""

from collections.abc import Iterator

import msgspec

from streams.cli.options.variables import COMPOSE, PROCESSES, TESTS, Rows, settings
from streams.runtime.environment import Variables
from tests.docs.markdown import field_texts, page, table


def variables(kind: type[Variables]) -> Iterator[tuple[str, str, str]]:
    """Name, default and meaning of each variable of a group of settings."""
    texts = field_texts(kind)
    for field in msgspec.structs.fields(kind):
        default = (
            field.default if isinstance(field.default, str) else msgspec.json.encode(field.default).decode()
        )
        yield f"{kind.PREFIX}{field.name.upper()}", default, texts.get(field.name, "")


def environment() -> str:
    """The page."""
    parts = [
        "Every environment variable that tankerwatch reads. An empty default means that it is not set.",
        "Instead of any of them, a variable of the same name with `_FILE` at its end can name a file that "
        "holds the value: `TANKERWATCH_REDIS_PASSWORD_FILE=/run/secrets/redis`. Secrets belong there.",
    ]
    groups: list[tuple[str, str, Rows]] = [
        (title, text, list(variables(kind))) for title, kind, text in settings()
    ]
    groups += [
        ("Single processes", "", PROCESSES),
        (
            "docker-compose.yml",
            "Only `docker-compose.yml` reads them, from the environment or `.env`.",
            COMPOSE,
        ),
        ("Tests", "", TESTS),
    ]
    for title, text, rows in groups:
        parts += [f"## {title}", *([text] if text else [])]
        parts.append(
            table(
                ("variable", "default", "meaning"),
                [(f"`{name}`", f"`{value}`" if value else "", meaning) for name, value, meaning in rows],
            )
        )
    return page("Environment variables", *parts)
