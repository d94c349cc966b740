"""Time stamp of a bundle by RFC 3161: an authority signs when the manifest existed.

Needs the extra `timestamp` of the package. The user names the authority to ask, and for checking the
certificates to trust; none is built in.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from models.time import to_text
from streams.evidence.errors import EvidenceError

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

_MISSING: Final = "time stamps need the package rfc3161-client: `pip install rfc3161-client`"
_SECONDS: Final = 30.0
_LARGEST: Final = 1 << 20
_QUERY: Final = "application/timestamp-query"
_REPLY: Final = "application/timestamp-reply"
"""Media types of RFC 3161, section 3.4."""
_HASHES: Final = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
"""By the identifier of the hash (RFC 5754, section 2)."""


class MissingLibrary(EvidenceError):
    """The extra is not installed."""


def stamp(manifest: bytes, url: str) -> bytes:
    """The answer of the authority at this URL to the SHA-256 of the manifest.

    Raises EvidenceError where it can't be had, or is not about this manifest.
    """
    import httpx

    library = _library()
    request = library.TimestampRequestBuilder().data(manifest)
    query = request.hash_algorithm(library.HashAlgorithm.SHA256).build()
    try:
        with httpx.Client(timeout=_SECONDS) as client:
            headers = {"Content-Type": _QUERY, "Accept": _REPLY}
            answer = client.post(url, content=query.as_bytes(), headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        what = str(error) or type(error).__name__
        raise EvidenceError(f"{url}: no time stamp ({what}); check the URL of the authority") from None
    if answer.status_code != httpx.codes.OK or len(answer.content) > _LARGEST:
        raise EvidenceError(
            f"{url}: no time stamp: it answered {answer.status_code}; check the URL of the authority"
        )
    told = _decoded(answer.content, url)
    if told.status not in (0, 1):  # granted, granted with modifications
        said = f" ({', '.join(told.status_string)})" if told.status_string else ""
        raise EvidenceError(f"{url}: the authority refused{said}; ask another one")
    if not _is_about(told, manifest) or told.tst_info.nonce != query.nonce:
        raise EvidenceError(f"{url}: its time stamp is of something else; ask another authority")
    return answer.content


def time_of(answer: bytes, manifest: bytes, authorities: Path | None) -> str:
    """When the authority saw this manifest, as text, and whether its signature was checked.

    `authorities` is a PEM file of certificates to trust: without it the signature is not checked. Raises
    EvidenceError where the stamp is of something else, or its signature is not good.
    """
    told = _decoded(answer, "SHA256SUMS.tsr")
    if told.status not in (0, 1) or not _is_about(told, manifest):
        raise EvidenceError("SHA256SUMS.tsr: the time stamp is not of this manifest")
    time = to_text(int(told.tst_info.gen_time.timestamp()) * 1000)
    if authorities is None:
        return f"{time}, signature not checked: name the certificates of the authority with --authority"
    _check_signature(told, manifest, authorities)
    return f"{time}, signed by a certificate that {authorities} vouches for"


def _check_signature(told: "TimeStampResponse", manifest: bytes, authorities: Path) -> None:
    from cryptography import x509

    library = _library()
    try:
        roots = x509.load_pem_x509_certificates(authorities.read_bytes())
    except (OSError, ValueError) as error:
        raise EvidenceError(
            f"{authorities}: can't be read ({error}); give certificates to trust, as PEM"
        ) from None
    builder: Any = library.VerifierBuilder()
    for root in dict.fromkeys(roots):
        builder = builder.add_root_certificate(root)
    try:
        builder.build().verify_message(told, manifest)
    except (library.VerificationError, ValueError) as error:
        raise EvidenceError(
            f"SHA256SUMS.tsr: the signature of the time stamp is not good ({error})"
        ) from None


def _decoded(answer: bytes, where: str) -> "TimeStampResponse":
    try:
        return _library().decode_timestamp_response(answer)  # type: ignore[no-any-return]
    except ValueError as error:
        raise EvidenceError(f"{where}: is no time stamp ({error})") from None


def _is_about(told: "TimeStampResponse", manifest: bytes) -> bool:
    imprint = told.tst_info.message_imprint
    name = _HASHES.get(imprint.hash_algorithm.dotted_string)
    return name is not None and hashlib.new(name, manifest).digest() == imprint.message


def _library() -> Any:
    try:
        import rfc3161_client
    except ImportError:
        raise MissingLibrary(_MISSING) from None
    return rfc3161_client
