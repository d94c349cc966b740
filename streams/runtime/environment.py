"""Settings from environment variables: one variable for each field of a frozen struct."""

import os
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from models.errors import InputError

T = TypeVar("T", bound=msgspec.Struct)


class VariableError(InputError):
    """An environment variable that can't be used; the text names it and says what is wrong."""


def load(kind: type[T], prefix: str, environment: Mapping[str, str] = os.environ) -> T:
    """The settings that variables set; fields without a variable keep their default.

    The variable of a field is `prefix` and its name in capitals. Checks in `__post_init__` raise ValueError
    with a sentence that begins with the name of the field. Raises VariableError.
    """
    values = {
        name: environment[variable]
        for name in kind.__struct_fields__
        if (variable := prefix + name.upper()) in environment
    }
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
        return f"{prefix}{field.rstrip('`').upper()}: {what[:1].lower()}{what[1:]}"
    field, _, rest = what.partition(" ")
    return f"{prefix}{field.upper()} {rest}"
