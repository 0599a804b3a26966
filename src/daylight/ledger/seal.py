"""Seals: RFC 3161 time stamps over a signed head, asked for and verified. Pure: no file, no network.

A seal's imprint is the SHA-256 of the head's body. rfc3161-client checks signature and chain by
OpenSSL, at the time that the token states; here is checked what it leaves open: that the signer's
certificate is the one named *under* the signature (and no other that was put beside it,
GHSA-3xxc-pwj6-jgrj), that it may stamp times and nothing else, and that the time is possible.
Revocation is not checked: that would tell somebody else which token is looked at.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client.tsp import Accuracy, TimeStampTokenInfo

from daylight.errors import InputRefused, SealRefused
from daylight.ledger.token_parts import Signer, in_order, issuer_and_serial, signer_of

MAX_ANSWER = 1 << 16  # bytes; a token with its chain has 3,000 to 9,000
MAX_CERTIFICATES = 1 << 16  # bytes of a file of certificates
TOLERANCE = timedelta(minutes=5)  # between an authority's clock and ours
_GRANTED = 0
_SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_REFUSALS = {
    1: "it grants something else than was asked for",
    2: "it rejects the request",
    3: "it wants to be asked again later",
    4: "it warns that a revocation is near",
    5: "it tells of a revocation",
}


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom a token is believed for: ``policy`` is the one OID that it must bear, "" for any."""

    roots: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...] = ()
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """``der`` is sent; ``nonce`` (64 random bits) and ``imprint`` (32 bytes) must come back."""

    der: bytes
    nonce: int
    imprint: bytes


@dataclass(frozen=True, slots=True)
class Window:
    """Between which moments a token can honestly have been made, tolerance aside."""

    earliest: datetime
    latest: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """A verified answer. ``der``: the whole of it, as it came; ``accuracy``: None if not stated."""

    der: bytes
    gen_time: datetime
    accuracy: timedelta | None
    serial: int
    policy: str
    signer: str
    imprint: bytes


