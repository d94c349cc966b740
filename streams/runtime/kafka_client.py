"""How every client of Kafka connects: with TLS, a certificate and a password, where the variables say so.

All clients of all processes take these settings from here, so none can be forgotten.
"""

import asyncio
import os
import ssl
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar, Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from streams.runtime.authorities import trusting
from streams.runtime.environment import PREFIX, VariableError, Variables, load
from streams.runtime.logs import get_logger
from streams.runtime.refusals import FORBIDDEN
from streams.runtime.retry import note_absence, note_return
from streams.runtime.secrecy import keep

log = get_logger(__name__)
KAFKA: Final = f"{PREFIX}KAFKA_"
REFUSED_SECONDS: Final = 1.0
"""Time until a client asks again for what it was not allowed to read."""
GRANTED_SECONDS: Final = 5.0
"""Time without a refusal after which it is allowed to read everything: other topics come in between."""
Taken = dict[TopicPartition, list[ConsumerRecord]]
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


class KafkaSecurity(Variables, frozen=True):
    PREFIX: ClassVar[str] = KAFKA

    tls: bool = False
    """Whether connections to Kafka are encrypted, and its certificate and name are checked."""
    ca: str = ""
    """PEM file of the authorities that may have signed Kafka's certificate; empty for those of the system."""
    certificate: str = ""
    """PEM file with the certificate of this client, for a broker that asks for one; empty for none."""
    key: str = ""
    """PEM file with the private key of that certificate; empty if it is in the same file."""
    key_password: str = ""
    """What the key is locked with. Better in a file, which TANKERWATCH_KAFKA_KEY_PASSWORD_FILE names."""
    sasl: str = ""
    """How clients prove who they are: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; empty for not at all."""
    user: str = ""
    """The user for SASL."""
    password: str = ""
    """The password for SASL. Better in a file, which TANKERWATCH_KAFKA_PASSWORD_FILE names."""

    def __post_init__(self) -> None:
        if self.sasl and self.sasl not in MECHANISMS:
            raise ValueError(f"sasl must be one of {', '.join(MECHANISMS)}")
        if self.sasl and not (self.user and self.password):
            raise ValueError("sasl needs a user and a password, too")
        if self.user and not self.sasl:
            raise ValueError(f"user needs a way to prove it; set sasl to one of {', '.join(MECHANISMS)}")
        for name in ("ca", "certificate"):
            if getattr(self, name) and not self.tls:
                raise ValueError(f"{name} is only used with TLS; set tls to true")
        if (self.key or self.key_password) and not self.certificate:
            raise ValueError("certificate is missing; key and key_password belong to one")

    @property
    def used(self) -> bool:
        return self.tls or bool(self.sasl)

    def tls_context(self) -> ssl.SSLContext | None:
        """Raises VariableError if the file of authorities, the certificate or its key can't be used."""
        if not self.tls:
            return None
        context = trusting(self.ca, f"{KAFKA}CA")
        if self.certificate:
            # a password is always given: without one, OpenSSL would ask for it on the terminal
            files = self.certificate, self.key or self.certificate
            try:
                context.load_cert_chain(*files, password=lambda: self.key_password)
            except (OSError, ssl.SSLError, ValueError) as error:
                why = (
                    "not found or not readable"
                    if isinstance(error, FileNotFoundError | PermissionError)
                    else "no certificate and its key in PEM, or locked with another password"
                )
                raise VariableError(
                    f"{KAFKA}CERTIFICATE: {' with '.join(dict.fromkeys(files))} can't be used ({why}); name "
                    f"the PEM files of both, and {KAFKA}KEY_PASSWORD_FILE if the key is locked"
                ) from None
        return context


def from_environment(environment: Mapping[str, str] = os.environ) -> KafkaSecurity:
    """What `TANKERWATCH_KAFKA_…` variables say. Raises VariableError."""
    security = load(KafkaSecurity, environment)
    keep(security.password, security.key_password)
    return security


def connection(broker: str) -> dict[str, Any]:
    """What a client of aiokafka needs to know to connect to this broker. Raises VariableError."""
    return {"bootstrap_servers": broker, **_options(from_environment())}


async def reader(broker: str, partitions: Sequence[TopicPartition]) -> AIOKafkaConsumer:
    """A started consumer of these partitions, for whoever keeps the offsets beside what it writes.

    Where Kafka does not answer it raises what aiokafka raises, and leaves nothing open.
    """
    consumer = AIOKafkaConsumer(
        **connection(broker),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        max_partition_fetch_bytes=4_000_000,
    )
    try:
        await consumer.start()
        consumer.assign(list(partitions))
        await consumer.end_offsets(list(partitions))
    except BaseException:
        await consumer.stop()
        raise
    return consumer


async def taken(consumer: AIOKafkaConsumer, broker: str, milliseconds: int, most: int) -> Taken:
    """The next messages by partition: at most so many, and none where none came in this time.

    While Kafka does not let this client read one of the topics there are only those of others, and the log
    says so. Raises OffsetOutOfRangeError.
    """
    try:
        got: Taken = await consumer.getmany(timeout_ms=milliseconds, max_records=most)
    except FORBIDDEN as error:
        note_absence("Kafka", broker, error)
        await asyncio.sleep(REFUSED_SECONDS)
        return {}
    if got:
        note_return("Kafka", broker, GRANTED_SECONDS)
    return got


@lru_cache(8)
def _options(security: KafkaSecurity) -> dict[str, Any]:
    if security.sasl == "PLAIN" and not security.tls:
        log.warning("password_in_clear", remedy=f"set {KAFKA}TLS, or {KAFKA}SASL to SCRAM-SHA-512")
    options: dict[str, Any] = {}
    if security.used:
        protocol = ("SASL_" if security.sasl else "") + ("SSL" if security.tls else "PLAINTEXT")
        options = {"security_protocol": protocol, "ssl_context": security.tls_context()}
    if security.sasl:
        options |= {
            "sasl_mechanism": security.sasl,
            "sasl_plain_username": security.user,
            "sasl_plain_password": security.password,
        }
    return options
