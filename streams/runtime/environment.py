"""Settings from environment variables: one variable for each field of a frozen struct."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final, TypeVar

import msgspec

from models.errors import InputError, plainly
from streams.runtime.secrecy import keep, password_in

LONGEST: Final = 10_000
"""Bytes of the longest file that holds a value."""
PREFIX: Final = "TANKERWATCH_"
"""What the names of all variables begin with that are ours."""
T = TypeVar("T", bound="Variables")


class Variables(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of which each field has a variable: `PREFIX` and the field's name in capitals."""

    PREFIX: ClassVar[str] = PREFIX


class VariableError(InputError):
    """An environment variable that can't be used; the text names it and says what is wrong."""


def variable(name: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """The value of a variable, or what is in the file that the variable NAME_FILE names; None without both.

    What comes from a file is a secret: it is hidden wherever it would be said. Raises VariableError.
    """
    at = f"{name}_FILE"
    path = environment.get(at)
    if not path:
        return environment.get(name)
    if environment.get(name):
        raise VariableError(f"{name} and {at} are both set; keep one of them")
    try:
        with Path(path).open("rb") as file:
            data = file.read(LONGEST + 1)
        text = data.decode().strip()
    except (OSError, UnicodeDecodeError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise VariableError(
            f"{at}: {path} can't be read ({why}); check the path and its permissions"
        ) from None
    if len(data) > LONGEST:
        raise VariableError(
            f"{at}: {path} is longer than {LONGEST:,} bytes; name a file with the value alone"
        )
    keep(text, *text.split(","), password_in(text) or "")
    return text


def load(kind: type[T], environment: Mapping[str, str] = os.environ) -> T:
    """The settings that variables set; fields without a variable keep their default.

    See `variable` for their values. Checks in `__post_init__` raise ValueError with a sentence that begins
    with the name of the field. Raises VariableError.
    """
    values, prefix = {}, kind.PREFIX
    for name in kind.__struct_fields__:
        if (value := variable(prefix + name.upper(), environment)) is not None:
            values[name] = value
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise VariableError(
            f"{_sentence(str(error), prefix)}; docs/reference/environment.md has all variables and defaults"
        ) from error


def _sentence(message: str, prefix: str) -> str:
    """The message of msgspec with the variable in place of the field."""
    what, at, field = message.partition(" - at `$.")
    if at:
        words = plainly(what)
        return f"{prefix}{field.rstrip('`').upper()}: {words[:1].lower()}{words[1:]}"
    field, _, rest = what.partition(" ")
    return f"{prefix}{field.upper()} {rest}"
