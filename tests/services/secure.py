"""Kafka and Redis that let nobody in without TLS and a password, with certificates made for the test.

Both have a user for each program, which may do what `streams/deployment/rights.py` says and nothing else, and
one without any right in the deployment.
"""

import asyncio
import socket
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest

from streams.deployment.rights import Operation, Right, redis_rules, rights
from streams.deployment.topics import Topics
from tests.services.kafka import PROPERTIES, KafkaServer, _serves
from tests.services.redis import RedisServer
from tests.services.server import HOST, ServiceError, free_port
from tests.unsaid import PASSWORD

PREFIX: Final = "locked."
"""Of the deployment."""
FOREIGN: Final = "foreign"
"""The user who may do nothing in it."""
_RESOURCES: Final = {"topic": 2, "group": 3}
_OPERATIONS: Final = {Operation.READ: 3, Operation.WRITE: 4, Operation.CREATE: 5, Operation.DESCRIBE: 8}
_ALLOW: Final = 3
_LITERAL: Final = 3
"""Numbers of Kafka's protocol."""


def user_of(program: str) -> str:
    """The user that has the rights of this program."""
    return program.removesuffix(":").replace(" ", "-")


class Certificates:
    """An authority, and a certificate for 127.0.0.1 that it has signed, for servers and clients."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.ca, self.chain, self.key = folder / "ca.pem", folder / "server.pem", folder / "server.key"
        ca_key, request, more = folder / "ca.key", folder / "server.csr", folder / "more.cnf"
        more.write_text(
            f"subjectAltName=IP:{HOST}\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
            "extendedKeyUsage=serverAuth,clientAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        )
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        _openssl(
            "req", "-x509", *curve, "-keyout", ca_key, "-out", self.ca, "-days", "2",
            "-subj", "/CN=authority", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip
        _openssl("req", *curve, "-keyout", self.key, "-out", request, "-subj", f"/CN={HOST}")
        _openssl(
            "x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "2",
            "-extfile", more, "-out", self.chain,
        )  # fmt: skip
        self.both = folder / "both.pem"  # as Kafka wants it
        self.both.write_text(self.key.read_text() + self.chain.read_text())
        self.locked = folder / "locked.key"
        _openssl(
            "pkcs8", "-topk8", "-in", self.key, "-out", self.locked, "-v2", "aes256",
            "-passout", f"pass:{PASSWORD}",
        )  # fmt: skip


def _openssl(*arguments: str | Path) -> None:
    try:
        done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    except FileNotFoundError:
        raise ServiceError("openssl is not installed; it makes the certificates of the tests") from None
    if done.returncode:
        raise ServiceError(f"openssl failed: {done.stderr}")


class SecureKafkaServer(KafkaServer):
    """A listener with TLS and SASL for clients, which asks for their certificates; and a plain one that the
    broker itself uses."""

    def __init__(self, folder: Path, certificates: Certificates) -> None:
        super().__init__(folder)
        self._inner, self._certificates = free_port(), certificates

    @property
    def inner(self) -> str:
        """Where it asks nobody who he is."""
        return f"{HOST}:{self._inner}"

    def _prepare(self) -> None:
        users = [FOREIGN, *map(user_of, rights(Topics(PREFIX)))]
        user = " ".join(("required", *(f'user_{name}="{PASSWORD}"' for name in users))) + ";"
        login = "org.apache.kafka.common.security"
        text = PROPERTIES.replace("BROKER:PLAINTEXT", "BROKER:SASL_SSL,INNER:PLAINTEXT")
        text = text.replace("//{host}:{port}", "//{host}:{port},INNER://{host}:{inner}")
        text = text.replace("broker.listener.name=BROKER", "broker.listener.name=INNER")
        self._properties.write_text(
            text.format(
                host=HOST, port=self.port, inner=self._inner, controller=self._controller, folder=self.folder
            )
            + "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n"
            "super.users=User:ANONYMOUS\n"  # who comes by the plain listener
            "listener.name.broker.ssl.keystore.type=PEM\n"
            f"listener.name.broker.ssl.keystore.location={self._certificates.both}\n"
            "listener.name.broker.ssl.client.auth=required\n"
            "listener.name.broker.ssl.truststore.type=PEM\n"
            f"listener.name.broker.ssl.truststore.location={self._certificates.ca}\n"
            "listener.name.broker.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512\n"
            f"listener.name.broker.plain.sasl.jaas.config={login}.plain.PlainLoginModule {user}\n"
            f"listener.name.broker.scram-sha-256.sasl.jaas.config={login}.scram.ScramLoginModule required;\n"
            f"listener.name.broker.scram-sha-512.sasl.jaas.config={login}.scram.ScramLoginModule required;\n"
        )
        if (self.folder / "data" / "meta.properties").exists():
            return
        scram = [
            part
            for kind in ("SCRAM-SHA-256", "SCRAM-SHA-512")
            for name in users
            for part in ("--add-scram", f"{kind}=[name={name},password={PASSWORD}]")
        ]
        self._format(*scram)

    def _ready(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), timeout=1).close()
        except OSError:
            return False
        answer: list[bool] = []
        thread = threading.Thread(target=lambda: answer.append(asyncio.run(self._open())))
        thread.start()
        thread.join()
        return answer == [True]

    async def _open(self) -> bool:
        """Whether it serves; if so, every program has its rights."""
        if not await _serves(self.inner):
            return False
        admin = AIOKafkaAdminClient(bootstrap_servers=self.inner)
        try:
            await admin.start()
            for program, given in rights(Topics(PREFIX)).items():
                for right in given:
                    for operation in right.operations:
                        one = _as_acl(program, right, operation)
                        answer = await admin._send_request(CreateAclsRequest(*one))
                        assert [code for code, _ in answer.creation_responses] == [0], answer
        finally:
            await admin.close()
        return True


def _as_acl(program: str, right: Right, operation: Operation) -> tuple[object, ...]:
    what = (_RESOURCES[right.resource], right.name, _LITERAL)
    return *what, f"User:{user_of(program)}", "*", _OPERATIONS[operation], _ALLOW


@asynccontextmanager
async def without(inner: str, program: str, right: Right, operation: Operation) -> AsyncIterator[None]:
    """A program has not got this one of its rights; `inner` is where Kafka asks nobody who he is."""
    one = _as_acl(program, right, operation)
    admin = AIOKafkaAdminClient(bootstrap_servers=inner)
    await admin.start()
    try:
        taken = await admin._send_request(DeleteAclsRequest(*one))
        assert len(taken.filter_responses[0][2]) == 1, taken
        yield
        await admin._send_request(CreateAclsRequest(*one))
    finally:
        await admin.close()


class SecureRedisServer(RedisServer):
    def __init__(self, folder: Path, certificates: Certificates) -> None:
        super().__init__(folder)
        self._certificates = certificates

    @property
    def url(self) -> str:
        return f"rediss://{self.address}/0"

    def _prepare(self) -> None:
        users = {FOREIGN: ("~other:*", "+@all"), **redis_rules(PREFIX)}
        lines = (
            f"user {user_of(program)} on >{PASSWORD} &* {' '.join(rules)}\n"
            for program, rules in users.items()
        )
        (self.folder / "users.acl").write_text("user default off\n" + "".join(lines))

    def _command(self) -> list[str]:
        command = super()._command()
        command[command.index("--port")] = "--tls-port"
        made = self._certificates
        return [
            *command, "--port", "0", "--tls-cert-file", str(made.chain), "--tls-key-file", str(made.key),
            "--tls-ca-cert-file", str(made.ca), "--tls-auth-clients", "no",
            "--aclfile", str(self.folder / "users.acl"),
        ]  # fmt: skip

    def _ready(self) -> bool:
        context = ssl.create_default_context(cafile=str(self._certificates.ca))
        try:
            with (
                socket.create_connection((HOST, self.port), timeout=1) as plain,
                context.wrap_socket(plain, server_hostname=HOST) as connection,
            ):
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"-NOAUTH")
        except OSError:
            return False
