"""Receivers: where alerts go, by the file of rules. The file names the variables that hold secrets."""

import re
import string
from collections.abc import Mapping
from typing import Final

import httpx
import msgspec

from models.errors import InputError
from streams.runtime.environment import variable
from streams.runtime.secrecy import keep

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAILBOX: Final = re.compile(r"[^@\s<>,;:\"\\()\x00-\x1f\x7f]+@[^@\s<>,;:\"\\()\x00-\x1f\x7f]+")
TOPIC_FIELDS: Final = ("type", "level", "status", "id", "kind", "mmsi", "flag")


class MissingSecret(InputError):
    """An environment variable that a rule names is not set."""


class _Receiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    def variables(self) -> list[str]:
        """The environment variables that have to be set."""
        names = (name for name in self.__struct_fields__ if name.endswith("_env"))
        return [variable for name in names if (variable := getattr(self, name))]

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if name.endswith("_env") and value is not None and not _VARIABLE.fullmatch(value):
                raise ValueError(
                    f"{name} = {value!r} is not the name of an environment variable; put the "
                    "secret into a variable and name that here"
                )


class _Http(_Receiver, frozen=True, kw_only=True):
    url: str | None = None
    url_env: str | None = None
    """The address, or the environment variable that has it."""
    allow_private: bool = False
    """Whether the address may be in a private network or on this machine, and may go without TLS."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.url is None) == (self.url_env is None):
            raise ValueError("give either url or url_env")
        if self.url is not None:
            check_url(self.url, self.allow_private)

    def address(self, environment: Mapping[str, str]) -> str:
        """Raises ValueError."""
        if self.url is not None:
            return self.url
        assert self.url_env is not None
        url = secret(self.url_env, environment)
        try:
            check_url(url, self.allow_private)
        except ValueError as error:  # without the address, which is a secret
            raise ValueError(f"{self.url_env}: {str(error).replace(url, '...')}") from None
        return url


class Webhook(_Http, frozen=True, kw_only=True):
    """A receiver that follows Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks)."""

    secret_env: str
    """The variable with the secret for signatures, as whsec_ and base64."""


class Slack(_Http, frozen=True, kw_only=True):
    """An incoming webhook of Slack, or of a program that understands the same messages."""


class Email(_Receiver, frozen=True, kw_only=True, rename={"sender": "from", "recipients": "to"}):
    host: str
    port: int | None = None
    """Default: 587 with starttls, 465 with tls, 25 without encryption."""
    security: str = "starttls"
    sender: str
    recipients: tuple[str, ...]
    user: str | None = None
    password_env: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("security", self.security, tuple(_MAIL_PORTS))
        port_in_range(self.port)
        if not self.recipients:
            raise ValueError("to is empty; name at least one address")
        for mailbox in (self.sender, *self.recipients):
            if not mailbox.isascii() or not _MAILBOX.fullmatch(mailbox):
                raise ValueError(f"{mailbox!r} is not an e-mail address; give one like watch@example.org")
        if (self.user is None) != (self.password_env is None):
            raise ValueError("user and password_env go together")

    @property
    def at(self) -> tuple[str, int]:
        return self.host, self.port or _MAIL_PORTS[self.security]


_MAIL_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}


class Mqtt(_Receiver, frozen=True, kw_only=True):
    host: str
    port: int | None = None
    """Default: 8883 with TLS, 1883 without."""
    tls: bool = True
    user: str | None = None
    password_env: str | None = None
    topic: str = "tankerwatch/{type}/{level}/{id}"
    retain: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        port_in_range(self.port)
        if (self.user is None) != (self.password_env is None):
            raise ValueError("user and password_env go together")
        try:
            parts = list(string.Formatter().parse(self.topic))
        except ValueError as error:
            raise ValueError(f"topic = {self.topic!r}: {error}") from None
        for text, name, form, conversion in parts:
            if name is not None and (name not in TOPIC_FIELDS or form or conversion):
                fields = ", ".join(f"{{{field}}}" for field in TOPIC_FIELDS)
                raise ValueError(f"topic = {self.topic!r}: no such field {{{name}}}; valid are {fields}")
            if set(text) & set("+#\0") or not text.isprintable():
                raise ValueError(
                    f"topic = {self.topic!r} has signs that topics can't have: +, # or control characters"
                )
        if not self.topic or self.topic.startswith(("$", "{")):
            raise ValueError(f"topic = {self.topic!r} must begin with a name, like tankerwatch/")

    @property
    def at(self) -> tuple[str, int]:
        return self.host, self.port or (8883 if self.tls else 1883)


Receiver = Webhook | Slack | Email | Mqtt


def secret(name: str, environment: Mapping[str, str]) -> str:
    """What a variable holds, or the file that NAME_FILE names. Raises MissingSecret, VariableError."""
    if not (value := variable(name, environment)):
        raise MissingSecret(f"the environment variable {name} is not set")
    keep(value)
    return value


def check_url(url: str, allow_private: bool) -> None:
    """Raises ValueError for a URL that can't be posted to."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"url = {url!r} can't be read: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.host:
        raise ValueError(f"url = {url!r} is not a web address; give one like https://example.org/hook")
    port_in_range(parts.port)
    if parts.userinfo:
        raise ValueError("url holds a user or a password; secrets don't belong in the file: use url_env")
    if parts.scheme == "http" and not allow_private:
        raise ValueError(f"url = {url!r} goes without TLS; use https, or say allow_private = true")


def one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} = {value!r} is not valid; choose one of {', '.join(choices)}")


def port_in_range(port: int | None) -> None:
    if port is not None and not 0 < port < 65_536:
        raise ValueError(f"port = {port} is not a port; give one from 1 to 65535")
