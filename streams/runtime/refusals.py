"""Why Kafka or Redis turns a client away, in a few words, and what to do about it."""

import logging
import os
import ssl
from typing import Final

from aiokafka.errors import (
    AuthenticationFailedError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
)
from redis.exceptions import (
    AuthenticationError,
    InvalidResponse,
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
)

from models.errors import TankerwatchError
from streams.runtime.environment import PREFIX

_ADDRESS: Final = {"Kafka": f"{PREFIX}BROKER", "Redis": f"{PREFIX}REDIS"}
_AUTHENTICATION: Final = (
    AuthenticationError,
    NoPermissionError,
    AuthenticationFailedError,
    SaslAuthenticationFailed,
)
FORBIDDEN: Final = (
    TopicAuthorizationFailedError,
    GroupAuthorizationFailedError,
    ClusterAuthorizationFailedError,
)
"""What Kafka says to a client that it knows, and that may not do what it asks for."""
_RIGHTS: Final = "docs/reference/rights.md"


class CannotKeep(ReadOnlyError, TankerwatchError):
    """Redis takes no writes because it could not keep them: its disk is full, or its replicas are away."""


class _LastOfKafka(logging.Filter):
    """Keeps why aiokafka could not connect, until somebody asks: it logs that, and raises only that it could
    not."""

    error: Exception | None = None
    hushed = False

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and record.args and isinstance(record.args[-1], Exception):
            self.error = record.args[-1]
        return not self.hushed


_last = _LastOfKafka()
logging.getLogger("aiokafka").addFilter(_last)


def hush_kafka() -> None:
    """aiokafka logs every attempt, with tracebacks. For processes that say themselves what matters of it.

    Its level stays as it is: lines that are never made could not be looked at.
    """
    _last.hushed = True
    logger = logging.getLogger("aiokafka")
    logger.propagate = False  # for the loggers below it
    logger.addHandler(logging.NullHandler())


def reason(error: Exception) -> str:
    """What went wrong, in a few words, without the internals that client libraries put into their texts."""
    cause = _cause(error)
    text = str(cause)
    if isinstance(cause, InvalidResponse):
        return "what answers there is no Redis, or expects TLS"
    if _refused(text) or (text == str(error) and "bootstrap" in text):
        return "nobody answers there"
    if isinstance(cause, FORBIDDEN):
        return f"it does not let {_who()} use {_what(cause)}"
    if isinstance(cause, AuthenticationFailedError | SaslAuthenticationFailed):
        return "it refuses the user or the password"
    if verify := next((each for each in _causes(cause) if isinstance(each, ssl.SSLError)), None):
        return f"no connection by TLS ({_of_tls(verify)})"
    if cause is not error or _broke_off(text):  # as soon as we spoke
        return "it ended the connection: it may be stopping, or expect TLS or a password"
    return text.split(": ", 1)[-1].rstrip(".") or type(error).__name__


def remedy(service: str, error: Exception) -> str:
    """What to do about it; `service` is Kafka or Redis."""
    cause, prefix = _cause(error), f"{PREFIX}{service.upper()}_"
    if isinstance(cause, InvalidResponse):
        return f"correct {_ADDRESS[service]}"
    if isinstance(cause, OutOfMemoryError):
        return "give it more memory (maxmemory)"
    if isinstance(cause, MasterDownError):
        return f"start its master, or correct {_ADDRESS[service]}"
    if isinstance(cause, CannotKeep):
        return "make room on its disk, or start its replicas; its log says what is wrong"
    if isinstance(cause, FORBIDDEN):
        topics = isinstance(cause, TopicAuthorizationFailedError)
        made = "start a worker if none has made the topics yet, " if topics else ""
        return f"{made}give it the rights of this program ({_RIGHTS}), or correct {prefix}USER"
    if isinstance(cause, _AUTHENTICATION):
        return f"correct {prefix}USER and {prefix}PASSWORD_FILE"
    if service == "Kafka" and any(map(_wants_certificate, _causes(cause))):
        return f"correct {prefix}CERTIFICATE and {prefix}KEY"
    if any(isinstance(each, ssl.SSLError) for each in _causes(cause)):
        return f"correct {prefix}CA, or the address in {_ADDRESS[service]}"
    if (cause is not error or _broke_off(str(cause))) and not _refused(str(cause)):
        if service == "Redis":
            return (
                f"start it, or correct {_ADDRESS[service]}: it begins with rediss:// where Redis expects TLS"
            )
        return f"start it, or correct {prefix}TLS and {prefix}SASL, or {_ADDRESS[service]}"
    return f"start it, or correct {_ADDRESS[service]}"


def last_words(error: BaseException) -> str:
    """Why a process ends, in one sentence; with what to do where Kafka did not let it go on."""
    if isinstance(error, FORBIDDEN):
        return f"Kafka: {reason(error)}; give it the rights of this program ({_RIGHTS})"
    return str(error) or type(error).__name__


def or_unseen() -> str:
    """What else to do about a topic that seems not to be there: Kafka shows only those with a right to it."""
    if not os.environ.get(f"{PREFIX}KAFKA_USER"):
        return ""
    return f", or give {_who()} the rights of this program ({_RIGHTS})"


def _who() -> str:
    user = os.environ.get(f"{PREFIX}KAFKA_USER")
    return f"the user {user}" if user else "this client"


def _what(forbidden: Exception) -> str:
    """The topics or the group that the error names."""
    named = ", ".join(
        each if isinstance(each, str) else ", ".join(map(str, sorted(each))) if isinstance(each, set) else ""
        for each in forbidden.args
    )
    if isinstance(forbidden, GroupAuthorizationFailedError):
        return f"the consumer group {named}".rstrip()
    return named or "it in this way"


def _cause(error: Exception) -> Exception:
    """What an error came from. Of one that says only that there was no connection, it is what aiokafka logged
    before; that belongs to this error from now on, and to no later one."""
    if "bootstrap" not in str(error):
        return error
    if error.__cause__ is None and _last.error is not error:
        error.__cause__, _last.error = _last.error, None
    return error.__cause__ if isinstance(error.__cause__, Exception) else error


def _causes(error: BaseException | None) -> list[BaseException]:
    """The error and what it came from."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _refused(text: str) -> bool:
    return "Connect call failed" in text or "Error 111" in text or "refused" in text


def _broke_off(text: str) -> bool:
    return "reset by peer" in text or "closed by server" in text


def _wants_certificate(error: BaseException) -> bool:
    """Whether the server ended the connection for want of a certificate of this client that it takes."""
    said = str(getattr(error, "reason", None) or "") if isinstance(error, ssl.SSLError) else ""
    return "ALERT" in said and ("CERTIFICATE" in said or "UNKNOWN_CA" in said)


def _of_tls(error: BaseException) -> str:
    if _wants_certificate(error):
        return "it asks for a certificate of this client, and has got none that it takes"
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return str(getattr(error, "reason", None) or error).lower().replace("_", " ")
