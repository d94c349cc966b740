"""Secrecy: the one function that hides secrets in whatever is said aloud, in logs and in messages.

It knows secrets by where they stand (in an address, after `password=`, after `Bearer`) and by their values:
those of environment variables whose names say so, and those that `keep` was told of. So it hides them in the
texts of others, too, such as the error of a provider that repeats the key.
"""

import os
import re
from collections.abc import Mapping
from typing import Final

HIDDEN: Final = "***"
SHORTEST: Final = 6
"""Characters of the shortest value that is hidden wherever it stands. Shorter ones are found in words."""

_NAMES: Final = re.compile(r"(TOKENS?|PASSWORD|PASSWD|SECRET|API_KEY|CREDENTIALS)$")
"""Endings of the names of variables that hold secrets."""
_WORDS: Final = r"(?:[\w.-]*(?:password|passwd|secret|token|api[_-]?key|signature)|pwd|auth|key)"
_STANDS: Final = (
    # the user and password of an address; a password may hold @ and /
    (re.compile(r"(?<=://)[^\s\"'<>]*@(?=[\w\[.-])"), f"{HIDDEN}@"),
    (re.compile(rf"(?i)(\b{_WORDS}=)(?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s&;#,\"')}}\]]+)"), rf"\1{HIDDEN}"),
    (re.compile(rf"(?i)([\"']{_WORDS}[\"']\s*:\s*)(?:\"(?:[^\"\\]|\\.)*\"|'[^']*')"), rf'\1"{HIDDEN}"'),
    (re.compile(r"(?i)\b((?:bearer|basic)\s+)[\w.~+/=-]{6,}"), rf"\1{HIDDEN}"),
)
"""Where secrets stand in a text, and what is written instead."""

_kept: set[str] = set()


def keep(*values: str) -> None:
    """Hide these values from now on, wherever they stand."""
    _kept.update(value for value in values if len(value) >= SHORTEST)


def hide(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """The text without secrets."""
    for value in sorted(_kept | _of(environment), key=len, reverse=True):
        for form in {value, _quoted(value)}:
            text = text.replace(form, HIDDEN)
    for pattern, instead in _STANDS:
        text = pattern.sub(instead, text)
    return text


def password_in(url: str) -> str | None:
    """The password in an address, if it has one: before the host, or as a parameter."""
    if "://" not in url:
        return None
    before, at, _ = url.partition("://")[2].rpartition("@")
    if at and (word := before.partition(":")[2]):
        return _unquoted(word)
    found = re.search(r"(?i)[?&](?:password|pwd|secret|token)=([^&#]+)", url)
    return _unquoted(found[1]) if found else None


def address_of(url: str) -> str:
    """Where an address leads, for messages: host, port and path, without user, password and parameters."""
    rest = url.rpartition("@")[2].rpartition("://")[2]
    return hide(re.split(r"[?#]", rest, maxsplit=1)[0])


def _quoted(text: str) -> str:
    """As in an address; this module is too low for one that knows networks."""
    return "".join(
        chr(byte) if (chr(byte).isalnum() and byte < 128) or byte in b"-._~" else f"%{byte:02X}"
        for byte in text.encode(errors="replace")
    )


def _unquoted(text: str) -> str:
    data = re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes.fromhex(found[1].decode()), text.encode())
    return data.decode(errors="replace")


def _of(environment: Mapping[str, str]) -> set[str]:
    """The secrets that variables hold."""
    found: set[str] = set()
    for name, value in environment.items():
        if _NAMES.search(name):
            found.update(part.strip() for part in (value, *value.split(",")))
        elif "://" in value:
            found.add(password_in(value) or "")
    return {value for value in found if len(value) >= SHORTEST}