def imprint_of(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def request_for(body: bytes) -> Request:
    """A request for a seal on the head ``body``; it tells nothing but its hash."""
    built = TimestampRequestBuilder().data(body).hash_algorithm(HashAlgorithm.SHA256)
    asked = built.nonce(nonce=True).cert_request(cert_request=True).build()
    if asked.nonce is None:
        raise AssertionError("a request bears a nonce")
    return Request(asked.as_bytes(), asked.nonce, imprint_of(body))


def to_pem(certificates: bytes) -> bytes:
    """One certificate in DER, as many authorities hand out their root, as PEM; all else as it is."""
    try:
        return x509.load_der_x509_certificate(certificates).public_bytes(Encoding.PEM)
    except ValueError:
        return certificates


def trust_of(pem: bytes, policy: str = "") -> Trust:
    """The certificates of a PEM file; those that signed themselves are its roots.

    ``InputRefused`` for what is no such file, or holds no root.
    """
    try:
        held = x509.load_pem_x509_certificates(pem[:MAX_CERTIFICATES])
        roots = tuple(one for one in held if _is_root(one))
        if policy:
            x509.ObjectIdentifier(policy)
    except (ValueError, TypeError) as error:
        raise InputRefused(
            "the file holds no certificates in PEM, or the policy is no OID"
        ) from error
    if not roots:
        raise InputRefused("the file lacks the authority's root: the certificate that signs itself")
    return Trust(roots, tuple(one for one in held if one not in roots), policy)


def verify_answer(answer: bytes, request: Request, trust: Trust, window: Window) -> Token:
    """The token in the answer to ``request``. ``SealRefused`` unless everything holds."""
    with _form():
        nonce = _read(answer).tst_info.nonce
    if nonce != request.nonce:
        raise SealRefused("nonce", "it answers another request")
    return verify_token(answer, request.imprint, trust, window)


def verify_token(answer: bytes, imprint: bytes, trust: Trust, window: Window) -> Token:
    """An answer that was kept, verified again; its nonce is not known any more.

    ``imprint``: 32 bytes. ``SealRefused`` unless everything holds.
    """
    with _form():
        read = _read(answer)
        said, inside = read.tst_info, [*read.signed_data.certificates]
        signer = signer_of(answer)
        _check_imprint(said, imprint)
        certificate = _signer(signer, inside)
        _check_usage(certificate)
        _check_chain(_alone(answer, certificate, inside), certificate, trust, imprint)
        if trust.policy and said.policy.dotted_string != trust.policy:
            raise SealRefused("policy", f"it was made under the policy {said.policy.dotted_string}")
        _check_time(said.gen_time, window)
        return Token(
            der=answer,
            gen_time=said.gen_time.astimezone(UTC),
            accuracy=_span(said.accuracy),
            serial=said.serial_number,
            policy=said.policy.dotted_string,
            signer=certificate.subject.rfc4514_string(),
            imprint=imprint,
        )


@contextmanager
def _form() -> Iterator[None]:
    """What the readers of hostile bytes raise becomes ``SealRefused``."""
    try:
        yield
    except (ValueError, LookupError, TypeError, OverflowError) as error:
        raise SealRefused("form", "it is no time-stamp answer of the form of RFC 3161") from error


def _read(answer: bytes) -> TimeStampResponse:
    if len(answer) > MAX_ANSWER:
        raise SealRefused("form", f"it is larger than {MAX_ANSWER} bytes")
    read = decode_timestamp_response(in_order(answer))
    if read.status != _GRANTED:
        why = _REFUSALS.get(read.status, "it answers with an unknown status")
        raise SealRefused("status", why)
    return read


def _check_imprint(said: TimeStampTokenInfo, imprint: bytes) -> None:
    over = said.message_imprint
    if over.hash_algorithm != _SHA256 or over.message != imprint:
        raise SealRefused("imprint", "it seals something else than this head")


def _signer(signer: Signer, inside: Iterable[bytes]) -> x509.Certificate:
    """The one certificate that the signature names; no second one may claim its place."""
    whose = (signer.issuer, signer.serial)
    claiming = [one for one in inside if issuer_and_serial(one) == whose]
    if not claiming:
        raise SealRefused("signer", "the answer lacks the signer's certificate")
    if len(claiming) > 1:
        raise SealRefused("signer", f"{len(claiming)} certificates claim to be the signer's")
    if not all(one.names(claiming[0]) for one in signer.named):
        raise SealRefused("signer", "the certificate is not the one that the signature names")
    return x509.load_der_x509_certificate(claiming[0])


def _alone(
    answer: bytes, certificate: x509.Certificate, inside: Iterable[bytes]
) -> TimeStampResponse:
    """The answer without what OpenSSL, which compares names loosely, might take for the signer's.

    (To tell the library which it is would put that certificate among the trusted ones, where one
    that signed itself is a root.)
    """
    own = certificate.public_bytes(Encoding.DER)
    serial = issuer_and_serial(own)[1]
    others = {one for one in inside if one != own and issuer_and_serial(one)[1] == serial}
    return decode_timestamp_response(in_order(answer, others))


def _check_usage(certificate: x509.Certificate) -> None:
    """RFC 3161 2.3: time stamping, critical, and nothing else."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound as error:
        raise SealRefused("usage", "the signer may not stamp times") from error
    if [*usage.value] != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise SealRefused("usage", "the signer may do other things than stamp times")
    if not usage.critical:
        raise SealRefused("usage", "the signer's purpose is not marked critical")


def _check_chain(
    read: TimeStampResponse, certificate: x509.Certificate, trust: Trust, imprint: bytes
) -> None:
    """Signature and chain, by OpenSSL, as of the time that the token states."""
    when = read.tst_info.gen_time
    if not certificate.not_valid_before_utc <= when <= certificate.not_valid_after_utc:
        raise SealRefused("expired", "the signer's certificate was not valid at the time stated")
    verifier = VerifierBuilder(roots=[*trust.roots], intermediates=[*trust.intermediates]).build()
    try:
        verifier.verify(read, imprint)
    except VerificationError as error:
        raise SealRefused(
            "chain", "no chain of valid certificates leads from its signature to the root"
        ) from error


def _check_time(stated: datetime, window: Window) -> None:
    if stated > window.latest + TOLERANCE:
        raise SealRefused("time", "it states a time to come; is this machine's clock right?")
    if stated < window.earliest - TOLERANCE:
        raise SealRefused(
            "time", "it states a time before the head was signed; is this machine's clock right?"
        )


def _is_root(certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(certificate)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _span(accuracy: Accuracy | None) -> timedelta | None:
    if accuracy is None:
        return None
    return timedelta(
        seconds=accuracy.seconds or 0,
        milliseconds=accuracy.millis or 0,
        microseconds=accuracy.micros or 0,
    )
