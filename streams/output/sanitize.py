"""Text from strangers (names by radio, names of files) made harmless for a terminal, a log or one line."""

from typing import Any


def plain(value: Any) -> str:
    """On one line, with whatever a terminal might obey (control and bidi characters) as escapes."""
    text = "" if value is None else str(value)
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
