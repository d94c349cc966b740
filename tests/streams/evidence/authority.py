"""A time-stamping authority on this machine, for tests: openssl answers, with certificates made for it."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.waiting import PATIENCE

_CONFIG: Final = """
[tsa]
default_tsa = own
[own]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
"""


class Authority:
    """`url` gives time stamps, `certificate` is the PEM file to trust. `refuse` makes it answer with 500."""

    def __init__(self, folder: Path, name: str = "Authority") -> None:
        self.certificate = folder / "root.pem"
        self.refuse = False
        self.url = ""
        self._folder = folder
        (folder / "tsa.cnf").write_text(_CONFIG)
        (folder / "serial").write_text("01")
        _certify(folder, name)

    def answer(self, query: bytes) -> bytes:
        (self._folder / "query").write_bytes(query)
        words = "openssl ts -reply -config tsa.cnf -queryfile query -signer tsa.pem -inkey tsa.key -out reply"
        subprocess.run(words.split(), cwd=self._folder, check=True, capture_output=True, timeout=PATIENCE)
        return (self._folder / "reply").read_bytes()


@contextmanager
def serving(authority: Authority) -> Iterator[None]:
    """Answer at `authority.url`, on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/timestamp-query"
            query = self.rfile.read(int(self.headers["Content-Length"]))
            answer = b"" if authority.refuse else authority.answer(query)
            self.send_response(500 if authority.refuse else 200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        authority.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def _certify(folder: Path, name: str) -> None:
    """Write a root certificate, and one that may sign time stamps, with its key."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, own_name = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, f"{name}, stamps")
    )
    now = datetime.now(UTC)

    def builder(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return x509.CertificateBuilder(
            root_name, subject, public, x509.random_serial_number(), now - timedelta(1), now + timedelta(1)
        )

    root = builder(root_name, root_key.public_key())
    root = root.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    own = builder(own_name, key.public_key())
    own = own.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    own = own.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    for file, made in (("root.pem", root), ("tsa.pem", own)):
        signed = made.sign(root_key, hashes.SHA256())
        (folder / file).write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "tsa.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
