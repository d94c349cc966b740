"""Options that several commands share, declared once: a dataclass whose fields become options."""

from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, TypeVar, get_type_hints

R = TypeVar("R")


def with_option_groups(command: Callable[..., R]) -> Callable[..., R]:
    """Prepare a command for Typer: replace each parameter whose type is a dataclass by its fields.

    The command itself is called with an instance of the dataclass. A field is declared like a parameter of a
    Typer command: `Annotated[type, typer.Option(…)]` with a default.
    """
    hints = get_type_hints(command, include_extras=True)
    groups = {name: hint for name, hint in hints.items() if isinstance(hint, type) and is_dataclass(hint)}
    parameters: list[Parameter] = []
    for parameter in signature(command).parameters.values():
        name = parameter.name
        if group := groups.get(name):
            types = get_type_hints(group, include_extras=True)
            parameters += [_parameter(field, types[field.name]) for field in fields(group)]
        else:
            parameters.append(parameter.replace(kind=Parameter.KEYWORD_ONLY, annotation=hints[name]))

    @wraps(command)
    def call(**values: Any) -> R:
        made = {
            name: group(**{field.name: values.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        return command(**values, **made)

    call.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return call


def _parameter(field: "Field[Any]", annotation: Any) -> Parameter:
    default = field.default if field.default is not MISSING else Parameter.empty
    if field.default_factory is not MISSING:
        default = field.default_factory()
    return Parameter(field.name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
