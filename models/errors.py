"""The root of every exception that tankerwatch itself raises, its one branch, and what their messages share:
what may have been meant, types in plain words, and outputs that can't be written."""

import difflib
import heapq
import re
from collections.abc import Iterable
from typing import Final

import msgspec

_KINDS: Final = {
    "float": "a number",
    "int": "a whole number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "null": "",
}


UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that it can't decode; the last two where a text is not UTF-8, and where it is
nested too deep."""


class TankerwatchError(Exception):
    """Something that can't be done, or must not be. `problems` holds one sentence for each reason.

    A sentence says where (a file and line, a service, a partition), what is wrong, and what to do about it.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class InputError(TankerwatchError, ValueError):
    """An option, a file or an environment variable that somebody gave and that can't be used as it is.

    A command that ends by this was used wrongly: exit code 2, where other errors give 1.
    """


def unwritten(name: str, why: str | None) -> str:
    """What to say of an output that was begun, such as where the disk is full."""
    return f"{name}: can't be written to its end ({why}); make room or choose another place"


def meant(given: str, known: Iterable[str]) -> str:
    """A question to be put after the name of something unknown, as ` (did you mean x or y?)`; else nothing.

    At most three of the known names: those that are spelt nearly like it, or begin with it.
    """
    return question(spelt_alike(given, known))


def spelt_alike(given: str, known: Iterable[str]) -> list[str]:
    """The known names that are spelt nearly like it, or begin with it; at most three."""
    names = sorted(set(known))
    longer = [name for name in names if given and name.startswith(given)]
    close = dict.fromkeys([*difflib.get_close_matches(given, names, 3), *longer])
    return list(close)[:3]


def meant_id(given: str, known: Iterable[str]) -> str:
    """The same for ids: at most three that begin with what was given.

    Of digits and letters without a meaning, one that is spelt nearly like it is another thing.
    """
    return question(heapq.nsmallest(3, {id for id in known if given and id.startswith(given)}))


def question(names: list[str]) -> str:
    """Whether one of these is meant; nothing for none."""
    return f" (did you mean {' or '.join(names)}?)" if names else ""


def plainly(message: str) -> str:
    """A message of msgspec about a value of the wrong type, without its names of types."""
    if not message.startswith("Expected"):
        return message
    words = re.sub(r"`([a-z |]+)`", lambda found: _kinds(found[1]), message)
    return words.replace("Expected", "should be", 1).replace(", got ", ", not ", 1)


def _kinds(names: str) -> str:
    return " or ".join(filter(None, (_KINDS.get(name, name) for name in names.split(" | "))))
