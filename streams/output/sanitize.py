"""Text from strangers (names sent by radio, names of files), made safe for a terminal, a log or one line."""

from typing import Any


def sanitize(value: Any) -> str:
    """The value as text on one line. Control characters, and those that turn writing round, become escapes.

    None becomes the empty text.
    """
    text = "" if value is None else str(value)
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
