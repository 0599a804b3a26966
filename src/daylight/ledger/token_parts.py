"""What a time-stamp answer (RFC 3161) holds that rfc3161-client does not show: signed attributes.

The certificate that a signer names in the signed attributes (ESSCertID, RFC 2634 and RFC 5816) is
under the signature; issuer and serial number in ``SignerInfo`` and the set of certificates are not.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from daylight.ledger import der
from daylight.ledger.der import Value

# OBJECT IDENTIFIERs as DER has them.
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
_CONTENT_TYPE = bytes.fromhex("06092a864886f70d010903")
_ESS_V1 = bytes.fromhex("060b2a864886f70d010910020c")
_ESS_V2 = bytes.fromhex("060b2a864886f70d010910022f")
_HASHES = {
    bytes.fromhex("0609608648016503040201"): "sha256",
    bytes.fromhex("0609608648016503040202"): "sha384",
    bytes.fromhex("0609608648016503040203"): "sha512",
}


@dataclass(frozen=True, slots=True)
class CertificateId:
    """The hash by which a signer names its certificate."""

    algorithm: str
    digest: bytes

    def names(self, certificate: bytes) -> bool:
        """Whether it is the hash of ``certificate`` (DER)."""
        return hashlib.new(self.algorithm, certificate).digest() == self.digest


@dataclass(frozen=True, slots=True)
class Signer:
    """``issuer`` and ``serial``: of the certificate, as DER. ``named``: one to two hashes of it."""

    issuer: bytes
    serial: bytes
    named: tuple[CertificateId, ...]


def in_order(response: bytes, without: Collection[bytes] = ()) -> bytes:
    """The same answer, its certificates in the order that DER asks of a set; some left out.

    Some authorities send theirs from the leaf upwards, and strict readers refuse that. The set is
    not under the signature, so that nothing is lost by sorting it. An answer without a token (a
    refusal) is handed back as it is. ``ValueError`` for what is no answer.
    """
    if len(der.parse(response).expect(der.SEQUENCE).parts()) == 1:
        return response
    status, token = _response(response)
    oid, wrapper = token.parts()
    (signed_data,) = wrapper.parts()
    parts = [
        _sorted(one, without) if one.tag == der.FIRST else one.whole for one in signed_data.parts()
    ]
    wrapped = der.encode(der.FIRST, [der.encode(der.SEQUENCE, parts)])
    return der.encode(der.SEQUENCE, [status.whole, der.encode(der.SEQUENCE, [oid.whole, wrapped])])


def signer_of(response: bytes) -> Signer:
    """The one signer of the token. ``ValueError`` or ``LookupError`` if it is malformed."""
    _, token = _response(response)
    signed_data = token.parts()[1].parts()[0].parts()
    if signed_data[2].parts()[0].whole != _TST_INFO:
        raise ValueError("what is signed is no time stamp")
    (info,) = signed_data[-1].expect(der.SET).parts()
    _, identifier, digest, attributes = info.expect(der.SEQUENCE).parts()[:4]
    issuer, serial = identifier.expect(der.SEQUENCE).parts()
    if digest.parts()[0].whole not in _HASHES:
        raise ValueError("it is signed over a hash that is no longer safe")
    return Signer(issuer.whole, serial.whole, _named(attributes.expect(der.FIRST)))


def issuer_and_serial(certificate: bytes) -> tuple[bytes, bytes]:
    """Both as they stand in a certificate (DER), each in DER."""
    parts = der.parse(certificate).parts()[0].parts()
    if parts[0].tag == der.FIRST:  # the version, which may be left out
        parts = parts[1:]
    return parts[2].whole, parts[0].whole


def _response(response: bytes) -> tuple[Value, Value]:
    status, token = der.parse(response).expect(der.SEQUENCE).parts()
    oid, wrapper = token.expect(der.SEQUENCE).parts()
    if oid.whole != _SIGNED_DATA or len(wrapper.expect(der.FIRST).parts()) != 1:
        raise ValueError("the token is no signed data")
    return status, token


def _sorted(certificates: Value, without: Collection[bytes]) -> bytes:
    held = {one.whole for one in certificates.parts()}
    return der.encode(der.FIRST, sorted(held.difference(without)))


def _named(attributes: Value) -> tuple[CertificateId, ...]:
    values: dict[bytes, Value] = {}
    for one in attributes.parts():
        kind, held = one.expect(der.SEQUENCE).parts()
        if kind.whole in values:
            raise ValueError("a signed attribute stands there twice")
        (values[kind.whole],) = held.expect(der.SET).parts()
    if values[_CONTENT_TYPE].whole != _TST_INFO:
        raise ValueError("the signature is not over a time stamp")
    found = [_certificate_id(values[kind], kind) for kind in (_ESS_V1, _ESS_V2) if kind in values]
    if not found:
        raise ValueError("the signer does not name its certificate under the signature")
    return tuple(found)


def _certificate_id(attribute: Value, kind: bytes) -> CertificateId:
    """The first is the signer's (RFC 2634 5.4)."""
    parts = attribute.parts()[0].parts()[0].parts()
    algorithm = "sha1" if kind == _ESS_V1 else "sha256"
    if kind == _ESS_V2 and parts[0].tag == der.SEQUENCE:
        algorithm = _HASHES[parts.pop(0).parts()[0].whole]
    return CertificateId(algorithm, parts[0].expect(der.OCTETS).content)
